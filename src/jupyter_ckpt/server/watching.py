"""Telling the pages what changed: a look at the known stores about once a second, while anybody asks for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.server.known_stores import KnownStores
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.store.index import Changes

SCHEMA_FILE = Path(__file__).parent / "changed.yaml"
SCHEMA_ID = "https://jupyter-ckpt.org/events/changed/v1"
WATCH_FOR_S = 30.0
EVERY_S = 1.0
_SLOWER = 5
"""A look that takes a second is taken every five: never more than a fifth of the time. (One usually takes 1 ms.)"""
_MOST_RUNS = 200


class Watcher:
    """Looks at the stores and emits events; all methods are called on the event loop but `changed`.

    Parameters
    ----------
    known : KnownStores
        Those that are open are watched.
    events : EventLogger or None
        The server's; None when it has none.
    log : Logger
        The server's.
    """

    def __init__(self, known: KnownStores, events: Any, log: logging.Logger) -> None:
        self._known = known
        self._events = events
        self._log = log
        self._until = float("-inf")
        self._count = 0
        self._boot = secrets.token_hex(4)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def token(self) -> str:
        """Another one after each change that was noticed."""
        return f"{self._boot}-{self._count}"

    @property
    def watching(self) -> bool:
        """True while a page has asked for changes lately."""
        return time.monotonic() < self._until

    def beat(self) -> None:
        """A page asks for changes: watch for another while."""
        self._until = time.monotonic() + WATCH_FOR_S
        for store in self._known.opened():
            self._attend(store)

    def _attend(self, store: OpenStore) -> None:
        task = self._tasks.get(store.id)
        if task is None or task.done():
            self._tasks[store.id] = asyncio.get_running_loop().create_task(self._watch(store))

    async def _watch(self, store: OpenStore) -> None:
        while self.watching:
            started = time.monotonic()
            try:
                await store.workers.run(store.look, fresh=True)
            except (CkptError, OSError) as error:
                self._log.debug("jupyter_ckpt: %s cannot be watched: %s", store.path, error)
            took = time.monotonic() - started
            await asyncio.sleep(max(EVERY_S, took * _SLOWER))

    def changed(self, store: OpenStore, changes: Changes) -> None:
        """Something was found changed; may be called from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it was closed just now: nobody listens any more
                loop.call_soon_threadsafe(self._emit, store, changes)

    def listen_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which events are emitted."""
        self._loop = loop

    def stop(self) -> None:
        """The server stops."""
        self._until = float("-inf")
        for task in self._tasks.values():
            task.cancel()

    def _emit(self, store: OpenStore, changes: Changes) -> None:
        self._count += 1
        for kind in ("saved", "changed"):
            runs = sorted(run for run, what in changes.items() if what == kind)
            if runs and self._events is not None:
                data = {"store": store.id, "runs": runs[:_MOST_RUNS], "kind": kind}
                self._events.emit(schema_id=SCHEMA_ID, data=data)
