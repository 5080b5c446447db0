"""What a save would save."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_ckpt.display.blocks import Block, Cell, Column, Line, Table
from jupyter_ckpt.display.numbers import plural
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.receipt import Item, Outcome


def tracked_view(
    items: Sequence[Item], *, width: int | None = None, color: bool = False, command: str = "%ckpt"
) -> View:
    """The tracked objects, and what was seen and is left out.

    Parameters
    ----------
    items : sequence of Item
        As `Checkpointer.tracked` gives them.
    width, color
        See `render`.
    command : str
        How the user calls us.
    """
    kept = [item for item in items if item.outcome is Outcome.SAVED]
    if not kept:
        line = f"nothing is tracked: name what to save with `{command} track NAME ...`, or run the cells that make it"
        return render([Line(line, "muted")], width=width, color=color)
    rows = [[Cell(item.name), Cell(item.kind), Cell(item.detail)] for item in kept]
    columns = [Column("name", header=True), Column("kind"), Column("", below=1)]
    blocks: list[Block] = [Table(f"a save keeps {plural(len(kept), 'object')} and the random states", columns, rows)]
    blocks += [Line(f"left out: {i.name} {i.detail}", "muted") for i in items if i.outcome is not Outcome.SAVED]
    return render(blocks, width=width, color=color)
