"""Markdown as a page shows it: rendered and sanitized as Jupyter does, then read like a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import bleach
from nbconvert.filters.markdown_mistune import markdown2html_mistune

ALLOWED = [
    "a", "b", "br", "code", "del", "details", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p",
    "pre", "script", "strong", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
]  # fmt: skip
"""More than JupyterLab lets through: a script must be none already."""


@dataclass
class Page(HTMLParser):
    """What stands there."""

    tags: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    text: str = ""
    _in_cell: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.cells[-1] += data


def shown(markdown: str) -> Page:
    """The page of a Markdown text."""
    html = bleach.clean(markdown2html_mistune(markdown), tags=ALLOWED, attributes=["href", "class"])
    page = Page()
    page.feed(html)
    return page
