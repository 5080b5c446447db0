"""The stores, the volumes they could be on, and choosing one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.errors import CkptError, UsageProblem
from jupyter_ckpt.server.known_stores import Known, KnownStores
from jupyter_ckpt.server.problems import Refused, message_of
from jupyter_ckpt.server.route import Route
from jupyter_ckpt.server.shapes import silent_store_of, store_of
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.startup import notice_for
from jupyter_ckpt.session.store_choice import check_no_safer, choose_store
from jupyter_ckpt.session.store_session import StoreSession
from jupyter_ckpt.volumes import Candidate, assess, candidates

_STORE_S = 4.0
"""How long one store may hold up the list of all."""


class StoresRoute(Route):
    """The known stores."""

    path = "stores"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """All of them; one whose volume gives no answer is listed as that."""
        notebook = self.text("notebook")
        known = await self.app.machine.run(self.app.known.all, notebook)
        stores = await asyncio.gather(*(describe(one) for one in known))
        self.answers({"current": known[0].store.id if known else None, "stores": stores})


async def describe(known: Known) -> dict[str, Any]:
    """IStore within a few seconds."""
    try:
        return await known.store.workers.within(_STORE_S, store_of, known)
    except (CkptError, OSError) as error:
        return silent_store_of(known, message_of(error))


class StorageRoute(Route):
    """What a notebook's folder and this machine's volumes survive."""

    path = "storage"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """The store of a notebook, the notice, the volumes."""
        self.answers(await self._report(self.text("notebook")))

    @tornado.web.authenticated
    @authorized
    async def put(self) -> None:
        """Choose the store of a notebook, as ``%ckpt storage use`` does."""
        self.counts()
        asked = self.body({"notebook": str, "path": str}, {"force": bool})
        origin = self.app.places.origin(asked["notebook"])
        await self.app.machine.run(choose, self.app.known, origin, asked["path"], asked.get("force", False))
        self.answers(await self._report(asked["notebook"]))

    async def _report(self, notebook: str | None) -> dict[str, Any]:
        origin = self.app.places.origin(notebook)
        known = await self.app.machine.run(self.app.known.all, notebook)
        store, notice, volumes = await asyncio.gather(
            describe(known[0]),
            self.app.machine.run(notice_of, origin),
            self.app.machine.run(candidates, origin.folder),
        )
        return {"store": store, "notice": notice, "volumes": [volume_of(one) for one in volumes]}


def notice_of(origin: Origin) -> dict[str, Any] | None:
    """The storage notice of a notebook's folder; None when there is nothing to say."""
    text = notice_for(origin)
    if not text:
        return None
    verdict = assess(origin.folder)
    return {"durability": verdict.durability.value, "folder": str(origin.folder), "text": text}


def volume_of(candidate: Candidate) -> dict[str, Any]:
    """One line of ``volumes``."""
    verdict = candidate.assessment
    return {
        "path": candidate.path,
        "mount_point": verdict.mount_point,
        "fstype": verdict.fstype,
        "durability": verdict.durability.value,
        "reason": verdict.reason,
        "why": candidate.why,
        "free": candidate.free_bytes if candidate.size_is_real else None,
        "total": candidate.total_bytes if candidate.size_is_real else None,
        "writable": candidate.writable,
    }


def choose(known: KnownStores, origin: Origin, path: str, force: bool) -> None:
    """Remember a store for a notebook; touches files.

    Raises
    ------
    UsageProblem
        When it is not on one of this machine's volumes, or cannot be a store.
    Refused
        When a safer volume is there and ``force`` was not given.
    StoreError
        When it cannot be made or remembered.
    """
    if not os.path.isabs(path) or any(ord(letter) < 32 for letter in path) or ".." in Path(path).parts:
        raise UsageProblem(f"{path[:80]!r} is not a folder's full path")
    ranked = candidates(origin.folder)
    real = os.path.realpath(path)
    if not any(Path(real).is_relative_to(os.path.realpath(one.path)) for one in ranked):
        raise UsageProblem(f"{path[:200]} is on none of the volumes that are offered: GET storage lists them")
    if not force:
        choice = choose_store(path, origin)
        try:
            check_no_safer(choice, ranked)
        except UsageProblem as error:
            raise Refused(str(error)) from error
    StoreSession(origin=origin).use_storage(path, force=True)
    known.forget_choices()


ROUTES = (StoresRoute, StorageRoute)
