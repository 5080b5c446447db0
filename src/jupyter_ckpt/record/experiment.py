"""One run as a person wants to read of it: folded from ``run.json``, the journal and the checkpoints."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyter_ckpt.errors import CkptError, UsageProblem
from jupyter_ckpt.record.history import History, read_history
from jupyter_ckpt.store.best_metric import pick_metric, ranked
from jupyter_ckpt.store.checkpoint import Checkpoint, seconds
from jupyter_ckpt.store.metric_mode import known_mode
from jupyter_ckpt.store.prune import last_policy
from jupyter_ckpt.store.scan import RunScan, scan_run

_MOST_NOTES = 3
_KEPT = 32


@dataclass(frozen=True)
class Place:
    """Where a training stood, and what was measured there."""

    epoch: int | None = None
    step: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """A checkpoint that is there.

    Parameters
    ----------
    name : str
        Its name.
    path : str
        The data file, from the notebook's folder on when it lies below that.
    durability : str or None
        What its volume survives.
    """

    name: str
    path: str
    durability: str | None


@dataclass(frozen=True)
class Experiment:
    """What is known of a run.

    Parameters
    ----------
    run : str
        Its id.
    rev : int
        Grows with its journal.
    created : float or None
        Seconds since 1970.
    description : dict
        See `jupyter_ckpt.state.description.describe`; of a run without one what its records tell.
    metric, mode
        What ``best`` is measured by.
    best : Place or None
        The best value that was ever measured, its checkpoint may be gone.
    unit : bool
        All values of ``metric`` lie between 0 and 1.
    trend : sequence of float
        The metric over time.
    last : Place or None
        Where the training stands.
    units : frozenset of str
        Metrics whose values all lie between 0 and 1.
    duration : float
        Seconds of training.
    best_kept, last_kept : Kept or None
        The checkpoints to go on with.
    notes : sequence of (str, str)
        Checkpoint and what a person wrote about it, the newest first.
    cell_id, notebook, wanted, shown
        Where the record was asked for, and whether a page has it.
    cells : sequence of str
        `cell_hash` of the cells that were run, the one that trains last.
    """

    run: str
    folder: Path
    rev: int = 0
    created: float | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    metric: str | None = None
    mode: Literal["min", "max"] | None = None
    best: Place | None = None
    trend: Sequence[float] = ()
    last: Place | None = None
    units: frozenset[str] = frozenset()
    duration: float = 0.0
    resumes: int = 0
    interruptions: int = 0
    stops: int = 0
    checkpoints: int = 0
    best_kept: Kept | None = None
    last_kept: Kept | None = None
    notes: Sequence[tuple[str, str]] = ()
    cell_id: str | None = None
    notebook: str | None = None
    wanted: bool = False
    shown: bool = False
    cells: Sequence[str] = ()


def read_experiment(folder: Path) -> Experiment:
    """Read one run's folder.

    Parameters
    ----------
    folder : Path
        ``<store>/<run>``.

    Raises
    ------
    StoreError, OSError
        When the folder cannot be listed.
    """
    scan = _scan(folder)
    history = read_history(folder)
    info = scan.info
    metric, mode = _metric(scan, history)
    best = _best(history, metric, mode)
    newest = scan.checkpoints[0] if scan.checkpoints else None
    origin = info.get("origin") if isinstance(info.get("origin"), dict) else {}
    assert isinstance(origin, dict)
    kept = _best_kept(scan.checkpoints, metric, mode)
    return Experiment(
        run=folder.name,
        folder=folder,
        rev=history.size,
        created=_moment(info.get("created")),
        origin=origin,
        parent=info.get("parent") if isinstance(info.get("parent"), str) else None,
        description=history.description or _from_record(newest),
        environment=_environment(info, history),
        hyperparameters=_dict(info.get("hyperparameters")),
        metric=metric,
        mode=mode,
        best=best,
        trend=tuple(history.series.get(metric or "", {}).values()),
        last=_last(history, newest),
        units=frozenset(name for name, found in history.extremes.items() if found.low[0] >= 0 and found.high[0] <= 1),
        duration=history.duration,
        resumes=history.resumes,
        interruptions=history.interruptions,
        stops=history.stops,
        checkpoints=len(scan.checkpoints),
        best_kept=_kept(kept, origin),
        last_kept=_kept(newest, origin),
        notes=tuple((one.name, one.note) for one in scan.checkpoints if one.note)[:_MOST_NOTES],
        cell_id=history.cell_id,
        notebook=history.notebook,
        wanted=history.wanted,
        shown=history.shown,
        cells=history.cells,
    )


_lock = threading.Lock()
_summaries: OrderedDict[str, Mapping[Any, Any]] = OrderedDict()


def _scan(folder: Path) -> RunScan:
    """The run's folder; records that have not changed since the last call are not read again."""
    with _lock:
        known = _summaries.get(str(folder))
    scan = scan_run(folder, known=known)
    with _lock:
        _summaries[str(folder)] = scan.summaries
        _summaries.move_to_end(str(folder))
        while len(_summaries) > _KEPT:
            _summaries.popitem(last=False)
    return scan


