"""How things stand: store, run, what is tracked, the last save, room, problems."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_ckpt.display.badges import durability_badge
from jupyter_ckpt.display.blocks import Block, Cell, Facts, Line
from jupyter_ckpt.display.numbers import plural
from jupyter_ckpt.display.times import absolute, ago
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.store.sizes import size_text


def status_view(
    status: Mapping[str, Any],
    *,
    now: datetime.datetime | None = None,
    width: int | None = None,
    color: bool = False,
    command: str = "%ckpt",
) -> View:
    """A glance at everything.

    Parameters
    ----------
    status : mapping
        ``store`` (path), ``durability``, ``reason``, ``run``, ``tracked`` (mappings with ``name``, ``kind``,
        ``class``), ``last`` (None or a mapping or pair of ``ref`` and ``time``), ``policy`` (text),
        ``free`` and ``size`` (bytes), ``checkpoints`` (a number), ``problems`` (lines), ``position`` (text). What
        is missing or None is not shown, or says what to type.
    now : datetime, optional
        For tests.
    width, color
        See `render`.
    command : str
        How the user calls us.
    """
    blocks: list[Block] = [Line(f"problem: {line}", "error") for line in status.get("problems") or ()]
    rows = [("store", _store(status, command)), ("run", _run(status))]
    rows.append(("tracked", _tracked(status.get("tracked") or (), command)))
    if status.get("position"):
        rows.append(("position", Cell(str(status["position"]))))
    rows.append(("last save", _last(status.get("last"), now)))
    policy = status.get("policy")
    rows.append(
        ("policy", Cell(str(policy)) if policy else Cell(f"everything is kept ({command} keep --last 5)", "muted"))
    )
    if status.get("free") is not None:
        rows.append(("room left", Cell(size_text(int(status["free"])))))
    blocks.append(Facts("Training checkpoints", rows))
    return render(blocks, width=width, color=color)


def _store(status: Mapping[str, Any], command: str) -> Cell:
    if not status.get("store"):
        return Cell(f"none yet ({command} storage shows the volumes)", "muted")
    durability, reason = status.get("durability"), str(status.get("reason") or "")
    badges = (durability_badge(str(getattr(durability, "value", durability))),) if durability else ()
    return Cell(f"{status['store']}{f': {reason}' if reason else ''}", badges=badges)


def _run(status: Mapping[str, Any]) -> Cell:
    parts = [str(status.get("run") or "none yet")]
    if status.get("checkpoints") is not None:
        parts.append(plural(int(status["checkpoints"]), "checkpoint"))
    if status.get("size"):
        parts.append(size_text(int(status["size"])))
    return Cell(" · ".join(parts))


def _tracked(tracked: Sequence[Mapping[str, Any]], command: str) -> Cell:
    if not tracked:
        return Cell(f"nothing yet: found at the first save, or {command} track MODEL OPTIMIZER", "muted")
    found = []
    for one in tracked:
        cls = str(one.get("class") or "").rpartition(".")[2]
        found.append(f"{one.get('name', '?')} ({', '.join(filter(None, (str(one.get('kind') or ''), cls)))})")
    return Cell(", ".join(found))


def _last(last: Any, now: datetime.datetime | None) -> Cell:
    if not last:
        return Cell("none yet", "muted")
    if isinstance(last, Mapping):
        ref, time = last.get("ref"), last.get("time")
    elif isinstance(last, str):
        ref, time = last, None
    else:
        ref, time = last
    when = ago(time, now)
    return Cell(f"{ref}{f', {when}' if when else ''}", title=absolute(time))
