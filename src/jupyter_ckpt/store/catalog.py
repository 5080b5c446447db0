"""All runs and checkpoints of a store, read from its files each time they are asked for.

Imports no torch and opens no data file. A store is met as others left it: links are not followed, names are not
trusted, and what is not a checkpoint is listed in `Catalog.damaged` with the reason.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from jupyter_ckpt.errors import StoreError, UnknownName, UsageProblem
from jupyter_ckpt.store.checkpoint import Best, Checkpoint, Run, seconds
from jupyter_ckpt.store.layout import RUN_FILE
from jupyter_ckpt.store.metric_mode import best_of, known_mode
from jupyter_ckpt.store.record import is_safe_name
from jupyter_ckpt.store.scan import Damage, RunScan, scan_run

__all__ = ["Best", "Catalog", "Checkpoint", "Run", "close_matches"]

_EPOCH = re.compile(r"(?:epoch[-_ ]?)?([0-9]{1,9})")
_WORDS = ("latest", "best")
"""What callers understand before they ask here; offered when one of them is misspelt."""
Origin = str | Path | Mapping[str, Any]


class Catalog:
    """The runs and checkpoints in a store.

    Parameters
    ----------
    store : Path
        The store's folder; one that does not exist (yet) is empty.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self.damaged: list[Damage] = []
        """What the last call met and could not take as a run or checkpoint, and why."""

    def runs(self) -> list[Run]:
        """All runs, newest first. A folder is a run when it has a ``run.json`` or a valid record.

        Raises
        ------
        StoreError
            When the store cannot be listed.
        """
        found = [run_of(scan) for scan in self._scans(None)]
        return sorted(found, key=_newest, reverse=True)

    def checkpoints(self, run: str | None = None, *, origin: Origin | None = None) -> list[Checkpoint]:
        """The checkpoints, newest first (by time, then step, then name).

        Parameters
        ----------
        run : str, optional
            Only of this run.
        origin : str, Path or mapping, optional
            Only of runs that were started from this notebook or script (``origin.path`` of ``run.json``), or
            whose origin has all of these fields.

        Raises
        ------
        UnknownName
            When there is no such run; with names close to it.
        StoreError
            When the store cannot be listed.
        """
        found: list[Checkpoint] = []
        for scan in self._scans(run):
            if origin is None or _is_from(scan, origin):
                found += scan.checkpoints
        return sorted(found, key=lambda checkpoint: checkpoint.order, reverse=True)

    def find(self, text: str, run: str | None = None) -> Checkpoint:
        """The checkpoint that a user means.

        Parameters
        ----------
        text : str
            Its name, ``run/name``, or the beginning of either, or an epoch (``8``, ``epoch-8``); of several the
            newest, when they are all of one run.
        run : str, optional
            The run to look in.

        Raises
        ------
        UnknownName
            When there is none; with names close to it.
        UsageProblem
            When several runs have one.
        """
        if "/" in text and run is None:
            run, _, text = text.partition("/")
        checkpoints = self.checkpoints(run)
        exact = [c for c in checkpoints if c.name == text]
        hits = exact or [c for c in checkpoints if text and c.name.startswith(text)]
        number = _EPOCH.fullmatch(text)
        if not hits and number is not None:
            hits = [c for c in checkpoints if c.epoch == int(number[1])]
        if not hits:
            where = f" in run {run}" if run else ""
            names = [*_WORDS, *(c.name for c in checkpoints)]
            raise UnknownName(f"no checkpoint {_short(text)!r}{where}{close_matches(text, names)}")
        runs = list(dict.fromkeys(c.run for c in hits))
        if len(runs) > 1:
            raise UsageProblem(
                f"{_short(text)!r} is in {len(runs)} runs: say which, as in {hits[0].ref}"
                f" (also {', '.join(runs[1:4])}{', …' if len(runs) > 4 else ''})"
            )
        return hits[0]

    def latest(self, run: str | None = None, *, origin: Origin | None = None) -> Checkpoint | None:
        """The newest checkpoint, or None. Nobody has looked at its bytes: verify it before using it."""
        return next(iter(self.checkpoints(run, origin=origin)), None)

    def best(self, metric: str, mode: Literal["min", "max"], run: str | None = None) -> Checkpoint:
        """The checkpoint with the best finite value of a metric; of equals the newest.

        Raises
        ------
        UnknownName
            When no checkpoint has that metric; with names close to it.
        """
        checkpoints = self.checkpoints(run)
        ranked = best_of(checkpoints, metric, mode)
        if not ranked:
            known = sorted({name for c in checkpoints for name in c.metrics})
            has = f"; there are {', '.join(known[:8])}" if known else ": save with --metric NAME=VALUE"
            raise UnknownName(
                f"no checkpoint has a value of metric {_short(metric)!r}{close_matches(metric, known) or has}"
            )
        return ranked[0]

    def _scans(self, run: str | None) -> list[RunScan]:
        self.damaged = []
        folders = self.folders()
        if run is not None:
            if run not in folders:
                raise UnknownName(f"no run {_short(run)!r} in {self.store}{close_matches(run, folders)}")
            folders = {run: folders[run]}
        scans = []
        for folder in folders.values():
            try:
                scan = scan_run(folder)
            except OSError as error:
                self.damaged.append((folder, error.strerror or str(error)))
                continue
            self.damaged += scan.damaged
            if scan.is_run:
                scans.append(scan)
        return scans

    def folders(self) -> dict[str, Path]:
        """The folders that may be runs, by name; StoreError when the store cannot be listed."""
        folders = {}
        try:
            with os.scandir(self.store) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StoreError(
                f"the store {self.store} cannot be read ({error.strerror}): %ckpt storage shows the volumes",
                error.errno,
            ) from error
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if is_safe_name(entry.name):
                    folders[entry.name] = self.store / entry.name
                elif os.path.lexists(os.path.join(entry.path, RUN_FILE)):
                    self.damaged.append((Path(entry.path), "its name is not a run's"))
            elif entry.is_symlink() and entry.is_dir():
                self.damaged.append((Path(entry.path), "a link, which is not followed"))
        return folders


