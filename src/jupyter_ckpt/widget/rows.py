"""What the panel shows: options of its list, the chart, the storage line. Plain data in, escaped text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_ckpt.display.badges import badges, durability_badge
from jupyter_ckpt.display.blocks import Block, Line, Picture
from jupyter_ckpt.display.chart import Series
from jupyter_ckpt.display.clean import clean, escape
from jupyter_ckpt.display.numbers import metric_text
from jupyter_ckpt.display.times import ago
from jupyter_ckpt.display.view import render
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.metric_mode import Mode
from jupyter_ckpt.store.sizes import size_text

PAGE = 200
"""Rows of the list at a time."""


def label(checkpoint: Checkpoint, metric: str | None, *, best: bool, current: bool, with_run: bool) -> str:
    """One row: ``epoch 8 · step 1250 · acc 0.982 · 2 min ago · 1.2 MB · best``."""
    parts = [checkpoint.run] if with_run else []
    if checkpoint.epoch is not None:
        parts.append(f"epoch {checkpoint.epoch}")
    if checkpoint.step is not None:
        parts.append(f"step {checkpoint.step}")
    if metric is not None and metric in checkpoint.metrics:
        parts.append(f"{metric} {metric_text(checkpoint.metrics[metric])}")
    parts += [ago(checkpoint.time), size_text(checkpoint.size)]
    parts += [badge.word for badge in badges(checkpoint, best=best, current=current)]
    if checkpoint.note:
        parts.append(f"“{checkpoint.note[:60]}”")
    return clean(" · ".join(part for part in parts if part))


def matches(checkpoint: Checkpoint, words: str) -> bool:
    """All words occur in its name, run, note or tags."""
    text = " ".join((checkpoint.ref, checkpoint.note, *checkpoint.tags)).lower()
    if checkpoint.pinned:
        text += " is:pinned"
    if checkpoint.verified == "corrupt":
        text += " is:corrupt"
    return all(word in text for word in words.lower().split())


def chart_html(checkpoints: Sequence[Checkpoint], metric: str | None, best: Checkpoint | None) -> str:
    """The metric over the checkpoints, newest first given; empty when there is nothing to draw."""
    if metric is None:
        return ""
    measured = [one for one in reversed(checkpoints) if metric in one.metrics]
    axis = "epoch" if all(one.epoch is not None for one in measured) else "step"
    if not all(_place(one, axis) is not None for one in measured):
        axis = "checkpoint"
    points = [
        (float(number if axis == "checkpoint" else _place(one, axis) or 0), _number(one.metrics[metric]))
        for number, one in enumerate(measured)
    ]
    marked = points[measured.index(best)] if best is not None and best in measured else None
    blocks: list[Block] = [Picture(Series(metric, points, axis, marked))]
    return render(blocks, width=80).html if len(points) > 1 else ""


def storage_html(status: dict[str, Any]) -> str:
    """Where checkpoints go, and how safe that is."""
    word = durability_badge(str(status["durability"]))
    room = f"{size_text(status['free'])} free" if status.get("free") is not None else "free space unknown"
    text = f"Training checkpoints go to {status['store']}; {room}. {status['reason']}"
    return render([Line(text, badges=(word,))], width=80).html


def status_html(text: str) -> str:
    """What was done last; read out by screen readers."""
    return f'<div role="status">{escape(text)}</div>'


def best_of_rows(checkpoints: Sequence[Checkpoint], metric: str | None, mode: Mode | None) -> Checkpoint | None:
    """The best one by a metric, where the direction is known."""
    from jupyter_ckpt.store.metric_mode import best_of, known_mode

    direction = mode or (known_mode(metric) if metric else None)
    found = best_of(checkpoints, metric, direction) if metric and direction else []
    return found[0] if found else None


def _place(checkpoint: Checkpoint, axis: str) -> int | None:
    return checkpoint.epoch if axis == "epoch" else checkpoint.step


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits in a file
        return float("inf")
