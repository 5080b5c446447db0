"""Everything that one checkpoint's record says."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from jupyter_ckpt.display.badges import badges, durability_badge
from jupyter_ckpt.display.blocks import Block, Cell, Code, Column, Details, Facts, Line, Table
from jupyter_ckpt.display.fields import facts
from jupyter_ckpt.display.numbers import count_text, metric_text, plural, value_text
from jupyter_ckpt.display.tensors import tensor_table
from jupyter_ckpt.display.times import absolute, ago, duration_text
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.fields import sources
from jupyter_ckpt.store.record import CommitRecord
from jupyter_ckpt.store.sizes import size_text

_WITH_STATE = ("model", "optimizer", "scheduler", "scaler", "ema", "loader", "stateful")
_FIRST = ("model", "ema", "optimizer", "scheduler")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")


def show_view(
    checkpoint: Checkpoint,
    *,
    code: bool = False,
    now: datetime.datetime | None = None,
    width: int | None = None,
    color: bool = False,
    command: str = "%ckpt",
) -> View:
    """One checkpoint in full.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its whole record is read.
    code : bool
        With the sources that were saved.
    now : datetime, optional
        For tests.
    width, color
        See `render`.
    command : str
        How the user calls us.

    Raises
    ------
    CorruptCheckpoint, OSError
        When its record cannot be read.
    """
    record = checkpoint.record
    blocks: list[Block] = [
        Line(f"training checkpoint {checkpoint.ref}", "strong", badges(checkpoint)),
        Facts("What it is", _identity(checkpoint, record, now), quiet=True),
    ]
    if record.metrics:
        rows = [(name, Cell(metric_text(value, 6))) for name, value in record.metrics.items()]
        blocks.append(Facts("Metrics", rows))
    blocks += _problems(record)
    blocks += _tracked(record)
    blocks += facts("Hyper-parameters", record.hyperparameters)
    blocks += facts("Environment", record.environment)
    if record.tensors:
        table = tensor_table(record.tensors)
        blocks.append(Details(f"{plural(len(record.tensors), 'tensor')}, largest first", [table]))
    blocks.append(Code("Load it in plain PyTorch", load_snippet(checkpoint, record)))
    blocks += _code(record, code, f"{command} show {checkpoint.ref} --code")
    return render(blocks, width=width, color=color)


def load_snippet(checkpoint: Checkpoint, record: CommitRecord) -> str:
    """Lines that load the file with nothing but torch."""
    lines = [
        "import torch",
        f"state = torch.load({str(checkpoint.path)!r}, map_location='cpu', weights_only=True)",
    ]
    kinds = {name: about.get("kind") for name, about in record.tracked.items() if isinstance(about, dict)}
    named = [n for n, kind in kinds.items() if kind in _WITH_STATE and _PLAIN_NAME.fullmatch(n)]
    named.sort(key=lambda n: _FIRST.index(str(kinds[n])) if kinds[n] in _FIRST else len(_FIRST))
    lines += [f"{name}.load_state_dict(state['{name}_state_dict'])" for name in named[:20]]
    return "\n".join(lines)


def _identity(checkpoint: Checkpoint, record: CommitRecord, now: datetime.datetime | None) -> list[tuple[str, Cell]]:
    saved = f"{ago(record.time, now)} ({absolute(record.time)})"
    rows = [("saved", Cell(f"{saved}, {record.reason}" if record.reason else saved))]
    position = [
        f"{what} {value}" for what, value in (("epoch", record.epoch), ("step", record.step)) if value is not None
    ]
    goes_on = f"goes on {'inside' if record.mid_epoch else 'with'} epoch {record.next_epoch}"
    rows.append(("state", Cell(", ".join([*position, goes_on]))))
    if checkpoint.note:
        rows.append(("note", Cell(checkpoint.note)))
    if record.parent:
        rows.append(("went on from", Cell(record.parent)))
    if not checkpoint.own:
        rows.append(("copied from", Cell(record.run)))
    took = [f"{what} {duration_text(value)}" for what, value in record.durations.items() if _is_number(value)]
    rows.append(("size", Cell(", ".join([size_text(record.size), *took]))))
    rows.append(("file", Cell(str(checkpoint.path))))
    rows += _storage(record.storage)
    if checkpoint.verified:
        found = "its bytes are those that were saved" if checkpoint.verified == "ok" else "corrupt"
        when = f", {ago(checkpoint.verified_at, now)}" if checkpoint.verified_at else ""
        rows.append(("verified", Cell(found + when, "good" if checkpoint.verified == "ok" else "error")))
    else:
        rows.append(("verified", Cell("not yet", "muted")))
    return rows


def _storage(storage: Mapping[str, Any]) -> list[tuple[str, Cell]]:
    durability, reason = storage.get("durability"), storage.get("reason")
    if not isinstance(durability, str):
        return []
    badge = durability_badge(durability)
    return [("storage", Cell(reason if isinstance(reason, str) else "", badges=(badge,)))]


def _problems(record: CommitRecord) -> list[Block]:
    """What the save could not take, which a reader must not miss."""
    bad = (Outcome.NOT_SAVED.value, Outcome.NOT_EXACT.value)
    items = [item for item in record.items if isinstance(item, dict) and item.get("outcome") in bad]
    rows = [
        [
            Cell(str(item.get("outcome")), "warning"),
            Cell(str(item.get("name", ""))),
            Cell(str(item.get("detail", ""))),
        ]
        for item in items
    ]
    columns = [Column("outcome"), Column("name", header=True), Column("why", below=1)]
    return [Table("Not saved, or not exactly", columns, rows)] if rows else []


def _tracked(record: CommitRecord) -> list[Block]:
    rows = []
    for name, about in record.tracked.items():
        if isinstance(about, dict):
            parameters = about.get("parameters")
            rows.append(
                [
                    Cell(name),
                    Cell(_text(about.get("kind"))),
                    Cell(_text(about.get("class"))),
                    Cell("" if parameters is None else count_text(parameters), title=_text(parameters)),
                    Cell(_text(about.get("defined_in"))),
                ]
            )
    columns = [
        Column("name", header=True),
        Column("kind"),
        Column("class"),
        Column("parameters", right=True),
        Column("defined in", below=1),
    ]
    return [Table("Tracked objects", columns, rows)] if rows else []


def _code(record: CommitRecord, wanted: bool, command: str) -> list[Block]:
    found = sources(record.code)
    if not found:
        return []
    if not wanted:
        names = ", ".join(source.name for source in found[:8])
        return [Line(f"Source code of {names}{', …' if len(found) > 8 else ''}: {command}", "muted")]
    return [Code(f"{source.name} ({source.where})" if source.where else source.name, source.text) for source in found]


def _text(value: Any) -> str:
    return "" if value is None else value_text(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