class _Measured:
    """A metric that only the journal knows, for `pick_metric`."""

    def __init__(self, metrics: dict[str, float]) -> None:
        self.metrics = metrics


def _metric(scan: RunScan, history: History) -> tuple[str | None, Literal["min", "max"] | None]:
    """What ``best`` means, as for ``resume best``; by the journal when no checkpoint tells."""
    try:
        policy = last_policy(scan.folder)
    except CkptError:
        policy = None
    measured: list[Any] = [_Measured({name: found.low[0]}) for name, found in history.extremes.items()]
    for pool in (list(scan.checkpoints), measured):
        try:
            metric, mode, _ = pick_metric(pool, policy)
        except UsageProblem:
            continue
        if metric in history.extremes or any(metric in one.metrics for one in scan.checkpoints):
            return metric, mode
    return next(iter(history.extremes), None), None


def _best(history: History, metric: str | None, mode: str | None) -> Place | None:
    found = history.extremes.get(metric or "")
    if found is None or mode is None or metric is None:
        return None
    value, epoch, step = found.low if mode == "min" else found.high
    return Place(epoch, step, {metric: value})


def _last(history: History, newest: Checkpoint | None) -> Place | None:
    if history.last:
        return Place(history.last["epoch"], history.last["step"], history.last["metrics"])
    return Place(newest.epoch, newest.step, newest.metrics) if newest is not None else None


def _best_kept(
    checkpoints: Sequence[Checkpoint], metric: str | None, mode: Literal["min", "max"] | None
) -> Checkpoint | None:
    mode = mode or (known_mode(metric) if metric else None)
    if metric is None or mode is None:
        return None
    try:
        return ranked(checkpoints, metric, mode)[0]
    except UsageProblem:
        return None


def _kept(checkpoint: Checkpoint | None, origin: Mapping[str, Any]) -> Kept | None:
    if checkpoint is None:
        return None
    durability = checkpoint.summary.storage.get("durability")
    return Kept(
        checkpoint.name,
        _from_notebook(checkpoint.path, origin),
        durability if isinstance(durability, str) else None,
    )


def _from_notebook(path: Path, origin: Mapping[str, Any]) -> str:
    """The path that a cell of the notebook can open: short where it lies below the notebook's folder."""
    home = origin.get("path")
    if isinstance(home, str) and os.path.isabs(home):
        folder = Path(home) if origin.get("kind") == "folder" else Path(home).parent
        if path.is_absolute() and path.is_relative_to(folder) and folder != Path(folder.anchor):
            return path.relative_to(folder).as_posix()
    return str(path)


def _from_record(newest: Checkpoint | None) -> dict[str, Any]:
    """What the records of a run tell that was never described (saved by an older version, or in a hurry)."""
    if newest is None:
        return {}
    try:
        tracked = newest.record.tracked
    except (CkptError, OSError):
        return {}
    found: dict[str, list[dict[str, Any]]] = {"models": [], "optimizers": [], "schedulers": []}
    for name, about in tracked.items():
        if isinstance(about, dict) and f"{about.get('kind')}s" in found:
            short = str(about.get("class") or name).rpartition(".")[2]
            found[f"{about['kind']}s"].append(
                {"name": name, "class": short, "text": short, "parameters": about.get("parameters")}
            )
    return dict(found)


def _environment(info: Mapping[str, Any], history: History) -> dict[str, Any]:
    return _dict(history.description.get("environment")) or _dict(info.get("environment"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(value: Any) -> float | None:
    try:
        return seconds(value) if isinstance(value, str) else None
    except ValueError:
        return None
