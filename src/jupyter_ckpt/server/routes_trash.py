"""The trash: what lies in it, and bringing it back."""

from __future__ import annotations

import contextlib
from typing import Any

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.server.details import row
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.route import Route
from jupyter_ckpt.server.shapes import trash_row_of
from jupyter_ckpt.store.trash import list_trash, named_by_journal, untrash

_MOST = 1000


class TrashRoute(Route):
    """What can still be brought back."""

    path = "trash"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """The newest first."""
        store = await self.store()
        self.answers({"entries": await self.on(store, trash_rows, store)})


def trash_rows(store: OpenStore) -> list[dict[str, Any]]:
    """The entries of GET trash."""
    entries = [one for one in list_trash(store.path) if one.record is not None and one.size]
    entries = entries[::-1][:_MOST]
    events: dict[str, Any] = {}
    for run in {entry.run for entry in entries}:
        with contextlib.suppress(StoreError):  # without its journal one does not know why
            events[run] = named_by_journal(store.path / run)
    return [trash_row_of(entry, events.get(entry.run, {}).get(entry.name)) for entry in entries]


class RestoreRoute(Route):
    """Undoing a removal."""

    path = "trash/{run}/{name}/restore"

    @tornado.web.authenticated
    @authorized
    async def post(self, run: str, name: str) -> None:
        """Bring a checkpoint back."""
        self.counts()
        run, name = self.name(run, "run"), self.name(name, "checkpoint")
        self.body()
        store = await self.store()
        self.answers(await self.on(store, restore, store, run, name))


def restore(store: OpenStore, run: str, name: str) -> dict[str, Any]:
    """Bring it back; its row."""
    untrash(store.path / run, name)
    store.look(fresh=True)
    return row(store, store.checkpoint(run, name))


ROUTES = (TrashRoute, RestoreRoute)
