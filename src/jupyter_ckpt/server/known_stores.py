"""Which stores the page may look into: those that this user's kernels and settings name, and no other folder."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.server.looks import Looks
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.store_choice import STORE_VARIABLE, StoreChoice, choose_store
from jupyter_ckpt.session.store_memory import known_stores, user_file
from jupyter_ckpt.store.index import Changes

_CHOSEN_FOR_S = 300.0
_MOST = 100
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Known:
    """A store and how it came to be known: ``configured``, ``environment``, ``remembered``, ``found``, ``used``."""

    store: OpenStore
    how: str
    warnings: tuple[str, ...] = ()


class KnownStores:
    """The stores of this server. Methods that say so touch files: call them through a `Workers`.

    Parameters
    ----------
    places : Places
        The server's root folder.
    configured : sequence of str
        Stores named in the server's configuration.
    """

    def __init__(self, places: Places, configured: Sequence[str] = ()) -> None:
        self.places = places
        self._configured = [Path(os.path.abspath(os.path.expanduser(text))) for text in configured]
        self._open: dict[Path, OpenStore] = {}
        self._lock = threading.Lock()
        self._looks = Looks()
        self._choices: dict[str, tuple[float, object, StoreChoice]] = {}
        self.on_change: Callable[[OpenStore, Changes], None] | None = None
        """Given to each store that is opened; see `OpenStore.on_change`."""

    def opened(self) -> list[OpenStore]:
        """Those that were asked for since the server started; touches no file."""
        with self._lock:
            return list(self._open.values())

    def by_id(self, wanted: str) -> OpenStore | None:
        """One that is open already; touches no file.

        Raises
        ------
        UsageProblem
            When that is no store's id.
        """
        if not _ID.fullmatch(wanted):
            raise UsageProblem(f"{wanted[:80]!r} is not a store's id: GET stores lists them")
        return next((store for store in self.opened() if store.id == wanted), None)

    def find(self, wanted: str | None, notebook: str | None) -> OpenStore:
        """The store of that id; else the notebook's, else the first. Touches files.

        Raises
        ------
        UnknownName
            When there is no such store.
        UsageProblem
            When the id or the notebook's path is none.
        """
        if wanted is None:
            return self._store(self.choice(self.places.origin(notebook)).path)
        found = self.by_id(wanted)
        if found is None:
            self.all(notebook)
            found = self.by_id(wanted)
        if found is None:
            raise UnknownName(f"no store {wanted} is known here: GET stores lists those that are")
        return found

    def all(self, notebook: str | None = None) -> list[Known]:
        """Every known store, the notebook's first. Touches files."""
        found: dict[str, Known] = {}
        paths = list(dict.fromkeys(self._paths(notebook)))[:_MOST]
        self._looks.begin(path for path, _, _ in paths)
        for path, how, warnings in paths:
            seen = self._looks.end(path)
            if how == "used" and seen is not None and not seen.is_dir:
                continue  # one that is gone is of no use to anybody
            real = seen.real if seen is not None else str(path)  # one store under two names is one store
            if real not in found:
                found[real] = Known(self._store(path), how, warnings)
        return list(found.values())

    def choice(self, origin: Origin) -> StoreChoice:
        """What a kernel of that notebook takes for its store. Touches files.

        Kept for a few minutes, for finding out may write a small file to try a volume; a choice made meanwhile counts
        at once.

        Raises
        ------
        UsageProblem
            When ``JUPYTER_CKPT_STORE`` names no folder.
        """
        memory = (_stamp(user_file()), os.environ.get(STORE_VARIABLE))
        known = self._choices.get(origin.path)
        now = time.monotonic()
        if known is not None and now - known[0] < _CHOSEN_FOR_S and known[1] == memory:
            return known[2]
        choice = choose_store(None, origin)
        if len(self._choices) > _MOST:
            self._choices.clear()
        self._choices[origin.path] = (now, memory, choice)
        return choice

    def forget_choices(self) -> None:
        """The user chose another store."""
        self._choices.clear()

    def _paths(self, notebook: str | None) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
        origins = [self.places.origin(notebook)] if notebook is not None else []
        for origin in (*origins, self.places.origin(None)):
            choice = self.choice(origin)
            yield choice.path, choice.how, choice.warnings
        for path in self._configured:
            yield path, "configured", ()
        for path in known_stores():
            yield path, "used", ()

    def _store(self, path: Path) -> OpenStore:
        with self._lock:
            found = self._open.get(path)
            if found is None:
                found = self._open[path] = OpenStore(path)
                found.on_change = self.on_change
        return found


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
