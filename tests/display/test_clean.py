"""Text out of a store cannot move the cursor, reorder what is read, or become HTML."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_ckpt.display.clean import clean, escape

_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_ANY = st.text(st.characters(exclude_categories=()))
_NASTY = st.text(
    st.sampled_from("ab \x00\x07\x08\x1b[31m\x7f\x85\x9b\r\n\t\u2028\u200e\u200f\u202e\u2066\ufeff\ud800\u061c")
)


@given(st.one_of(_ANY, _NASTY), st.booleans())
def test_nothing_harmful_is_left(text: str, lines: bool) -> None:
    result = clean(text, lines=lines)
    for char in result.replace("\n", "") if lines else result:
        assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(char) not in _BIDI
    result.encode()
    assert clean(result, lines=lines) == result


@given(st.one_of(_ANY, _NASTY))
def test_html_has_no_markup_in_it(text: str) -> None:
    escaped = escape(text)
    assert not set("<>\"'") & set(escaped)
    assert html.unescape(escaped) == clean(text)


@pytest.mark.parametrize("text", ["plain", "学习率 0.1", "naïve café", "مرحبا", "👩‍🔬 e\u0301", ""])
def test_what_people_write_stays(text: str) -> None:
    assert clean(text) == text


def test_an_escape_sequence_is_seen_and_does_nothing() -> None:
    assert clean("\x1b[2Jgone") == "␛[2Jgone"
    assert clean("a\r\nb\tc") == "a b c"
    assert clean("a\r\nb\tc\x1b", lines=True) == "a\nb   c␛"
    assert clean("user\u202etxt.exe") == "user\ufffdtxt.exe"
