"""What a view is built of: lines, tables, facts, code, a chart. Plain data with raw text in it.

`render` makes terminal text and HTML of the same blocks and does all cleaning and escaping, so that no view has to
think of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jupyter_ckpt.display.chart import Series

Tone = Literal["", "strong", "muted", "good", "warning", "error"]
"""How a text is meant. Never the only carrier of a meaning: the words say it too."""


SHORTEN = 2


@dataclass(frozen=True)
class Badge:
    """One word or two about a thing."""

    word: str
    tone: Tone = ""


@dataclass(frozen=True)
class Cell:
    """A piece of text in a table.

    Parameters
    ----------
    text : str
        What it says.
    tone : Tone
        How it is meant.
    title : str
        More, shown in a page when pointed at.
    short : str
        What a narrow terminal shows instead.
    badges : tuple of Badge
        Follow the text.
    """

    text: str = ""
    tone: Tone = ""
    title: str = ""
    short: str = ""
    badges: tuple[Badge, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a `Table`; one whose cells are all empty is not shown.

    Parameters
    ----------
    title : str
        Its heading.
    right : bool
        Aligned at the right: numbers.
    drop, below : int
        What a terminal does that is too narrow: leave the column out, or put its text below the row. The lowest
        number goes first, 0 never; `SHORTEN` is when `Cell.short` comes in.
    header : bool
        It names the row.
    """

    title: str
    right: bool = False
    drop: int = 0
    below: int = 0
    header: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under headings; ``quiet``: a terminal does not show the caption."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    quiet: bool = False


@dataclass(frozen=True)
class Facts:
    """Names and what belongs to them, one a line."""

    caption: str
    rows: Sequence[tuple[str, Cell]]
    quiet: bool = False


@dataclass(frozen=True)
class Line:
    """A paragraph of its own."""

    text: str
    tone: Tone = ""
    badges: tuple[Badge, ...] = ()


@dataclass(frozen=True)
class Code:
    """Lines to be read or copied as they are, under a caption."""

    caption: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A metric over time: a chart in a page, a row of bars in a terminal."""

    series: Series


@dataclass(frozen=True)
class Details:
    """Blocks that a page shows when asked to; ``line`` is what a terminal says instead (None: all of it)."""

    summary: str
    blocks: Sequence[Block]
    line: str | None = None


Block = Table | Facts | Line | Code | Picture | Details
