"""The commit record: sealed, checked field by field, and never trusted to be what it says."""

from __future__ import annotations

import contextlib
import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_ckpt.errors import CorruptCheckpoint
from jupyter_ckpt.store.record import (
    CommitRecord,
    EntrySpec,
    TensorSpec,
    dump_record,
    is_safe_name,
    parse_record,
    read_record,
)

RECORD = CommitRecord(
    name="epoch-0008_step-00012500_20260405-142301",
    run="resnet18_lr0.001_20260405-120000",
    time="2026-04-05T14:23:01.123Z",
    epoch=8,
    step=12500,
    next_epoch=9,
    parent="other_20260404-120000/epoch-0001",
    metrics={"loss": 0.25, "acc": 1},
    tags=["best", "größer"],
    note="a note\nwith \u4e2d and \U0001f600",
    size=12345,
    digest="0" * 32,
    entries=[EntrySpec("data/0", 64, 400, 12345, "a" * 32)],
    tensors=[TensorSpec("model_state_dict.w", "float32", (10, 10), "data/0", 0, (10, 1), "a" * 32)],
    tracked={"model": {"kind": "model", "class": "Net"}},
    items=[{"name": "model", "outcome": "saved"}],
    hyperparameters={"lr": 0.001, "layers": [1, 2, {"a": None}]},
    durations={"write": 0.5},
)
WHOLE = dump_record(RECORD)
DATA = json.loads(WHOLE)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["..", "../x", "a/b", "", "x.tmp", 10**400, -1, "2026-13-45", "9999-12-31T23:59:59-23:59"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def sealed(data: Any) -> bytes:
    """Any JSON value with a seal that matches: what a careful forger, or a newer version, would write."""
    if isinstance(data, dict):
        data.pop("seal", None)
    raw = json.dumps({**data, "seal": ""} if isinstance(data, dict) else data).encode()
    return raw.removesuffix(b'""}') + f'"{xxhash.xxh3_128_hexdigest(raw)}"}}\n'.encode()


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, child in pairs:
        found += places(child, (*path, key))
    return found


PLACES = [path for path in places(DATA) if path != ("seal",)]


def test_round_trip() -> None:
    assert parse_record(WHOLE) == RECORD
    assert dump_record(parse_record(WHOLE)) == WHOLE


def test_it_is_one_line_of_plain_json_with_the_small_fields_first() -> None:
    assert WHOLE.count(b"\n") == 1
    assert list(DATA)[:4] == ["format", "name", "run", "time"]
    assert list(DATA)[-3:] == ["entries", "tensors", "seal"]


def test_text_that_no_encoding_takes_does_not_prevent_a_save() -> None:
    record = parse_record(dump_record(CommitRecord("n", "r", RECORD.time, note="broken \ud800 text")))
    assert record.note == "broken ? text"


def test_numbers_that_json_does_not_have() -> None:
    metrics = {"a": math.inf, "b": -math.inf, "c": math.nan}
    read = parse_record(dump_record(CommitRecord("n", "r", RECORD.time, metrics=metrics))).metrics
    assert (read["a"], read["b"], math.isnan(read["c"])) == (math.inf, -math.inf, True)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), anything, st.booleans())
def test_any_change_of_a_field_gives_a_clean_error_or_a_whole_record(
    path: tuple[Any, ...], value: Any, remove: bool
) -> None:
    data = copy.deepcopy(DATA)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    if remove:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    try:
        record = parse_record(sealed(data))
    except ValueError:
        return
    assert is_safe_name(record.name)
    assert is_safe_name(record.run)
    assert dump_record(parse_record(dump_record(record))) == dump_record(record)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_any_json_is_an_error_or_a_record(data: Any) -> None:
    with contextlib.suppress(ValueError):
        parse_record(sealed(data))


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_any_flipped_bit_is_seen(bit: int) -> None:
    raw = bytearray(WHOLE)
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"seal|cut short"):
        parse_record(bytes(raw))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=20))
def test_any_cut_or_growth_is_seen(length: int, more: bytes) -> None:
    for raw in (WHOLE[:length], WHOLE[:length] + more, WHOLE + more):
        if raw != WHOLE:
            with pytest.raises(ValueError, match=r"seal|cut short"):
                parse_record(raw)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"seal|cut short"):
        parse_record(raw)


def test_nesting_without_end_is_an_error() -> None:
    raw = b'{"format": 1, "note": ' + b"[" * 200_000 + b"]" * 200_000 + b', "seal": ""}'
    raw = raw.removesuffix(b'""}') + f'"{xxhash.xxh3_128_hexdigest(raw)}"}}\n'.encode()
    with pytest.raises(ValueError, match="nested"):
        parse_record(raw)


def test_a_newer_format_says_so() -> None:
    with pytest.raises(ValueError, match="upgrade"):
        parse_record(sealed({**DATA, "format": 2}))


def test_fields_of_later_versions_are_ignored() -> None:
    assert parse_record(sealed({**DATA, "something_new": [1]})) == RECORD


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "a\0b",
        "a\nb",
        ".hidden",
        "x.tmp",
        "x.",
        "a" * 201,
        "é",
        "-x",
        "a b",
        "con:",
    ],
)
def test_unsafe_names(name: str) -> None:
    assert not is_safe_name(name)
    with pytest.raises(ValueError, match="unsafe name"):
        parse_record(sealed({**DATA, "name": name}))


def test_a_record_under_another_name_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "epoch-0009.json"
    path.write_bytes(WHOLE)
    with pytest.raises(CorruptCheckpoint, match=r"epoch-0009\.json: the record inside is of"):
        read_record(path)
    path.write_bytes(b"{}")
    with pytest.raises(CorruptCheckpoint, match="not a valid commit record"):
        read_record(path)
