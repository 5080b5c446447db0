"""A removal can be undone, is finished after a crash, and never leads out of the store."""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path

import pytest
from checkpoint_files import age, flip_bit, loads, make, make_run, verify
from killed import runs_to_the_end

from jupyter_ckpt.errors import StoreError, UnknownName, UsageProblem
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.lock import removal_lock
from jupyter_ckpt.store.marks import mark_verified, pin
from jupyter_ckpt.store.trash import empty_trash, list_trash, trash, untrash
from jupyter_ckpt.store.trash_folder import TrashFolder

NONE = datetime.timedelta(0)


def in_days(days: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)


def listed(store: Path) -> list[str]:
    return [c.name for c in Catalog(store).checkpoints()]


def test_out_and_back(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, epoch) for epoch in range(3)]
    pin(Journal(folder), names[2])
    entry = trash(folder, names[1])
    assert (entry.ref, entry.size > 0) == (f"run-a/{names[1]}", True)
    assert listed(tmp_path) == [names[2], names[0]]
    assert [e.name for e in list_trash(tmp_path)] == [names[1]]
    untrash(folder, names[1])
    assert listed(tmp_path) == names[::-1]
    assert all(verify(c) for c in Catalog(tmp_path).checkpoints())
    assert loads(folder / f"{names[1]}.pt") == 1
    assert [e["event"] for e in Journal(folder).read()] == ["pinned", "trashed", "untrashed"]


def test_what_may_not_go(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, epoch) for epoch in range(3)]
    pin(Journal(folder), names[0])
    with pytest.raises(UsageProblem, match="is pinned: unpin it first"):
        trash(folder, names[0])
    with pytest.raises(UnknownName, match="did you mean epoch-0001"):
        trash(folder, names[1][:-1])
    for hostile in ("../run-a/x", "", "x" * 2_000_000):
        with pytest.raises(UnknownName):
            trash(folder, hostile)
    # The others are corrupt or cut: the remaining one is the last good one.
    mark_verified(Journal(folder), names[0], ok=False)
    (folder / f"{names[2]}.pt").write_bytes(b"cut")
    with pytest.raises(UsageProblem, match="last good checkpoint"):
        trash(folder, names[1])
    assert len(listed(tmp_path)) == 3
    trash(folder, names[1], force=True)
    assert names[1] not in listed(tmp_path)


def test_retention(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, epoch) for epoch in range(3)]
    age(folder / f"{names[0]}.json", 24 * 365)  # saved a year ago, removed now
    trash(folder, names[0])
    assert empty_trash(tmp_path).deleted == []
    assert empty_trash(tmp_path, now=in_days(6.9)).deleted == []
    done = empty_trash(tmp_path, now=in_days(7.1))
    assert [entry.name for entry in done.deleted] == [names[0]]
    assert done.freed > 0
    assert list_trash(tmp_path) == []
    assert Journal(folder).read()[-1]["event"] == "expired"
    with pytest.raises(UnknownName):
        untrash(folder, names[0])
    assert listed(tmp_path) == [names[2], names[1]]


def test_the_trash_outlives_the_run_folder(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, epoch) for epoch in range(3)]
    trash(folder, names[0])
    shutil.rmtree(folder)
    untrash(folder, names[0])
    assert [c.ref for c in Catalog(tmp_path).checkpoints()] == [f"run-a/{names[0]}"]
    assert verify(Catalog(tmp_path).checkpoints()[0])


def test_what_lies_in_the_trash_but_is_not_ours_stays(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, epoch) for epoch in range(3)]
    trash(folder, names[0])
    place = tmp_path / ".trash" / "run-a"
    (place / "weights.pt").write_bytes(b"somebody's")
    (place / "notes.txt").write_text("mine")
    (tmp_path / ".trash" / "stray.txt").write_text("mine")
    done = empty_trash(tmp_path, NONE)
    assert [entry.name for entry in done.deleted] == [names[0]]
    assert {path.name for path, _ in done.left} == {"weights", "stray.txt"}
    assert {p.name for p in place.iterdir()} == {"weights.pt", "notes.txt"}


