"""Blocks as HTML for a notebook: self-contained, no scripts, readable in light, dark and without any style."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_ckpt.display.blocks import Badge, Block, Cell, Code, Column, Details, Facts, Line, Picture, Table, Tone
from jupyter_ckpt.display.chart import svg
from jupyter_ckpt.display.clean import escape
from jupyter_ckpt.display.style import ROOT, STYLE

_LONGEST = 4000
_ONE_LINE = 24
"""Characters that a page does not break: times and words are read in one piece, and so are all names of rows."""
_SENTENCE = 60
"""From here on a cell gets room, whatever the others take."""


def to_html(blocks: Sequence[Block]) -> str:
    """The blocks in one ``<div>`` with its style."""
    return f'<div class="{ROOT}"><style>\n{STYLE}\n</style>\n{_body(blocks)}\n</div>'


def _body(blocks: Sequence[Block]) -> str:
    return "\n".join(part for part in map(_block, blocks) if part)


def _block(block: Block) -> str:
    if isinstance(block, Line):
        return f"<p{_class('jp-ckpt-Line', block.tone)}>{_inline(Cell(block.text, badges=block.badges))}</p>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Facts):
        rows = (f'<tr><th scope="row">{escape(name)}</th>{_cell(cell)}</tr>' for name, cell in block.rows)
        return f'<table class="jp-ckpt-Table">{_caption(block.caption)}<tbody>{"".join(rows)}</tbody></table>'
    if isinstance(block, Code):
        return (
            f'<p class="jp-ckpt-Line jp-ckpt-strong">{escape(block.caption)}</p>'
            f'<pre class="jp-ckpt-Code" tabindex="0"><code>{escape(block.text, lines=True)}</code></pre>'
        )
    if isinstance(block, Picture):
        return _picture(block)
    return _details(block)


def _details(block: Details) -> str:
    summary = f"<summary>{escape(block.summary)}</summary>"
    return f'<details class="jp-ckpt-Details">{summary}\n{_body(block.blocks)}\n</details>'


def _picture(block: Picture) -> str:
    drawn = svg(block.series)
    if not drawn:
        return ""
    caption = f"<figcaption>{escape(block.series.metric)}</figcaption>"
    return f'<figure class="jp-ckpt-Figure">{caption}{drawn}</figure>'


def _table(block: Table) -> str:
    shown = [i for i, _ in enumerate(block.columns) if any(row[i].text or row[i].badges for row in block.rows)]
    heads = "".join(
        f'<th scope="col"{_class("jp-ckpt-right" if block.columns[i].right else "")}>'
        f"{escape(block.columns[i].title)}</th>"
        for i in shown
    )
    rows = []
    for row in block.rows:
        rows.append(f"<tr>{''.join(_cell(row[i], block.columns[i]) for i in shown)}</tr>")
    body = "\n".join(rows)
    return (
        f'<table class="jp-ckpt-Table">{_caption(block.caption)}'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table>"
    )


def _caption(caption: str) -> str:
    return f"<caption>{escape(caption)}</caption>"


def _cell(cell: Cell, column: Column | None = None) -> str:
    tag, scope = ("th", ' scope="row"') if column and column.header else ("td", "")
    kind = "jp-ckpt-right" if column and column.right else ""
    if column and not kind:
        whole = not column.below and len(cell.text) <= (4 * _ONE_LINE if column.header else _ONE_LINE)
        kind = "jp-ckpt-whole" if whole else "jp-ckpt-long" if len(cell.text) >= _SENTENCE else ""
    title = f' title="{escape(cell.title[:_LONGEST])}"' if cell.title else ""
    return f"<{tag}{scope}{_class(kind, cell.tone)}{title}>{_inline(cell)}</{tag}>"


def _inline(cell: Cell) -> str:
    parts = [escape(cell.text[:_LONGEST])] if cell.text else []
    parts += [_badge(badge) for badge in cell.badges]
    return " ".join(parts)


def _badge(badge: Badge) -> str:
    return f"<span{_class('jp-ckpt-Badge', badge.tone)}>{escape(badge.word[:_LONGEST])}</span>"


def _class(name: str, tone: Tone = "") -> str:
    names = " ".join(part for part in (name, f"jp-ckpt-{tone}" if tone else "") if part)
    return f' class="{names}"' if names else ""
