"""Text from outside shows as exactly that text, whatever it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered import shown

from jupyter_ckpt.record.escaping import code, plain

NASTY = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/a.png)",
    "<img src=x onerror=alert(1)>",
    "a|b||c",
    "`code` ``",
    "$x^2$ and $$y$$",
    "\\(x\\) \\\\(y\\\\) \\begin{align}",
    "@@0@@",
    "*bold* **b** _i_ __b__ ~~s~~",
    "val_acc_top_5",
    "# heading",
    "- item",
    "1. one",
    "> quote",
    "===",
    "---",
    "&lt;b&gt; &amp; &#60;",
    "https://example.org/x?a=1&b=2",
    "www.example.org",
    "a\\|b",
    "ends with \\",
    "<!-- comment -->",
    "a^b^ [^1]",
    "精度 100 % 🚀",
    "<details><summary>x",
    "trailing  ",
    "{x} {{y}}",
]
MARKUP = {"script", "img", "a", "em", "strong", "del", "h1", "ul", "ol", "hr", "details", "sup", "pre", "code", "li"}
texts = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30),
    st.lists(st.sampled_from(list("`*_|[]()<>$\\~#^{}!@:/-+=.&;ax1 ")), max_size=16).map("".join),
)


def read(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u200b", "")).strip()


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("escape", [plain, code])
def test_nasty_texts_are_shown_as_they_are(text: str, escape: object) -> None:
    escaped = escape(text)  # type: ignore[operator]
    page = shown(f"| Name | {escaped} |\n|:--|:--|\n| a | {escaped} |\n\n{escaped}\n")
    assert len(page.cells) == 4
    assert [read(page.cells[1]), read(page.cells[3])] == [read(text)] * 2
    assert read(page.text).endswith(read(text))
    assert not (MARKUP - {"code"} if escape is code else MARKUP) & set(page.tags)


@given(texts)
def test_any_text_is_shown_as_it_is(text: str) -> None:
    wanted = re.sub(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u061c\u180e\ufff9-\ufffb\u00ad]", "", text)
    page = shown(f"| Name | {plain(wanted)} |\n|:--|:--|\n| a | {plain(wanted)} |\n\n{plain(wanted)}\n")
    assert len(page.cells) == 4
    assert [read(page.cells[1]), read(page.cells[3])] == [read(wanted)] * 2
    assert not MARKUP & set(page.tags)


@pytest.mark.parametrize("text", NASTY)
def test_no_math_placeholder_or_mention_is_left_in_the_source(text: str) -> None:
    for escaped in (plain(text + " @someone a@b.example"), code(text + " @someone")):
        assert "$" not in escaped
        assert "@@" not in escaped
        assert "\\\\(" not in escaped
    assert not re.search(r"@\w", plain("@someone a@b.example"))


def test_names_and_paths_stay_readable_in_the_source() -> None:
    assert plain("val_acc") == "val_acc"
    assert plain("SimpleNet (fc1: 784→128, fc2: 128→10)") == "SimpleNet (fc1: 784→128, fc2: 128→10)"
    assert code("/workspace/my models/a_b-1.pt") == "`/workspace/my models/a_b-1.pt`"
    assert code(r"C:\Users\me\a_1.pt") == r"`C:\Users\me\a_1.pt`"
    assert code("") == ""
