"""The journal survives writers that die, rotten bytes and two kernels, and never leads out of its folder."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.journal import Journal, parse_line
from jupyter_ckpt.store.marks import fold_marks, note, perhaps_pinned, pin, tag, unpin, untag

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first = journal.append("saved", name="a", loss=0.5, note="线\nzwei\u2028")
    second = journal.append("pinned", name="a")
    assert journal.read() == [first, second]
    assert journal.damaged == 0
    assert len((tmp_path / "journal.jsonl").read_bytes().splitlines()) == 2


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert Journal(tmp_path).read() == []
    assert not (tmp_path / "journal.jsonl").exists()


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_torn_last_line_is_healed_by_the_next_append(tmp_path: Path, cut: int) -> None:
    journal = Journal(tmp_path)
    journal.append("saved", name="a")
    journal.append("saved", name="b")
    raw = journal.path.read_bytes()
    journal.path.write_bytes(raw[:-cut])
    journal.append("saved", name="c")
    assert [event["name"] for event in journal.read()] in (["a", "c"], ["a", "b", "c"])
    assert journal.damaged == (0 if cut == 1 else 1)


@settings(max_examples=150, deadline=None)
@given(
    rubbish=st.lists(st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode()), max_size=6),
    data=st.data(),
)
def test_rubbish_anywhere_costs_only_its_own_lines(rubbish: list[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        journal = Journal(Path(name), fsync=False)
        written = [journal.append("saved", name=f"n{i}") for i in range(3)]
        lines = journal.path.read_bytes().splitlines()
        for piece in rubbish:
            lines.insert(data.draw(st.integers(0, len(lines))), piece)
        journal.path.write_bytes(b"\n".join(lines))
        read = journal.read()
        assert [event for event in read if event in written] == written
        assert all(isinstance(event["event"], str) for event in read)
        last = journal.append("pinned", name="z")
        assert journal.read()[-1] == last
        assert [e for e in journal.select({"pinned"}) if e == last] == [last]


@settings(max_examples=100, deadline=None)
@given(fields=st.dictionaries(st.text().filter(lambda k: k not in ("time", "event")), json_values, max_size=4))
def test_any_json_value_comes_back_as_it_was(fields: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        journal = Journal(Path(name), fsync=False)
        journal.append("metrics", **fields)
        read = journal.read()
        assert len(read) == 1
        assert {key: read[0][key] for key in fields} == json.loads(json.dumps(fields))


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_raise(line: bytes) -> None:
    entry = parse_line(line)
    assert entry is None or isinstance(entry["event"], str)


def test_depth_size_and_numbers_of_a_hostile_line_are_harmless(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.write_bytes(
        b"[" * 200_000
        + b"\n"
        + b'{"event": "saved", "time": '
        + b"9" * 10_000
        + b"}\n"
        + b'{"event": 3, "time": ""}\n'
    )
    assert journal.read() == []
    assert journal.damaged == 3
    journal.append("noted", name="a", note="x" * 2_000_000)
    assert len(journal.read()[0]["note"]) == 2_000_000


def test_select_finds_the_few_among_many(tmp_path: Path) -> None:
    journal = Journal(tmp_path, fsync=False)
    for step in range(300):
        journal.append("metrics", step=step, loss=math.nan if step == 7 else 0.1)
        if step % 100 == 0:
            journal.append("pinned", name=f"n{step}")
    assert [e["name"] for e in journal.select({"pinned", "unpinned"})] == ["n0", "n100", "n200"]
    assert [e["name"] for e in journal.select({"pinned"})] == [e["name"] for e in journal.read() if "name" in e]


def test_a_word_in_a_note_is_not_an_event(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append("noted", name="a", note='"event": "pinned"')
    journal.append("noted", name="b", note={"event": "pinned", "name": "a"})
    assert journal.select({"pinned"}) == []


def test_two_processes_do_not_mix_their_lines(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from jupyter_ckpt.store.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), fsync=False)\n"
        "for i in range(300): journal.append('metrics', who=sys.argv[2], i=i, pad='x' * (i % 97))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), who]) for who in "ab"]
    assert [process.wait(60) for process in both] == [0, 0]
    journal = Journal(tmp_path)
    events = journal.read()
    assert journal.damaged == 0
    for who in "ab":
        assert [event["i"] for event in events if event["who"] == who] == list(range(300))


def test_a_link_or_a_fifo_in_its_place_is_refused_and_nothing_outside_is_written(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    run = tmp_path / "run"
    run.mkdir()
    (run / "journal.jsonl").symlink_to(outside)
    journal = Journal(run)
    with pytest.raises(StoreError, match="journal of run could not be written"):
        journal.append("pinned", name="a")
    with pytest.raises(StoreError, match="is a link"):
        journal.read()
    assert outside.read_text() == "mine"
    journal.path.unlink()
    os.mkfifo(journal.path)
    with pytest.raises(StoreError, match="not a regular file"):
        journal.append("pinned", name="a")
    with pytest.raises(StoreError, match="not a regular file"):
        journal.read()


def test_a_failed_append_keeps_the_errno(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Journal(tmp_path / "gone").append("started")
    assert caught.value.errno == 2


def test_marks_fold_in_the_order_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    pin(journal, "a")
    pin(journal, "b")
    unpin(journal, "b")
    tag(journal, "a", "x", "y")
    untag(journal, "a", "x", "from-record")
    note(journal, "a", "first")
    note(journal, "a", "second")
    journal.append("verified", name="a")
    journal.append("corrupt", name="b")
    journal.append("tagged", name="a", tags="not a list")
    journal.append("pinned", name=["not", "text"])
    marks = fold_marks(journal.read())
    assert marks["a"].pinned
    assert not marks["b"].pinned
    assert marks["a"].tags(["from-record", "r"]) == ("r", "y")
    assert marks["a"].note == "second"
    assert (marks["a"].verified, marks["b"].verified) == ("ok", "corrupt")


def test_a_damaged_pin_is_assumed_and_a_torn_save_is_not() -> None:
    torn = [
        b'{"time": "2026-04-05T12:00:00.000Z", "event": "pinned", "name": "a\xff"',
        b'\xff\xfe\x00"pinn\x00d", "name": "epoch-10"}',
        b'{"time": "2026-04-05T12:00:00.000Z", "event": "saved", "name": "c", "si',
    ]
    assert perhaps_pinned(torn, ["a", "epoch-10", "c", "epoch-1"]) == {"a", "epoch-10"}
