"""What a surface shows: the same thing as text for a terminal and HTML for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_ckpt.display.blocks import Block
from jupyter_ckpt.display.page import to_html
from jupyter_ckpt.display.terminal import terminal_width
from jupyter_ckpt.display.text import to_text


@dataclass(frozen=True, repr=False)
class View:
    """Something to show; the last value of a notebook cell shows itself.

    Parameters
    ----------
    text : str
        For a terminal; no line end at its end.
    html : str
        For a notebook: self-contained, without scripts, fit for light and dark.
    """

    text: str
    html: str

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def render(blocks: Sequence[Block], *, width: int | None = None, color: bool = False) -> View:
    """Text and HTML of the same blocks.

    Parameters
    ----------
    blocks : sequence of Block
        Raw text in them is cleaned and escaped here.
    width : int, optional
        Columns of the text; the terminal's when not given.
    color : bool
        Colour the text (`terminal.wants_color` says whether a terminal wants it).
    """
    return View(to_text(blocks, terminal_width(width), color), to_html(blocks))


def join(views: Sequence[View]) -> View:
    """Several views as one."""
    return View("\n\n".join(view.text for view in views), "\n".join(view.html for view in views))
