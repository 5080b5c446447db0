"""Blocks become text that fits a terminal and HTML that is well formed, whatever is in them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shown import HOSTILE, check

from jupyter_ckpt.display.blocks import Badge, Cell, Code, Column, Details, Facts, Line, Table
from jupyter_ckpt.display.columns import display_width
from jupyter_ckpt.display.terminal import wants_color
from jupyter_ckpt.display.view import join, render

_TEXT = st.text(max_size=60)
_CELL = st.builds(Cell, _TEXT, title=_TEXT, short=_TEXT, badges=st.tuples(st.builds(Badge, _TEXT)) | st.just(()))
_COLUMN = st.builds(Column, _TEXT, st.booleans(), st.integers(0, 9), st.integers(0, 9), st.booleans())
_TABLE = st.integers(1, 6).flatmap(
    lambda n: st.builds(
        Table,
        _TEXT,
        st.lists(_COLUMN, min_size=n, max_size=n),
        st.lists(st.lists(_CELL, min_size=n, max_size=n), max_size=4),
    )
)
_BLOCK = st.one_of(
    _TABLE,
    st.builds(Line, _TEXT),
    st.builds(Facts, _TEXT, st.lists(st.tuples(_TEXT, _CELL), max_size=4)),
    st.builds(Code, _TEXT, _TEXT),
    st.builds(Details, _TEXT, st.tuples(_TABLE), _TEXT | st.none()),
)


@given(st.lists(_BLOCK, max_size=3), st.integers(10, 200))
@settings(max_examples=150, deadline=None)
def test_whatever_is_in_them(blocks: list[object], width: int) -> None:
    view = render(blocks, width=width)  # type: ignore[arg-type]
    check(view)


def test_nothing_of_a_file_becomes_markup_or_moves_the_cursor() -> None:
    cell = Cell(HOSTILE, title=HOSTILE, short=HOSTILE, badges=(Badge(HOSTILE),))
    blocks = [
        Line(HOSTILE),
        Table(HOSTILE, [Column(HOSTILE, header=True)], [[cell]]),
        Facts(HOSTILE, [(HOSTILE, cell)]),
        Code(HOSTILE, HOSTILE),
        Details(HOSTILE, [Line(HOSTILE)]),
    ]
    for width in (40, 200):
        view = render(blocks, width=width)
        page = check(view)
        assert "<script>alert(1)</script>" in page.text
        assert "␛[31mred" in view.text


@pytest.mark.parametrize("width", range(40, 161, 7))
def test_a_table_fits_and_is_aligned(width: int) -> None:
    rows = [
        [Cell("学习率-" * 5, short="学习"), Cell("1"), Cell("a note of some words " * 3), Cell("x" * 30)],
        [Cell("epoch-0001_step-000100", short="epoch-0001"), Cell("123"), Cell(), Cell("y")],
    ]
    columns = [Column("name", header=True), Column("n", right=True), Column("note", below=1), Column("more", drop=3)]
    lines = render([Table("", columns, rows)], width=width).text.split("\n")
    assert all(display_width(line) <= width for line in lines)
    assert width < 80 or "学习率-" * 5 in "".join(lines)
    first, last = (line for line in lines if line.startswith(("name", "epoch-0001")))
    end = f"{first} ".index(" n ") + 2
    assert last[end - 3 : end] == "123"
    assert "a note of some words" in " ".join(" ".join(lines).split())


def test_a_column_that_is_left_out_is_named() -> None:
    columns = [Column("name", header=True), Column("step", drop=1)]
    table = Table("", columns, [[Cell("n" * 38), Cell("100")]])
    assert "(too narrow for: step)" in render([table], width=40).text
    assert "too narrow" not in render([table], width=60).text


def test_empty_columns_are_not_shown() -> None:
    view = render([Table("", [Column("name", header=True), Column("note")], [[Cell("a"), Cell()]])], width=80)
    assert "note" not in view.text
    assert "note" not in check(view).text


def test_colour_only_when_asked() -> None:
    blocks = [
        Line("strong", "strong"),
        Table("t", [Column("a", header=True), Column("b")], [[Cell("x", "good"), Cell("y")]]),
    ]
    plain, painted = (render(blocks, width=60, color=color) for color in (False, True))
    assert "\x1b" not in plain.text
    assert "\x1b[1mstrong\x1b[0m" in painted.text
    assert re.sub("\x1b\\[[0-9;]*m", "", painted.text) == plain.text
    assert painted.html == plain.html


class _Tty:
    def isatty(self) -> bool:
        return True


def test_no_color_is_respected() -> None:
    out = _Tty()
    assert wants_color(out, {})  # type: ignore[arg-type]
    assert not wants_color(out, {"NO_COLOR": "1"})  # type: ignore[arg-type]
    assert not wants_color(out, {"TERM": "dumb"})  # type: ignore[arg-type]
    assert not wants_color(open(__file__), {})  # noqa: SIM115


def test_joined_views_show_both() -> None:
    both = join([render([Line("one")]), render([Line("two")])])
    assert both.text == "one\n\ntwo"
    assert check(both).text == "one two"


def test_it_imports_without_torch_or_ipython() -> None:
    code = (
        "import sys; from jupyter_ckpt.display import checkpoints, show, diff, storage, receipts, prune, status,"
        " progress; sys.exit(bool({'torch', 'IPython', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