@pytest.mark.parametrize("where", [".trash", ".trash/run-a"])
def test_a_trash_that_is_a_link_is_refused(tmp_path: Path, where: str) -> None:
    store, outside = tmp_path / "store", tmp_path / "outside"
    folder = make_run(store)
    names = [make(folder, epoch) for epoch in range(2)]
    foreign = make(make_run(outside), 9)
    (outside / "run-a").rename(outside / "kept")
    (store / where).parent.mkdir(exist_ok=True)
    (store / where).symlink_to(outside / "kept" if "/" in where else outside)
    with pytest.raises(StoreError, match="link"):
        trash(folder, names[0])
    if where == ".trash":
        with pytest.raises(StoreError, match="link"):
            empty_trash(store, NONE)
    else:
        assert empty_trash(store, NONE).deleted == []
    assert len(listed(store)) == 2
    assert (outside / "kept" / f"{foreign}.pt").exists()


def test_a_run_that_is_a_link_is_refused(tmp_path: Path) -> None:
    real = make_run(tmp_path / "elsewhere")
    name = make(real, 1)
    make(real, 2)
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "run-a").symlink_to(real)
    for odd in (
        tmp_path / "store" / "run-a",
        tmp_path / "store" / ".." / "elsewhere" / "run-a" / "..",
        tmp_path / "no",
    ):
        with pytest.raises(StoreError):
            trash(odd, name)
    assert (real / f"{name}.json").exists()


def test_a_name_that_is_taken_again_is_not_overwritten(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, epoch) for epoch in range(2)]
    trash(folder, names[0])
    make(folder, 7, name=names[0])
    with pytest.raises(StoreError, match="there again"):
        untrash(folder, names[0])
    with pytest.raises(StoreError, match="trash has one of that name already"):
        trash(folder, names[0])
    assert loads(folder / f"{names[0]}.pt") == 7
    assert loads(tmp_path / ".trash" / "run-a" / f"{names[0]}.pt") == 0


def test_another_process_at_work_is_waited_for_and_then_said(tmp_path: Path) -> None:
    with removal_lock(tmp_path) as held:
        if not held:
            pytest.skip("this platform has no flock")
        with pytest.raises(StoreError, match="another kernel is removing"):
            with removal_lock(tmp_path, wait=0.1):
                pass
    with removal_lock(tmp_path, wait=0):
        pass


TRASH = "from jupyter_ckpt.store.trash import trash; trash(store / 'run-a', sys.argv[2])"
UNTRASH = "from jupyter_ckpt.store.trash import untrash; untrash(store / 'run-a', sys.argv[2])"
EMPTY = "import datetime; from jupyter_ckpt.store.trash import empty_trash; empty_trash(store, datetime.timedelta(0))"


def whole_in_trash(store: Path, name: str) -> bool:
    entries = {entry.name: entry for entry in list_trash(store)}
    record = entries[name].record if name in entries else None
    return record is not None and entries[name].size == record.size


@pytest.mark.parametrize("code", [TRASH, UNTRASH])
def test_killed_at_every_step_it_is_whole_here_or_there(tmp_path: Path, code: str) -> None:
    for n in range(1, 40):
        store = tmp_path / str(n)
        folder = make_run(store)
        names = [make(folder, epoch) for epoch in range(3)]
        if code == UNTRASH:
            trash(folder, names[1])
        ended = runs_to_the_end(n, code, store, names[1])
        if names[1] in listed(store):
            assert verify(Catalog(store).find(names[1]))
            assert names[1] not in [entry.name for entry in list_trash(store)]
        else:
            TrashFolder(store, "run-a").repair()  # what every next call begins with
            assert whole_in_trash(store, names[1])
            assert not (folder / f"{names[1]}.pt").exists()
            untrash(folder, names[1])
            assert verify(Catalog(store).find(names[1]))
        assert {names[0], names[2]} <= set(listed(store))
        if ended:
            assert n > 2
            return
    pytest.fail("it never ended")


def test_emptying_that_was_killed_is_finished_by_the_next_call(tmp_path: Path) -> None:
    for n in range(1, 40):
        store = tmp_path / str(n)
        folder = make_run(store)
        names = [make(folder, epoch) for epoch in range(4)]
        trash(folder, names[0])
        trash(folder, names[1])
        ended = runs_to_the_end(n, EMPTY, store)
        assert set(listed(store)) == set(names[2:])
        empty_trash(store, NONE)
        assert list_trash(store) == []
        assert not any(file for _, _, files in os.walk(store / ".trash") for file in files)
        if ended:
            assert n > 4
            return
    pytest.fail("it never ended")


def test_a_corrupt_one_can_be_removed_and_brought_back(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    names = [make(folder, epoch) for epoch in range(2)]
    flip_bit(folder / f"{names[0]}.pt")
    trash(folder, names[0])
    untrash(folder, names[0])
    assert not verify(Catalog(tmp_path).find(names[0]))
