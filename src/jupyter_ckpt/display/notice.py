"""A sentence or two: what a small verb did."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_ckpt.display.blocks import Block, Line
from jupyter_ckpt.display.view import View, render


def notice_view(text: str, more: Sequence[str] = (), *, width: int | None = None, color: bool = False) -> View:
    """One line, and more lines below it.

    Parameters
    ----------
    text : str
        What was done.
    more : sequence of str
        What else is worth saying.
    width, color
        See `render`.
    """
    blocks: list[Block] = [Line(text), *(Line(line, "muted") for line in more)]
    return render(blocks, width=width, color=color)
