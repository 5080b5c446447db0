"""The list of checkpoints, run by run."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Literal

from jupyter_ckpt.display.badges import badges
from jupyter_ckpt.display.blocks import Block, Cell, Column, Facts, Line, Picture, Table
from jupyter_ckpt.display.chart import Series
from jupyter_ckpt.display.numbers import metric_text, plural
from jupyter_ckpt.display.times import absolute, ago
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.store.checkpoint import Checkpoint, Run
from jupyter_ckpt.store.metric_mode import best_of, known_mode
from jupyter_ckpt.store.sizes import size_text

_METRICS = 3
"""Columns for metrics when none was asked for."""
LIMIT = 50


def list_view(
    checkpoints: Sequence[Checkpoint],
    *,
    runs: Sequence[Run] | None = None,
    metric: str | Sequence[str] | None = None,
    mode: Literal["min", "max"] | None = None,
    best: str | None = None,
    now: datetime.datetime | None = None,
    current: str | None = None,
    total: int | None = None,
    limit: int | None = LIMIT,
    width: int | None = None,
    color: bool = False,
    command: str = "%ckpt",
    more: str = "",
) -> View:
    """The checkpoints, newest first, under the run they are of.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
        Newest first, as a catalog gives them.
    runs : sequence of Run, optional
        For the headlines: where a run comes from, its best value.
    metric : str or sequence of str, optional
        The columns to show, the first one as a chart too; by default the most frequent ones.
    mode : {"min", "max"}, optional
        The better direction of the first metric, where its name does not tell.
    best : str, optional
        ``run/name`` of the one to mark; by default each run's best by the first metric.
    now : datetime, optional
        For tests.
    current : str, optional
        ``run/name`` of the state that is loaded now.
    total : int, optional
        How many there are, when ``checkpoints`` is only the newest part.
    limit : int, optional
        Rows shown; None for all.
    width, color
        See `render`.
    command : str
        How the user calls us, for the lines that say what to type.
    more : str
        The option that shows the older ones too; ``--limit`` and their number when not given.
    """
    if not checkpoints:
        return _nothing(runs, command, width, color)
    shown = checkpoints[:limit]
    names = (metric,) if isinstance(metric, str) else tuple(metric or _common_metrics(checkpoints))
    groups: dict[str, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        groups.setdefault(checkpoint.run, []).append(checkpoint)
    known = {run.id: run for run in runs or ()}
    rows: dict[str, list[Checkpoint]] = {}
    for checkpoint in shown:
        rows.setdefault(checkpoint.run, []).append(checkpoint)
    blocks: list[Block] = []
    for run, part in rows.items():
        blocks += _run_blocks(groups[run], part, known.get(run), names, mode, best, now, current)
    blocks.append(Line(_footer(checkpoints, len(groups), len(shown), total, command, more), "muted"))
    return render(blocks, width=width, color=color)


def _nothing(runs: Sequence[Run] | None, command: str, width: int | None, color: bool) -> View:
    where = f" in {runs[0].id}" if runs and len(runs) == 1 else ""
    in_notebook = command.startswith("%")
    verbs = [(f"{command} storage", Cell("shows where they are kept and whether that is safe"))]
    if in_notebook:
        verbs[:0] = [
            (f"{command} save", Cell("saves one now")),
            ("for epoch in jupyter_ckpt.epochs(30):", Cell("a loop that resumes and saves by itself")),
        ]
    else:
        verbs.append((f"{command} --store PATH list", Cell("looks into another store")))
    blocks: list[Block] = [Line(f"No training checkpoints{where} yet.", "strong"), Facts("What to type next", verbs)]
    return render(blocks, width=width, color=color)


def _run_blocks(
    every: Sequence[Checkpoint],
    shown: Sequence[Checkpoint],
    run: Run | None,
    metrics: Sequence[str],
    mode: Literal["min", "max"] | None,
    best: str | None,
    now: datetime.datetime | None,
    current: str | None,
) -> list[Block]:
    first = metrics[0] if metrics else ""
    mode = mode or known_mode(first)
    ranked = best_of(every, first, mode) if mode and first else []
    if best is not None:
        ranked = [c for c in every if c.ref == best]
    blocks: list[Block] = [Line(_headline(every, run, now), "strong")]
    if first and len(every) > 1:
        series = _series(every, first, ranked[0] if ranked else None)
        if len(series.finite) > 1:
            blocks.append(Picture(series))
    short = short_names(c.name for c in every)
    columns = [
        Column("name", header=True),
        Column("epoch", right=True, drop=5),
        Column("step", right=True, drop=3),
        *(Column(name, right=True, drop=0 if i == 0 else 10 - i) for i, name in enumerate(metrics)),
        Column("saved", drop=11),
        Column("size", right=True, drop=6),
        Column("marks", below=4),
        Column("note", below=1),
    ]
    rows = []
    for checkpoint in shown:
        marked = badges(checkpoint, best=bool(ranked) and checkpoint is ranked[0], current=checkpoint.ref == current)
        rows.append(
            [
                Cell(checkpoint.name, title=str(checkpoint.path), short=short[checkpoint.name]),
                Cell("" if checkpoint.epoch is None else str(checkpoint.epoch)),
                Cell("" if checkpoint.step is None else str(checkpoint.step)),
                *(_metric_cell(checkpoint, name) for name in metrics),
                Cell(ago(checkpoint.time, now), title=absolute(checkpoint.time)),
                Cell(size_text(checkpoint.size), title=f"{checkpoint.size} bytes"),
                Cell(badges=marked),
                Cell(checkpoint.note),
            ]
        )
    caption = f"Training checkpoints of {every[0].run}, newest first"
    return [*blocks, Table(caption, columns, rows, quiet=True)]


def _headline(every: Sequence[Checkpoint], run: Run | None, now: datetime.datetime | None) -> str:
    parts = [every[0].run, plural(len(every), "checkpoint"), size_text(sum(c.size for c in every))]
    parts.append(f"last {ago(every[0].time, now)}")
    if run is not None:
        for metric, found in list(run.best.items())[:1]:
            parts.append(f"best {metric} {metric_text(found.value)}")
        origin = run.origin.get("path")
        if isinstance(origin, str) and origin:
            parts.append(PurePath(origin).name)
        if run.parent:
            parts.append(f"went on from {run.parent}")
    return " · ".join(parts)


def _metric_cell(checkpoint: Checkpoint, name: str) -> Cell:
    value = checkpoint.metrics.get(name)
    return Cell() if value is None else Cell(metric_text(value), title=str(value)[:60])


def _footer(
    checkpoints: Sequence[Checkpoint], runs: int, shown: int, total: int | None, command: str, more: str
) -> str:
    everything = max(total or 0, len(checkpoints))
    size = size_text(sum(c.size for c in checkpoints))
    text = plural(everything, "checkpoint")
    if runs > 1:
        text += f" in {runs} runs"
    if everything == len(checkpoints):
        text += f", {size}"
    if everything > shown:
        text = f"… and {everything - shown} older: {command} list {more or f'--limit {everything}'}  ({text})"
    return text


def _common_metrics(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """The most frequent ones, those with a better direction first."""
    counts = Counter(name for c in checkpoints for name in c.metrics)
    order = {name: place for place, name in enumerate(counts)}
    return sorted(counts, key=lambda n: (known_mode(n) is None, -counts[n], order[n]))[:_METRICS]


def _series(every: Sequence[Checkpoint], metric: str, best: Checkpoint | None) -> Series:
    """Over epochs; over steps where an epoch has several checkpoints; else one after the other."""
    oldest_first = [c for c in reversed(every) if metric in c.metrics]
    epochs = [c.epoch for c in oldest_first if c.epoch is not None]
    steps = [c.step for c in oldest_first if c.step is not None]
    axis = "checkpoint"
    if len(epochs) == len(oldest_first) and len(set(epochs)) > len(epochs) // 2:
        axis, places = "epoch", epochs
    elif len(steps) == len(oldest_first):
        axis, places = "step", steps
    else:
        places = list(range(1, len(oldest_first) + 1))
    points = [(float(x), _number(c.metrics[metric])) for x, c in zip(places, oldest_first, strict=True)]
    marked = next((p for p, c in zip(points, oldest_first, strict=True) if c is best), None)
    return Series(metric, points, axis, marked)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("nan")


def short_names(names: Iterable[str]) -> dict[str, str]:
    """For each name its beginning, up to a ``_``, that no other one has; `Catalog.find` takes that too."""
    ordered = sorted(set(names))
    found = {}
    for before, name, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        ends = [place for place, char in enumerate(name) if char == "_"]
        starts = (name[:end] for end in ends)
        found[name] = next((s for s in starts if s and not before.startswith(s) and not after.startswith(s)), name)
    return found
