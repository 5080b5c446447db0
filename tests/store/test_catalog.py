"""The catalog tells what the files tell, whatever lies among them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from checkpoint_files import START, make, make_run
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_ckpt.errors import CorruptCheckpoint, UnknownName, UsageProblem
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.marks import note, pin, tag, untag
from jupyter_ckpt.store.record import dump_record, read_record
from jupyter_ckpt.store.record_cache import CACHE_FILE


def test_it_imports_without_torch() -> None:
    code = (
        "import sys; from jupyter_ckpt.store import catalog, journal, preservation, prune, trash, space, marks;"
        " sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_store_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "none")
    assert catalog.runs() == []
    assert catalog.checkpoints() == []
    assert catalog.latest() is None


def test_newest_first_over_all_runs_with_journal_marks(tmp_path: Path) -> None:
    first, second = make_run(tmp_path, "run-a"), make_run(tmp_path, "run-b")
    names = [make(first, epoch, metrics={"loss": 1 / (epoch + 1)}, tags=["r"]) for epoch in (0, 2)]
    other = make(second, 1)
    journal = Journal(first)
    pin(journal, names[0])
    tag(journal, names[0], "good")
    untag(journal, names[0], "r")
    note(journal, names[0], "a note")
    catalog = Catalog(tmp_path)
    assert [c.ref for c in catalog.checkpoints()] == [f"run-a/{names[1]}", f"run-b/{other}", f"run-a/{names[0]}"]
    oldest = catalog.checkpoints("run-a")[-1]
    assert (oldest.pinned, oldest.tags, oldest.note, oldest.own) == (True, ("good",), "a note", True)
    assert oldest.record == read_record(oldest.record_path)
    assert oldest.is_whole()
    assert [(run.id, run.checkpoints) for run in catalog.runs()] == [("run-a", 2), ("run-b", 1)]
    best = catalog.runs()[0].best["loss"]
    assert (best.name, best.mode) == (names[1], "min")
    assert catalog.damaged == []


def test_runs_of_one_notebook(tmp_path: Path) -> None:
    make(make_run(tmp_path, "run-a", origin={"kind": "notebook", "path": "/n/a.ipynb", "host": "h"}), 1)
    make(make_run(tmp_path, "run-b", origin={"kind": "script", "path": "/n/b.py", "host": "h"}), 1)
    make(make_run(tmp_path, "run-c", origin="hostile"), 1)
    catalog = Catalog(tmp_path)
    assert [c.run for c in catalog.checkpoints(origin="/n/a.ipynb")] == ["run-a"]
    assert [c.run for c in catalog.checkpoints(origin={"kind": "script"})] == ["run-b"]


def test_find(tmp_path: Path) -> None:
    first, second = make_run(tmp_path, "run-a"), make_run(tmp_path, "run-b")
    names = [make(first, epoch) for epoch in (1, 2, 12)]
    twin = make(second, 1)
    catalog = Catalog(tmp_path)
    assert twin == names[0]
    assert catalog.find(names[1]).name == names[1]
    assert catalog.find(f"run-b/{twin}").run == "run-b"
    assert catalog.find("epoch-0012").name == names[2]
    assert catalog.find("run-a/epoch-00").name == names[2]
    assert catalog.find("epoch-0001", run="run-b").run == "run-b"
    with pytest.raises(UsageProblem, match=r"in 2 runs: say which, as in run-[ab]/"):
        catalog.find(twin)
    with pytest.raises(UnknownName, match="did you mean epoch-0012"):
        catalog.find("epohc-0012_20260406-000000")
    with pytest.raises(UnknownName, match="did you mean run-"):
        catalog.checkpoints("run-x")
    for hostile in ("", "../x", "run-a/../../etc", "\x00", "a\nb", "x" * 2_000_000, "run-a/"):
        with pytest.raises(UnknownName) as caught:
            catalog.find(hostile)
        assert len(str(caught.value)) < 600
        assert "\n" not in str(caught.value)


def test_best(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, i, metrics={"val_loss": v}) for i, v in enumerate([0.3, float("nan"), 0.1, 0.1])]
    catalog = Catalog(tmp_path)
    assert catalog.best("val_loss", "min").name == names[3]
    assert catalog.best("val_loss", "max").name == names[0]
    with pytest.raises(UnknownName, match="did you mean val_loss"):
        catalog.best("val_los", "min")


def test_what_is_no_checkpoint_is_said_and_nothing_outside_is_touched(tmp_path: Path) -> None:
    store, outside = tmp_path / "store", tmp_path / "outside"
    folder = make_run(store)
    good = make(folder, 1)
    elsewhere = make_run(outside, "run-z")
    stray = make(elsewhere, 5)
    before = {path: path.stat().st_mtime_ns for path in elsewhere.iterdir()}
    (store / "linked").symlink_to(elsewhere)
    (folder / f"{stray}.json").symlink_to(elsewhere / f"{stray}.json")
    (folder / f"{stray}.pt").symlink_to(elsewhere / f"{stray}.pt")
    linked_data = make(folder, 6)
    (folder / f"{linked_data}.pt").unlink()
    (folder / f"{linked_data}.pt").symlink_to(elsewhere / f"{stray}.pt")
    no_data = make(folder, 2)
    (folder / f"{no_data}.pt").unlink()
    cut = make(folder, 3)
    raw = (folder / f"{cut}.json").read_bytes()
    (folder / f"{cut}.json").write_bytes(raw[:-30])
    flipped = make(folder, 4)
    (folder / f"{flipped}.json").write_bytes(raw.replace(b'"step": 300', b'"step": 301'))
    renamed = make(folder, 7)
    shutil.copy(folder / f"{renamed}.json", folder / "other.json")
    shutil.copy(folder / f"{renamed}.pt", folder / "other.pt")
    os.mkfifo(folder / "pipe.json")
    (folder / "dir.json").mkdir()
    (folder / "\x01bad\n.json").write_text('{"seal": ""}')
    (folder / "config.json").write_text('{"mine": 1}')
    (folder / "deep.json").write_text("[" * 100_000 + '"seal"')
    catalog = Catalog(store)
    assert [c.name for c in catalog.checkpoints()] == [renamed, good]
    said = {path.name: why for path, why in catalog.damaged}
    assert "link" in said["linked"]
    assert "regular file" in said[f"{stray}.json"]
    assert "data file is not a regular" in said[f"{linked_data}.json"]
    assert "data file is missing" in said[f"{no_data}.json"]
    assert "cut short" in said[f"{cut}.json"]
    assert "seal" in said[f"{flipped}.json"]
    assert "record inside" in said["other.json"]
    assert {"pipe.json", "dir.json", "\x01bad\n.json", "deep.json"} <= said.keys()
    assert "config.json" not in said
    assert {path: path.stat().st_mtime_ns for path in elsewhere.iterdir()} == before


def test_hostile_but_valid_records(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    make(folder, 1, note="x" * 2_000_000, tags=["\x1b[31m"], metrics={"loss": 10**400, "\n": float("inf")})
    make(folder, 2, time="0001-01-01T00:00:00+23:59")
    make(folder, 3, time="9999-12-31T23:59:59-23:59")
    make(folder, 4, time="2026-04-05T12:00:00")
    name = make(folder, 5)
    record = replace(read_record(folder / f"{name}.json"), name="../../evil")
    (folder / f"{name}.json").write_bytes(dump_record(record))
    catalog = Catalog(tmp_path)
    assert [c.epoch for c in catalog.checkpoints()] == [3, 1, 4, 2]
    assert "unsafe name" in catalog.damaged[0][1]
    assert catalog.runs()[0].checkpoints == 4


@pytest.mark.parametrize(
    "info", [b"", b"[]", b"\xff", b'{"run": 3, "origin": 4, "created": [], "hyperparameters": 1}']
)
def test_a_strange_run_json_does_not_hide_the_run(tmp_path: Path, info: bytes) -> None:
    folder = make_run(tmp_path)
    make(folder, 1)
    (folder / "run.json").write_bytes(info)
    run = Catalog(tmp_path).runs()[0]
    assert (run.id, run.checkpoints, run.origin, run.hyperparameters, run.created) == ("run-a", 1, {}, {}, None)


def test_a_copy_from_another_run_is_listed_as_such(tmp_path: Path) -> None:
    first, second = make_run(tmp_path, "run-a"), make_run(tmp_path, "run-b")
    name = make(first, 1)
    for suffix in (".pt", ".json"):
        shutil.copy(first / (name + suffix), second)
    assert [(c.run, c.own) for c in Catalog(tmp_path).checkpoints("run-b")] == [("run-b", False)]
    first.rename(tmp_path / "renamed")
    assert [c.own for c in Catalog(tmp_path).checkpoints("renamed")] == [True]


def many(folder: Path, count: int = 30) -> list[str]:
    names = [make(folder, i, metrics={"loss": i + 0.5}, note=f"n{i}") for i in range(count)]
    for path in folder.glob("epoch*.json"):
        os.utime(path, (START.timestamp(), START.timestamp()))
    return names


def test_the_cache_answers_the_same_and_is_never_trusted_over_the_files(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = many(folder)
    cold = Catalog(tmp_path).checkpoints()
    assert (folder / CACHE_FILE).exists()
    assert Catalog(tmp_path).checkpoints() == cold
    # A record that changed, one that went, and a cache in which somebody edited a value.
    make(folder, 3, name=names[3], note="rewritten")
    (folder / f"{names[4]}.json").unlink()
    listed = {c.name: c for c in Catalog(tmp_path).checkpoints()}
    assert listed[names[3]].note == "rewritten"
    assert names[4] not in listed
    cache = folder / CACHE_FILE
    cache.write_bytes(cache.read_bytes().replace(b'"note":"n7"', b'"note":"xx"'))
    assert {c.name: c for c in Catalog(tmp_path).checkpoints()}[names[7]].note == "n7"
    (folder / f"{names[9]}.pt").unlink()
    catalog = Catalog(tmp_path)
    assert names[9] not in [c.name for c in catalog.checkpoints()]
    assert any("data file is missing" in why for _, why in catalog.damaged)


def test_a_record_that_rotted_after_listing_is_noticed_when_read(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    name = make(folder, 1)
    checkpoint = Catalog(tmp_path).find(name)
    (folder / f"{name}.json").write_bytes(b"{}")
    with pytest.raises(CorruptCheckpoint):
        assert checkpoint.record


def test_a_link_in_the_caches_place_is_not_followed(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "store")
    many(folder)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (folder / CACHE_FILE).symlink_to(outside)
    assert len(Catalog(tmp_path / "store").checkpoints()) == 30
    assert outside.read_text() == "mine"


@settings(max_examples=60, deadline=None)
@given(cache=st.binary(max_size=300), info=st.binary(max_size=60), journal=st.binary(max_size=200))
def test_no_bytes_in_its_side_files_make_it_raise(cache: bytes, info: bytes, journal: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = make_run(Path(name))
        made = make(folder, 1)
        (folder / CACHE_FILE).write_bytes(cache)
        (folder / "run.json").write_bytes(info)
        (folder / "journal.jsonl").write_bytes(journal)
        (folder / "rubbish.json").write_bytes(cache)
        assert [c.name for c in Catalog(Path(name)).checkpoints()] == [made]
