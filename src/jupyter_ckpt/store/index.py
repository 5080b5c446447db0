"""A store's runs and checkpoints kept in memory, for a server that is asked again and again.

Files stay the truth: each `StoreIndex.refresh` asks the store which runs have a folder, journal or ``run.json`` of
another time or size than when they were read, and reads only those again. A file younger than its time stamp's
resolution may change without a sign, so runs that were touched just now are read once more until they have settled.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from jupyter_ckpt.store.catalog import Catalog, moment_of, run_of
from jupyter_ckpt.store.checkpoint import Checkpoint, Run
from jupyter_ckpt.store.journal import JOURNAL_FILE
from jupyter_ckpt.store.layout import RUN_FILE
from jupyter_ckpt.store.metric_mode import Mode
from jupyter_ckpt.store.record import CommitRecord
from jupyter_ckpt.store.record_cache import Key
from jupyter_ckpt.store.scan import RACY_NS, Damage, scan_run

Stamp = tuple[tuple[int, int, int] | None, ...]
MetricOf = Callable[[Path, Sequence[Checkpoint]], "tuple[str, Mode] | None"]
"""Which metric of a run ``best`` means, and its better direction."""


@dataclass(frozen=True)
class IndexedRun:
    """One run as last read; never changed afterwards.

    Parameters
    ----------
    run : Run
        As the catalog lists it.
    checkpoints : tuple of Checkpoint
        Newest first.
    damaged : tuple of (Path, str)
        What lies there and is no checkpoint.
    metric, mode : str or None
        What ``best`` means here.
    stamp : tuple
        Time, size and inode of its folder, journal and ``run.json`` when it was read.
    settled : bool
        Those are old enough that a later change would show.
    """

    run: Run
    checkpoints: tuple[Checkpoint, ...]
    damaged: tuple[Damage, ...] = ()
    metric: str | None = None
    mode: Mode | None = None
    stamp: Stamp = ()
    settled: bool = False
    is_run: bool = True
    summaries: Mapping[Key, CommitRecord] = field(default_factory=dict, repr=False, compare=False)

    @property
    def best(self) -> str | None:
        """Name of the best checkpoint by `metric`."""
        found = self.run.best.get(self.metric) if self.metric else None
        return found.name if found else None

    @cached_property
    def moment(self) -> float | None:
        """When it last saved or, without a checkpoint, was started; seconds since 1970."""
        return moment_of(self.run)

    def looks_like(self, other: IndexedRun) -> bool:
        """True when both would be shown alike."""
        return (self.checkpoints, self.damaged, self.run, self.metric, self.stamp[1:]) == (
            other.checkpoints,
            other.damaged,
            other.run,
            other.metric,
            other.stamp[1:],
        )


@dataclass(frozen=True)
class Snapshot:
    """The whole store at one moment.

    Parameters
    ----------
    number : int
        Counts up when something changed.
    runs : dict
        By id.
    damaged : tuple of (Path, str)
        Of the store and its runs.
    """

    number: int
    runs: Mapping[str, IndexedRun]
    damaged: tuple[Damage, ...] = ()

    def find(self, run: str, name: str) -> Checkpoint | None:
        """One checkpoint by its exact names."""
        there = self.runs.get(run)
        return next((c for c in there.checkpoints if c.name == name), None) if there else None


Changes = dict[str, str]
"""Run id → ``saved`` when it has a checkpoint that it did not have, else ``changed``."""


class StoreIndex:
    """What a store holds, read again only where it changed. Safe to use from several threads.

    Parameters
    ----------
    store : Path
        The store; one that does not exist (yet) is empty.
    metric_of : callable, optional
        See `MetricOf`; without it no run has a best checkpoint.
    """

    def __init__(self, store: Path, metric_of: MetricOf | None = None) -> None:
        self.store = store
        self._metric_of = metric_of
        self._lock = threading.Lock()
        self._runs: dict[str, IndexedRun] = {}
        self._snapshot: Snapshot | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """As last refreshed, without a look at the files; None before the first time."""
        return self._snapshot

    def refresh(self) -> tuple[Snapshot, Changes]:
        """Bring it up to date.

        Returns
        -------
        Snapshot, dict
            What is there now, and what is different from the time before (nothing at the first time).

        Raises
        ------
        StoreError
            When the store cannot be listed.
        """
        with self._lock:
            before = self._snapshot
            catalog = Catalog(self.store)
            folders = catalog.folders()
            changes: Changes = dict.fromkeys(self._runs.keys() - folders.keys(), "changed")
            damaged = list(catalog.damaged)
            runs: dict[str, IndexedRun] = {}
            for name, folder in folders.items():
                known = self._runs.get(name)
                try:
                    stamp = _stamp(folder)
                    if known is None or not known.settled or known.stamp != stamp:
                        runs[name] = self._read(folder, stamp, known)
                    else:
                        runs[name] = known
                except OSError as error:
                    damaged.append((folder, error.strerror or str(error)))
                    if known is not None:
                        changes[name] = "changed"
                    continue
                if known is None or (known is not runs[name] and not known.looks_like(runs[name])):
                    changes[name] = _kind(known, runs[name])
            self._runs = runs
            damaged += [one for run in runs.values() for one in run.damaged]
            if before is None or changes or tuple(damaged) != before.damaged:
                shown = {name: run for name, run in runs.items() if run.is_run}
                self._snapshot = Snapshot(before.number + 1 if before else 1, shown, tuple(damaged))
            assert self._snapshot is not None
            return self._snapshot, changes if before is not None else {}

    def _read(self, folder: Path, stamp: Stamp, known: IndexedRun | None) -> IndexedRun:
        now = time.time_ns()
        scan = scan_run(folder, known=known.summaries if known else None)
        if known is not None:
            _keep_old(scan.checkpoints, known)
        chosen = self._metric_of(folder, scan.checkpoints) if self._metric_of and scan.checkpoints else None
        # read before the look at the folder was over: a change after it has another stamp
        settled = _stamp(folder) == stamp and all(part is None or abs(now - part[0]) > RACY_NS for part in stamp)
        return IndexedRun(
            run=run_of(scan),
            checkpoints=tuple(scan.checkpoints),
            damaged=tuple(scan.damaged),
            metric=chosen[0] if chosen else None,
            mode=chosen[1] if chosen else None,
            stamp=stamp,
            settled=settled,
            is_run=scan.is_run,
            summaries=scan.summaries,
        )


def _keep_old(found: list[Checkpoint], known: IndexedRun) -> None:
    """Objects of checkpoints that did not change stay the same ones: less to compare and to collect."""
    old = {checkpoint.name: checkpoint for checkpoint in known.checkpoints}
    for place, checkpoint in enumerate(found):
        if old.get(checkpoint.name) == checkpoint:
            found[place] = old[checkpoint.name]


def _kind(known: IndexedRun | None, now: IndexedRun) -> str:
    before = {checkpoint.name for checkpoint in known.checkpoints} if known else set()
    return "saved" if any(checkpoint.name not in before for checkpoint in now.checkpoints) else "changed"


def _stamp(folder: Path) -> Stamp:
    status = os.lstat(folder)
    parts: list[tuple[int, int, int] | None] = [(status.st_mtime_ns, 0, status.st_ino)]
    for name in (JOURNAL_FILE, RUN_FILE):
        try:
            status = os.lstat(os.path.join(folder, name))
        except FileNotFoundError:
            parts.append(None)
        else:
            parts.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(parts)
