"""The listing in memory follows the files, reads only what changed, and answers filters."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from pathlib import Path

import pytest

from jupyter_ckpt.errors import StoreError, UsageProblem
from jupyter_ckpt.store import marks
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.index import IndexedRun, StoreIndex
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.query import Filter, select, select_runs
from jupyter_ckpt.store.record import CommitRecord, dump_record, timestamp
from jupyter_ckpt.store.trash import trash


def save(store: Path, run: str, epoch: int, **fields) -> Path:
    folder = store / run
    folder.mkdir(parents=True, exist_ok=True)
    time_ = f"2026-04-05T12:{epoch:02d}:00.000Z"
    given = {"epoch": epoch, "size": 4, "metrics": {"acc": epoch / 10}, **fields}
    record = CommitRecord(f"epoch-{epoch:04d}", run, time_, **given)
    (folder / f"{record.name}.pt").write_bytes(b"data")
    path = folder / f"{record.name}.json"
    path.write_bytes(dump_record(record))
    Journal(folder, fsync=False).append("saved", name=record.name)
    return path


def settle(store: Path) -> None:
    """As if all of it had been written long ago."""
    old = time.time() - 100
    for folder, _, files in os.walk(store):
        for name in (*files, "."):
            os.utime(os.path.join(folder, name), (old, old))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def names(index: StoreIndex, run: str) -> list[str]:
    return [checkpoint.name for checkpoint in index.refresh()[0].runs[run].checkpoints]


def test_it_lists_what_the_catalog_lists(store: Path) -> None:
    for run in ("a", "b"):
        for epoch in range(3):
            save(store, run, epoch)
    snapshot, _ = StoreIndex(store).refresh()
    listed = Catalog(store).checkpoints()
    assert {one.ref: one for run in snapshot.runs.values() for one in run.checkpoints} == {c.ref: c for c in listed}
    assert {run.run.id: run.run for run in snapshot.runs.values()} == {run.id: run for run in Catalog(store).runs()}


@pytest.mark.parametrize("settled", [True, False])
def test_every_change_is_seen(store: Path, settled: bool) -> None:
    save(store, "a", 0)
    save(store, "b", 0)
    index = StoreIndex(store)

    def see() -> dict[str, str]:
        if settled:
            index.refresh()
            time.sleep(0.01)
        return index.refresh()[1]

    if settled:
        settle(store)
    index.refresh()
    assert see() == {}
    save(store, "a", 1)
    assert index.refresh()[1] == {"a": "saved"}
    marks.pin(Journal(store / "a"), "epoch-0001")
    assert index.refresh()[1] == {"a": "changed"}
    assert index.refresh()[0].find("a", "epoch-0001").pinned
    trash(store / "a", "epoch-0000")
    assert index.refresh()[1] == {"a": "changed"}
    assert names(index, "a") == ["epoch-0001"]
    save(store, "c", 0)
    assert index.refresh()[1] == {"c": "saved"}
    os.rename(store / "b", store.parent / "b")
    assert index.refresh()[1] == {"b": "changed"}
    assert index.refresh()[1] == {}


def test_a_record_that_is_replaced_within_its_time_stamp_is_seen(store: Path) -> None:
    path = save(store, "a", 0, note="one")
    index = StoreIndex(store)
    stamp = path.stat().st_mtime_ns, path.parent.stat().st_mtime_ns
    assert index.refresh()[0].find("a", "epoch-0000").note == "one"
    record = CommitRecord("epoch-0000", "a", "2026-04-05T12:00:00.000Z", epoch=0, size=4, note="two")
    record = dataclasses.replace(record, metrics={"acc": 0.0})
    path.write_bytes(dump_record(record))
    os.utime(path, ns=(stamp[0], stamp[0]))
    os.utime(path.parent, ns=(stamp[1], stamp[1]))
    assert index.refresh()[0].find("a", "epoch-0000").note == "two"


def test_only_what_changed_is_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for run in "abcdef":
        save(store, run, 0)
    settle(store)
    index = StoreIndex(store)
    index.refresh()
    read: list[str] = []
    from jupyter_ckpt.store import index as module

    scan = module.scan_run
    monkeypatch.setattr(module, "scan_run", lambda folder, **k: (read.append(folder.name), scan(folder, **k))[1])
    index.refresh()
    assert read == []
    save(store, "c", 1)
    index.refresh()
    assert read == ["c"]


def test_unchanged_checkpoints_stay_the_same_objects(store: Path) -> None:
    save(store, "a", 0)
    index = StoreIndex(store)
    before = index.refresh()[0].find("a", "epoch-0000")
    save(store, "a", 1)
    assert index.refresh()[0].find("a", "epoch-0000") is before


def test_the_summary_tells_how_safe_its_volume_was(store: Path) -> None:
    save(store, "a", 0, storage={"durability": "session", "reason": "x" * 1000})
    for epoch in range(1, 30):
        save(store, "a", epoch)
    settle(store)
    for _ in range(2):  # from the files, then from the run's cache
        found = StoreIndex(store).refresh()[0].find("a", "epoch-0000")
        assert found.summary.storage == {"durability": "session"}


def test_damage_is_told_and_mends(store: Path) -> None:
    path = save(store, "a", 0)
    good = path.read_bytes()
    path.write_bytes(good[:-10])
    index = StoreIndex(store)
    snapshot, _ = index.refresh()
    assert [one.name for one, _ in snapshot.damaged] == ["epoch-0000.json"]
    path.write_bytes(good)
    assert index.refresh()[0].damaged == ()


def test_a_store_that_cannot_be_listed_is_an_error_and_comes_back(store: Path) -> None:
    save(store, "a", 0)
    index = StoreIndex(store)
    index.refresh()
    os.rename(store, store.parent / "away")
    store.write_text("a file")
    with pytest.raises(StoreError):
        index.refresh()
    store.unlink()
    os.rename(store.parent / "away", store)
    assert names(index, "a") == ["epoch-0000"]


def test_many_threads_at_once(store: Path) -> None:
    index = StoreIndex(store)
    problems: list[BaseException] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            try:
                snapshot, _ = index.refresh()
                for run in snapshot.runs.values():
                    assert len(run.checkpoints) == run.run.checkpoints
            except BaseException as error:  # noqa: BLE001
                problems.append(error)
                return

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for epoch in range(20):
        save(store, f"run-{epoch % 3}", epoch)
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sum(len(run.checkpoints) for run in index.refresh()[0].runs.values()) == 20


@pytest.mark.parametrize(
    ("text", "epochs"),
    [
        ("", [0, 1, 2, 3]),
        ("acc>0.1", [2, 3]),
        ("acc<=0.1 epoch>0", [1]),
        ("acc=0.2", [2]),
        ("is:best", [3]),
        ("is:pinned", [1]),
        ("is:corrupt", [2]),
        ("tag:GOOD", [0]),
        ("Fine note", [0]),
        ("nothing-of-the-kind", []),
        ("loss>0", []),
        ("a/epoch-0001", [1]),
        ("<b>", []),
    ],
)
def test_filters(store: Path, text: str, epochs: list[int]) -> None:
    save(store, "a", 0, tags=["good"], note="a Fine NOTE")
    for epoch in (1, 2, 3):
        save(store, "a", epoch)
    marks.pin(Journal(store / "a"), "epoch-0001")
    marks.mark_verified(Journal(store / "a"), "epoch-0002", ok=False)
    run = StoreIndex(store, lambda folder, found: ("acc", "max")).refresh()[0].runs["a"]
    rows = [(one, one.name == run.best) for one in run.checkpoints]
    found = select(rows, Filter.parse(text), "epoch", descending=False)
    assert [one.epoch for one, _ in found] == epochs


def test_rows_without_the_value_come_last_either_way(store: Path) -> None:
    save(store, "a", 0, metrics={})
    save(store, "a", 1, metrics={"acc": float("nan")})
    save(store, "a", 2, metrics={"acc": 0.5})
    save(store, "a", 3, metrics={"acc": 0.1})
    rows = [(one, False) for one in StoreIndex(store).refresh()[0].runs["a"].checkpoints]
    for descending, first in ((True, [2, 3]), (False, [3, 2])):
        found = [one.epoch for one, _ in select(rows, Filter(), "metric:acc", descending=descending)]
        assert found[:2] == first
        assert set(found[2:]) == {0, 1}


def test_runs_are_filtered_and_sorted(store: Path) -> None:
    save(store, "old", 1)
    save(store, "new", 9)
    runs = list(StoreIndex(store).refresh()[0].runs.values())

    def ids(text: str, sort: str, mine: str = "") -> list[str]:
        def is_mine(one: IndexedRun) -> bool:
            return one.run.id == mine

        found = select_runs(runs, Filter.parse(text), sort, descending=True, is_mine=is_mine)
        return [one.run.id for one in found]

    assert ids("", "last") == ["new", "old"]
    assert ids("", "last", mine="old") == ["old", "new"]
    assert ids("OL", "name") == ["old"]
    assert ids("acc>0.5", "name") == ["new"]
    with pytest.raises(UsageProblem):
        ids("", "colour")


def test_growth_counts_what_stays_from_when_its_run_began() -> None:
    pytest.importorskip("jupyter_server")
    import datetime

    from jupyter_ckpt.server.growth import growth_of
    from jupyter_ckpt.store.checkpoint import Checkpoint, Run

    now = datetime.datetime(2026, 4, 5, 12, tzinfo=datetime.timezone.utc)

    def run_of(minutes: list[float], began: float) -> IndexedRun:
        def at(minute: float) -> str:
            return timestamp(now - datetime.timedelta(minutes=minute))

        records = [CommitRecord(f"e{n}", "a", at(minute), size=100) for n, minute in enumerate(minutes)]
        checkpoints = tuple(Checkpoint("a", record.name, Path("a"), record) for record in records)
        return IndexedRun(Run("a", Path("a"), info={"created": at(began)}), checkpoints)

    moment = now.timestamp()
    assert growth_of([run_of([1, 2], 60)], 10**6, moment) is None  # too few
    assert growth_of([run_of([0.1, 0.2, 0.3], 1)], 10**6, moment) is None  # too short
    assert growth_of([run_of([10**4, 10**4, 10**4], 10**4)], 10**6, moment) is None  # long ago
    found = growth_of([run_of([0, 30, 60], 60)], 7200, moment)
    assert found == {"bytes_per_day": 7200.0, "full_at": "2026-04-06T12:00:00.000Z"}
    thinned = growth_of([run_of([0, 1, 2], 1440)], 7200, moment)
    assert thinned["bytes_per_day"] == 300.0
    assert growth_of([run_of([0, 30, 60], 60)], None, moment)["full_at"] is None
