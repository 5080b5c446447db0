"""Widths are those that a terminal takes up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_ckpt.display.clean import clean
from jupyter_ckpt.display.columns import cut, display_width, pad, wrap

_TEXT = st.text(st.sampled_from("ab cd 学習 한글、e\u0301👩‍🔬")).map(clean)


def test_widths() -> None:
    assert display_width("abc") == 3
    assert display_width("学习率") == 6
    assert display_width("e\u0301") == 1
    assert cut("学习率", 4) == "学…"
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
    assert pad("学", 4, right=True) == "  学"


def test_marks_of_no_width_do_not_go_on_for_ever() -> None:
    assert len(cut("a" + "\u0301" * 10_000, 10)) < 100


@given(_TEXT, st.integers(1, 30))
def test_a_cut_text_fits(text: str, width: int) -> None:
    assert display_width(cut(text, width)) <= width
    assert display_width(pad(cut(text, width), width)) == width


@given(_TEXT, st.integers(6, 30))
def test_wrapping_fits_and_loses_nothing(text: str, width: int) -> None:
    lines = wrap(text, width, "  ")
    assert "".join("".join(lines).split()) == "".join(text.split())
    longest = max((display_width(word) for word in text.split()), default=0)
    assert all(display_width(line) <= max(width, longest + 2) for line in lines)


def test_a_path_stays_in_one_piece() -> None:
    path = "/a/very/long/path/that/is/to/be/copied"
    assert path in wrap(f"it lies in {path} now", 20, "  ")[1]
