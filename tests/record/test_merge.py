"""A person's words in a cell of ours stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_ckpt.record.merge import Line, line_hash, merge

CASES = json.loads((Path(__file__).parent / "merge_cases.json").read_text("utf-8"))
KEYS = "abcdefg"
GAPS = ("gap1", "gap2")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_shared_cases(case: dict[str, Any]) -> None:
    slots = [(key, digest) for key, digest in case["slots"]]
    lines = [Line(**line) for line in case["lines"]]
    merged = merge(case["source"], slots, lines)
    assert merged.source == case["expected_source"]
    assert [list(slot) for slot in merged.slots] == case["expected_slots"]
    assert merge(merged.source, merged.slots, lines) == merged, "twice is once"


def test_the_shared_cases_have_names_of_their_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 25


def test_the_hash_is_the_start_of_a_sha_1() -> None:
    assert line_hash("") == "da39a3ee5e"
    assert line_hash("### 网络") == "27f8440b1c"


def _record(keys: list[str], version: int) -> list[Line]:
    texts = [Line(key, "" if key in GAPS else f"{key}: {version}") for key in keys]
    return list({line.key: line for line in texts}.values())


records = st.lists(st.sampled_from([*KEYS, *GAPS]), unique=True, max_size=8)
words = st.sampled_from(["mine 1", "mine 2", "mine 3", "| mine | 4 |", "我的", "  indented ", "mine\ttab"])
edits = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "change", "move", "copy"]), st.integers(0, 30), words), max_size=8
)


def _edit(source: str, changes: list[tuple[str, int, str]]) -> tuple[str, list[str]]:
    """The text after a person's changes, and the person's lines in it, in order."""
    lines = [(text, False) for text in source.split("\n")]
    for kind, number, word in changes:
        place = number % (len(lines) + 1)
        if kind == "insert":
            lines.insert(place, (word, True))
        elif place < len(lines):
            if kind == "change":
                lines[place] = (f"{word} {lines[place][0]}", True)
            elif kind == "copy":
                lines.insert(place, (f"copy of {lines[place][0]}", True))
            else:
                taken = lines.pop(place)
                if kind == "move":
                    lines.insert((number * 7) % (len(lines) + 1), taken)
    return "\n".join(text for text, _ in lines), [text for text, mine in lines if mine]


@given(records, records, records, edits, edits)
def test_a_persons_lines_are_never_lost(
    first: list[str], second: list[str], third: list[str], edit: list[Any], again: list[Any]
) -> None:
    before = merge("", [], _record(first, 1))
    source, mine = _edit(before.source, edit)
    one = merge(source, before.slots, _record(second, 2))
    assert [line for line in one.source.split("\n") if line in mine] == mine
    assert merge(one.source, one.slots, _record(second, 2)) == one, "twice is once"
    source, added = _edit(one.source, again)
    kept = [line for line in source.split("\n") if line in mine or line in added]
    two = merge(source, one.slots, _record(third, 3))
    assert [line for line in two.source.split("\n") if line in kept] == kept
    assert merge(two.source, two.slots, _record(third, 3)) == two


@given(records, records)
def test_without_a_persons_changes_the_cell_is_the_record(first: list[str], second: list[str]) -> None:
    before = merge("", [], _record(first, 1))
    wanted = _record([key for key in KEYS if key in second] + [gap for gap in GAPS if gap in second], 2)
    after = merge(before.source, before.slots, wanted)
    if any(key in KEYS for key in first):
        assert sorted(after.source.split("\n")) == sorted(line.text for line in wanted) or not wanted
        assert dict(after.slots) == {line.key: line_hash(line.text) for line in wanted}