def close_matches(text: str, names: Iterable[str]) -> str:
    """``: did you mean a or b?``, or nothing."""
    text = text[:200]
    pool = list(dict.fromkeys(names))
    close = difflib.get_close_matches(text, pool[:2000], n=3, cutoff=0.6)
    close = close or [name for name in pool if text and text.lower() in name.lower()][:3]
    return f": did you mean {' or '.join(close)}?" if close else ""


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def run_of(scan: RunScan) -> Run:
    """A run as it is listed, from what its folder holds."""
    best = {}
    for metric in sorted({name for c in scan.checkpoints for name in c.metrics}):
        mode = known_mode(metric)
        ranked = best_of(scan.checkpoints, metric, mode) if mode else []
        if mode and ranked:
            best[metric] = Best(float(ranked[0].metrics[metric]), mode, ranked[0].name)
    return Run(
        id=scan.folder.name,
        folder=scan.folder,
        info=scan.info,
        checkpoints=len(scan.checkpoints),
        size=sum(c.size for c in scan.checkpoints),
        last=scan.checkpoints[0].time if scan.checkpoints else None,
        best=best,
    )


def moment_of(run: Run) -> float | None:
    """When it last saved or was started, seconds since 1970; None when neither is known."""
    moments = []
    for text in (run.last, run.created):
        try:
            moments += [seconds(text)] if text else []
        except ValueError:
            continue
    return max(moments, default=None)


def _newest(run: Run) -> tuple[float, str]:
    moment = moment_of(run)
    return float("-inf") if moment is None else moment, run.id


def _is_from(scan: RunScan, origin: Origin) -> bool:
    known = scan.info.get("origin")
    wanted = origin if isinstance(origin, Mapping) else {"path": str(origin)}
    return isinstance(known, dict) and all(known.get(key) == value for key, value in wanted.items())
