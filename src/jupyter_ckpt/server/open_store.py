"""One store as the server holds it: its listing in memory, its threads, and what was read of its journals."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from jupyter_ckpt.errors import StoreError, UnknownName, UsageProblem
from jupyter_ckpt.server.measured import Measurements
from jupyter_ckpt.server.work import Workers
from jupyter_ckpt.session.looking import pick_metric
from jupyter_ckpt.store.catalog import close_matches
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.index import Changes, IndexedRun, Snapshot, StoreIndex
from jupyter_ckpt.store.layout import store_id
from jupyter_ckpt.store.metric_mode import Mode
from jupyter_ckpt.store.prune import last_policy
from jupyter_ckpt.volumes import Assessment, assess

T = TypeVar("T")
_ASSESSED_FOR_S = 60.0
_ANSWERS = 12
_FRESH_S = 0.25
"""A page asks for runs, rows and a chart at once: one look at the files serves them all."""


class OpenStore:
    """A store that is being looked at. What touches files is called through `workers`.

    Parameters
    ----------
    path : Path
        Absolute.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = store_id(path)
        self.workers = Workers(str(path))
        self.index = StoreIndex(path, _metric_of)
        self.measurements = Measurements()
        self.on_change: Callable[[OpenStore, Changes], None] | None = None
        """Called from any thread with what a look at the files found changed."""
        self._looked = float("-inf")
        self._assessed: tuple[float, Assessment] | None = None
        self._answering = threading.Lock()
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._answers_of = 0

    def look(self, *, fresh: bool = False) -> Snapshot:
        """The store as it is now (or was a quarter of a second ago).

        Raises
        ------
        StoreError
            When it cannot be listed.
        """
        known = self.index.snapshot
        started = time.monotonic()
        if known is not None and not fresh and started - self._looked < _FRESH_S:
            return known
        snapshot, changes = self.index.refresh()
        self._looked = started
        if changes and self.on_change is not None:
            self.on_change(self, changes)
        return snapshot

    def answer(self, snapshot: Snapshot, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` returns for a snapshot; the last few are kept, for paging asks the same again."""
        with self._answering:
            if self._answers_of != snapshot.number:
                self._answers.clear()
                self._answers_of = snapshot.number
            found: T | None = self._answers.get(key)
        if found is None:
            found = make()
            with self._answering:
                if self._answers_of == snapshot.number:
                    self._answers[key] = found
                    while len(self._answers) > _ANSWERS:
                        self._answers.popitem(last=False)
        return found

    def run(self, run: str) -> IndexedRun:
        """One run.

        Raises
        ------
        UnknownName
            When there is no such run; with names close to it.
        """
        snapshot = self.look()
        found = snapshot.runs.get(run) or self.look(fresh=True).runs.get(run)
        if found is None:
            raise UnknownName(f"no run {run[:80]!r} in {self.path}{close_matches(run, snapshot.runs)}")
        return found

    def checkpoint(self, run: str, name: str) -> Checkpoint:
        """One checkpoint by its exact names.

        Raises
        ------
        UnknownName
            When there is no such one; with names close to it.
        """
        there = self.run(run)
        for one in there.checkpoints:
            if one.name == name:
                return one
        for one in self.run_now(run).checkpoints:
            if one.name == name:
                return one
        names = [one.name for one in there.checkpoints]
        raise UnknownName(f"no checkpoint {name[:80]!r} in run {run}{close_matches(name, names)}")

    def run_now(self, run: str) -> IndexedRun:
        """`run` after a look at the files."""
        self.look(fresh=True)
        return self.run(run)

    def assessment(self) -> Assessment:
        """What the store's volume survives; asked again after a minute."""
        now = time.monotonic()
        if self._assessed is None or now - self._assessed[0] > _ASSESSED_FOR_S:
            self._assessed = (now, assess(self.path))
        return self._assessed[1]


def _metric_of(folder: Path, checkpoints: Sequence[Checkpoint]) -> tuple[str, Mode] | None:
    policy = None
    with contextlib.suppress(StoreError, UsageProblem):
        policy = last_policy(folder)
    try:
        metric, mode, _ = pick_metric(checkpoints, policy)
    except UsageProblem:
        return None
    return metric, mode
