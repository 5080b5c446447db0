"""What a verification found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_ckpt.display.blocks import Block, Cell, Column, Line, Table
from jupyter_ckpt.display.numbers import plural
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.sizes import size_text


def verification_view(
    found: Sequence[tuple[Checkpoint, Sequence[str]]],
    damaged: Sequence[tuple[Path, str]] = (),
    *,
    width: int | None = None,
    color: bool = False,
) -> View:
    """The verdict in one line, then what is wrong with what.

    Parameters
    ----------
    found : sequence of (Checkpoint, problems)
        No problems: every byte is as committed.
    damaged : sequence of (Path, why)
        Records that are no valid checkpoints.
    width, color
        See `render`.
    """
    if not found and not damaged:
        return render([Line("there is nothing to verify", "muted")], width=width, color=color)
    good = [one for one, problems in found if not problems]
    bad = [(one, problems) for one, problems in found if problems]
    read = size_text(sum(one.size for one, _ in found))
    if not bad and not damaged:
        line = Line(f"{plural(len(good), 'checkpoint')} verified, every byte of {read}", "good")
        return render([line], width=width, color=color)
    head = f"{plural(len(bad) + len(damaged), 'checkpoint')} damaged, {len(good)} good ({read} read)"
    rows = [[Cell(one.ref), Cell("; ".join(problems), "error")] for one, problems in bad]
    rows += [[Cell(str(path)), Cell(why, "error")] for path, why in damaged]
    blocks: list[Block] = [
        Line(head, "error"),
        Table("Damaged", [Column("checkpoint", header=True), Column("what is wrong", below=1)], rows, quiet=True),
    ]
    return render(blocks, width=width, color=color)
