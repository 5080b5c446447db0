"""A run's metrics as series of points, few enough to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from jupyter_ckpt.server.measured import Measured, Measurements, numbers
from jupyter_ckpt.server.plain import number
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.index import IndexedRun
from jupyter_ckpt.store.metric_mode import best_of, known_mode

MOST_POINTS = 500
_MOST_SERIES = 64
Axis = Literal["epoch", "step"]
Point = tuple[float, float]


def series_of(indexed: IndexedRun, measurements: Measurements) -> dict[str, Any]:
    """The answer to GET runs/{run}/metrics.

    Raises
    ------
    StoreError
        When the journal cannot be read.
    """
    measured = measurements.of(indexed.run.folder)
    measured += [(one.epoch, one.step, numbers(one.metrics)) for one in reversed(indexed.checkpoints)]
    axis = _axis(measured)
    points: dict[str, dict[float, float]] = {}
    for place, row in enumerate(measured):
        x = _x(row, axis)
        for name, value in row[2].items():
            points.setdefault(name, {})[place if x is None else x] = value
    names = list(points)[:_MOST_SERIES]
    return {
        "run": indexed.run.id,
        "axis": axis,
        "series": {name: _series(indexed, name, points[name], axis) for name in names},
    }


def _series(indexed: IndexedRun, name: str, points: Mapping[float, float], axis: Axis) -> dict[str, Any]:
    mode = known_mode(name)
    if mode is None and name == indexed.metric:
        mode = indexed.mode
    saved = [one for one in reversed(indexed.checkpoints) if name in one.metrics and _place(one, axis) is not None]
    ranked = best_of(saved, name, mode) if mode else []
    return {
        "mode": mode,
        "points": [[x, number(y)] for x, y in thin(sorted(points.items()), MOST_POINTS)],
        "saved": [_marked(one, name, axis) for one in _every(saved, MOST_POINTS)],
        "best": _marked(ranked[0], name, axis) if ranked else None,
    }


def _marked(checkpoint: Checkpoint, name: str, axis: Axis) -> list[Any]:
    return [_place(checkpoint, axis), number(checkpoint.metrics[name]), checkpoint.name]


def _place(checkpoint: Checkpoint, axis: Axis) -> float | None:
    return checkpoint.epoch if axis == "epoch" else checkpoint.step


def _axis(rows: Sequence[Measured]) -> Axis:
    """Epochs, unless something was measured several times in an epoch and steps tell it apart."""
    epochs = {row[0] for row in rows if row[0] is not None}
    steps = {row[1] for row in rows if row[1] is not None}
    return "step" if len(steps) > max(len(epochs) * 1.5, 1) or not epochs else "epoch"


def _x(row: Measured, axis: Axis) -> float | None:
    return row[0] if axis == "epoch" else row[1]


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many points that look the same when drawn: of each stretch the lowest and the highest."""
    if len(points) <= most:
        return list(points)
    stretches = (most - 2) // 2
    inner = points[1:-1]
    chosen = [points[0]]
    for number_ in range(stretches):
        part = inner[number_ * len(inner) // stretches : (number_ + 1) * len(inner) // stretches]
        finite = [point for point in part if math.isfinite(point[1])] or part
        if finite:
            low, high = min(finite, key=lambda p: p[1]), max(finite, key=lambda p: p[1])
            chosen += sorted({low, high})
    return [*chosen, points[-1]]


def _every(rows: Sequence[Checkpoint], most: int) -> list[Checkpoint]:
    step = -(-len(rows) // most) if rows else 1
    return list(rows[::-1][::step][::-1])
