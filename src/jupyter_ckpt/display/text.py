"""Blocks as text for a terminal: aligned, as wide as the terminal, coloured only when asked."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_ckpt.display.blocks import SHORTEN, Block, Cell, Code, Column, Details, Facts, Line, Picture, Table, Tone
from jupyter_ckpt.display.chart import sparkline
from jupyter_ckpt.display.clean import clean
from jupyter_ckpt.display.columns import cut, display_width, pad, wrap
from jupyter_ckpt.display.numbers import metric_text

_CODES = {"strong": "1", "muted": "2", "good": "32", "warning": "33", "error": "31"}
_GAP = "  "
_NARROWEST = 30
"""Of a column in which text is wrapped."""
_LONGEST = 4000
"""Characters of one text: a note of a megabyte is not worth a megabyte of terminal."""


def to_text(blocks: Sequence[Block], width: int, color: bool = False) -> str:
    """The blocks as lines of at most ``width`` columns (sources, paths and other long words excepted)."""
    found: list[str] = []
    before: Block | None = None
    for block in blocks:
        lines = _lines(block, width, color)
        if before is not None and lines and _apart(before, block):
            found.append("")
        if lines:
            before = block
        found += [line.rstrip() for line in lines]
    return "\n".join(found)


def _apart(before: Block, block: Block) -> bool:
    """Whether an empty line goes between two blocks: not between lines, nor before a quiet remark."""
    if _is_line(block):
        return not _is_line(before) and not (isinstance(block, Line) and block.tone == "muted")
    return True


def _is_line(block: Block) -> bool:
    return isinstance(block, (Line, Picture)) or (isinstance(block, Details) and block.line is not None)


def _lines(block: Block, width: int, color: bool) -> list[str]:
    if isinstance(block, Line):
        text = _plain(Cell(block.text, badges=block.badges))
        return [_paint(line, block.tone, color) for line in wrap(text, width, "  ")]
    if isinstance(block, Table):
        return _heading(block.caption, block.quiet, color) + _table(block, width, color)
    if isinstance(block, Facts):
        return _heading(block.caption, block.quiet, color) + _facts(block, width, color)
    if isinstance(block, Code):
        body = clean(block.text, lines=True).rstrip("\n").split("\n")
        return [*_heading(block.caption, False, color), *("    " + line if line else "" for line in body)]
    if isinstance(block, Picture):
        return _picture(block)
    if block.line is not None:
        return wrap(clean(block.line), width, "  ") if block.line else []
    return to_text(block.blocks, width, color).split("\n")


def _heading(caption: str, quiet: bool, color: bool) -> list[str]:
    return [] if quiet or not caption else [_paint(clean(caption), "strong", color)]


def _picture(block: Picture) -> list[str]:
    series = block.series
    finite = series.finite
    if len(finite) < 2:
        return []
    ends = f"{metric_text(finite[0][1])} → {metric_text(finite[-1][1])}"
    return [f"{clean(series.metric)}  {sparkline([y for _, y in series.points])}  {ends}"]


def _facts(block: Facts, width: int, color: bool) -> list[str]:
    rows = [(clean(name), cell) for name, cell in block.rows]
    indent = min(max((display_width(name) for name, _ in rows), default=0), width // 3)
    found = []
    for name, cell in rows:
        label = pad(cut(name, indent), indent)
        lines = wrap(_plain(cell), max(width - indent - 4, 20))
        found.append(f"  {label}{_GAP}{_paint(lines[0], cell.tone, color)}".rstrip())
        found += [" " * (indent + 4) + _paint(line.lstrip(), cell.tone, color) for line in lines[1:]]
    return found


def _table(block: Table, width: int, color: bool) -> list[str]:
    rows = [[_plain(cell) for cell in row] for row in block.rows]
    shown = [i for i, _ in enumerate(block.columns) if any(row[i] for row in rows)]
    widths = _widths(block.columns, rows, shown)
    below: list[int] = []
    dropped: list[int] = []
    for kind, i in _reductions(block.columns, shown):
        if _total(widths, shown) <= width:
            break
        if kind == "shorten":
            for row, cells in zip(rows, block.rows, strict=True):
                row[i] = clean(cells[i].short) or row[i]
            widths = _widths(block.columns, rows, shown)
            continue
        if i not in shown or len(shown) == 1:
            continue
        left = width - _total(widths, [j for j in shown if j != i]) - len(_GAP)
        if kind == "below" and i == shown[-1] and left >= _NARROWEST:
            widths[i] = left  # what is too long is wrapped within the column
            break
        shown.remove(i)
        (below if kind == "below" else dropped).append(i)
    _squeeze(widths, shown, width)
    titles = [clean(column.title) for column in block.columns]
    heads = [pad(cut(titles[i], widths[i]), widths[i], right=block.columns[i].right) for i in shown]
    found = [_paint(_GAP.join(heads).rstrip(), "muted", color)]
    for row, cells in zip(rows, block.rows, strict=True):
        parts, rest = [], []
        for i in shown:
            if i == shown[-1] and block.columns[i].below:
                row[i], *rest = wrap(row[i], widths[i])
            text = pad(cut(row[i], widths[i]), widths[i], right=block.columns[i].right)
            parts.append(_paint(text.rstrip() if i == shown[-1] else text, cells[i].tone, color))
        found.append(_GAP.join(parts).rstrip())
        margin = " " * (_total(widths, shown[:-1]) + len(_GAP))
        found += [margin + _paint(line.strip(), cells[shown[-1]].tone, color) for line in rest]
        for i in sorted(below):
            if row[i]:
                found += [_paint(line, cells[i].tone, color) for line in wrap("    " + row[i], width, "    ")]
    if dropped:
        names = ", ".join(titles[i] for i in sorted(dropped))
        found.append(_paint(cut(f"(too narrow for: {names})", width), "muted", color))
    return found


def _reductions(columns: Sequence[Column], shown: list[int]) -> list[tuple[str, int]]:
    """What to do about a table that is too wide, in this order, until it fits."""
    steps = [(SHORTEN, "shorten", i) for i in shown]
    steps += [(columns[i].below, "below", i) for i in shown if columns[i].below]
    steps += [(columns[i].drop, "drop", i) for i in shown if columns[i].drop]
    return [(kind, i) for _, kind, i in sorted(steps)]


def _plain(cell: Cell) -> str:
    text = clean(cell.text[:_LONGEST])
    badges = ", ".join(clean(badge.word[:_LONGEST]) for badge in cell.badges)
    return f"{text}  [{badges}]" if text and badges else text or badges


def _widths(columns: Sequence[Column], rows: list[list[str]], shown: list[int]) -> dict[int, int]:
    return {i: max(display_width(clean(columns[i].title)), *(display_width(row[i]) for row in rows)) for i in shown}


def _total(widths: dict[int, int], shown: list[int]) -> int:
    return sum(widths[i] for i in shown) + len(_GAP) * (len(shown) - 1)


def _squeeze(widths: dict[int, int], shown: list[int], width: int) -> None:
    """Take what is too much from the widest columns."""
    for _ in range(len(shown) * 8):
        excess = _total(widths, shown) - width
        if excess <= 0:
            return
        widest = max(shown, key=lambda i: widths[i])
        rest = max((widths[i] for i in shown if i != widest), default=0)
        widths[widest] = max(widths[widest] - min(excess, max(widths[widest] - rest, 4)), 3)


def _paint(text: str, tone: Tone, color: bool) -> str:
    return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if color and tone and text else text
