"""What differs between two checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_ckpt.display.blocks import Block, Cell, Code, Column, Details, Line, Table
from jupyter_ckpt.display.numbers import delta_text, metric_text, plural, value_text
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.store.compare import Change, Diff, TensorChanges, compare

__all__ = ["Change", "Diff", "TensorChanges", "compare", "diff_view"]

_NAMES = 12
"""Tensors named one by one."""


def diff_view(diff: Diff, *, width: int | None = None, color: bool = False) -> View:
    """The differences, what changes a training most first.

    Parameters
    ----------
    diff : Diff
        Of `compare`.
    width, color
        See `render`.
    """
    blocks: list[Block] = [Line(f"from {diff.a}", "strong"), Line(f"to   {diff.b}", "strong")]
    if diff.same:
        blocks.append(Line("same code, hyper-parameters, environment and tensors", "good"))
    blocks += _table("Where it stood", diff.position)
    blocks += _metrics(diff.metrics)
    blocks += _table("Hyper-parameters", diff.hyperparameters)
    blocks += _table("Tracked objects", diff.tracked)
    blocks += _tensors(diff.tensors)
    blocks += [Code(f"Code of {name}", text) for name, text in diff.code.items()]
    blocks += _table("Environment", diff.environment)
    return render(blocks, width=width, color=color)


def _table(caption: str, changes: Sequence[Change]) -> list[Block]:
    rows = [[Cell(change.name), _side(change.before), _side(change.after)] for change in changes]
    return [Table(caption, [Column("name", header=True), Column("before"), Column("after")], rows)] if rows else []


def _metrics(changes: Sequence[Change]) -> list[Block]:
    rows = []
    for change in changes:
        both = change.before is not None and change.after is not None
        rows.append(
            [
                Cell(change.name),
                *(Cell("-" if side is None else metric_text(side)) for side in (change.before, change.after)),
                Cell(delta_text(change.before, change.after) if both else ""),
            ]
        )
    columns = [Column("metric", header=True), *(Column(c, right=True) for c in ("before", "after", "difference"))]
    return [Table("Metrics", columns, rows)] if rows else []


def _side(value: object) -> Cell:
    return Cell("-", "muted") if value is None else Cell(value_text(value))


def _tensors(changes: TensorChanges) -> list[Block]:
    blocks: list[Block] = []
    groups = (("only before", changes.removed), ("only after", changes.added), ("other values", changes.changed))
    counts = [f"{len(names)} {what}" for what, names in groups if names]
    if changes.reshaped:
        counts.insert(0, f"{len(changes.reshaped)} of another type or shape")
    if not counts:
        return []
    counts.append(f"{changes.unchanged} the same")
    blocks.append(Line(f"Tensors: {', '.join(counts)}", "strong"))
    blocks += _table("Tensors of another type or shape", changes.reshaped[:_NAMES])
    for what, names in groups:
        if names:
            listed = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
            summary = f"{plural(len(names), 'tensor')}: {what}"
            blocks.append(Details(summary, [Line(listed)], line=f"  {what}: {listed}"))
    return blocks
