"""Checkpoints to show, and checks of what is shown."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from jupyter_ckpt.display.columns import display_width
from jupyter_ckpt.display.view import View
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.record import CommitRecord, TensorSpec, timestamp

NOW = datetime.datetime(2026, 4, 5, 14, 0, tzinfo=datetime.timezone.utc)
HOSTILE = "<script>alert(1)</script> \x1b[31mred\x1b[0m \u202edesrever & \"quoted' \x9b2J\r\n"
_MARKS = ("checkpoint", "own", "tags", "pinned", "note", "verified", "verified_at")


def checkpoint(epoch: int, run: str = "mnist", **fields: Any) -> Checkpoint:
    """One that was saved ten minutes after the one of the epoch before; ``fields`` of it and of its record."""
    marks = {key: fields.pop(key) for key in _MARKS if key in fields}
    moment = NOW - datetime.timedelta(minutes=10 * (100 - epoch))
    values: dict[str, Any] = {
        "epoch": epoch,
        "step": epoch * 100,
        "next_epoch": epoch + 1,
        "metrics": {"val_loss": 1 / (epoch + 1)},
        "size": 45_100_000,
        **fields,
    }
    name = values.pop("name", f"epoch-{epoch:04d}_step-{epoch * 100:08d}_{moment:%Y%m%d-%H%M%S}")
    record = CommitRecord(name=name, run=run, time=timestamp(moment), **values)
    made = Checkpoint(run, name, Path("/data/store") / run, record, **marks)
    made.__dict__["record"] = record  # no file to read it from
    return made


def several(count: int, run: str = "mnist", **fields: Any) -> list[Checkpoint]:
    """Newest first."""
    return [checkpoint(epoch, run, **fields) for epoch in range(count, 0, -1)]


def tensor(name: str, *shape: int, dtype: str = "float32", digest: str = "d") -> TensorSpec:
    return TensorSpec(name, dtype, shape, "data/0", 0, (1,) * len(shape), digest)


class Page(HTMLParser):
    """Parses HTML and fails where tags do not balance; keeps what a test asks for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def check(view: View, width: int | None = None, longest: int = 0) -> Page:
    """What is true of every view; the parsed page.

    ``longest``: width of words that may stick out, because they have to be copied in one piece.
    """
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", view.text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", view.html)
    assert all(line == line.rstrip() for line in view.text.split("\n"))
    if width is not None:
        for line in view.text.split("\n"):
            assert display_width(line) <= max(width, longest), line
    page = Page(view.html)
    assert not page.all("script")
    for tag, attrs in page.tags:
        assert not {"src", "href", "onclick", "onload", "onerror"} & set(attrs), tag
    for tag in page.all("th"):
        assert tag.get("scope") in ("row", "col")
    assert len(page.all("caption")) == len(page.all("table"))
    assert "url(" not in view.html
    assert "@import" not in view.html
    assert view._repr_mimebundle_() == {"text/plain": view.text, "text/html": view.html}
    assert str(view) == repr(view) == view.text
    return page
