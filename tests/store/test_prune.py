"""Prune on real files: what it never takes, what it takes last, and what is left when it is killed."""

from __future__ import annotations

import contextlib
import datetime
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from checkpoint_files import age, flip_bit, make, make_run, verify
from hypothesis import given, settings
from hypothesis import strategies as st
from killed import runs_to_the_end

from jupyter_ckpt.errors import CorruptCheckpoint, StoreError
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.commit import temporary_name as name_in_commit
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.marks import mark_verified, pin, unpin
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.store.prune import PruneReport, last_policy, prunable_bytes, prune
from jupyter_ckpt.store.record import dump_record, read_record
from jupyter_ckpt.store.temporary import parse_temporary, temporary_name
from jupyter_ckpt.store.trash import list_trash, trash, untrash

LAST_1 = KeepPolicy.parse(last=1)
LAST_2 = KeepPolicy.parse(last=2)


def epochs(store: Path, run: str = "run-a") -> list[int | None]:
    return [c.epoch for c in Catalog(store).checkpoints(run)]


def removed(report: PruneReport) -> list[int | None]:
    return [c.epoch for c, _ in report.removed]


def everything(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def test_it_keeps_what_the_policy_says_and_the_rest_can_come_back(folder: Path) -> None:
    names = [make(folder, e, metrics={"loss": abs(e - 3.0)}) for e in range(8)]
    report = prune(folder, KeepPolicy.parse(last=2, best=2, metric="loss"), verify=verify)
    assert epochs(folder.parent) == [7, 6, 4, 3]
    assert removed(report) == [0, 1, 2, 5]
    assert report.freed == sum(c.size for c, _ in report.removed) == report.trash_bytes
    assert report.describe().startswith("kept 4, removed 4 (")
    untrash(folder, names[0])
    assert epochs(folder.parent) == [7, 6, 4, 3, 0]
    assert {e["name"] for e in Journal(folder).read() if e["event"] == "pruned"} == {names[i] for i in (0, 1, 2, 5)}


def test_a_dry_run_says_the_same_and_changes_nothing(folder: Path) -> None:
    for epoch in range(5):
        make(folder, epoch)
    flip_bit(folder / f"{make(folder, 5)}.pt")
    (folder / temporary_name("epoch-9")).write_bytes(b"half")
    age(next(folder.glob(".*.tmp")), 2)
    before = everything(folder.parent)
    dry = prune(folder, LAST_2, verify=verify, dry_run=True)
    assert everything(folder.parent) == before
    real = prune(folder, LAST_2, verify=verify)
    assert removed(dry) == removed(real) == [0, 1, 2, 5]
    assert [i.path for i in dry.collected] == [i.path for i in real.collected] != []
    assert dry.describe().replace("would remove", "removed").split(";")[0] == real.describe().split(";")[0]


def test_nothing_goes_before_the_replacement_verifies(folder: Path) -> None:
    make(folder, 0)
    broken = make(folder, 1)
    flip_bit(folder / f"{broken}.pt")
    report = prune(folder, LAST_1, verify=verify)
    assert epochs(folder.parent) == [0]
    assert report.corrupt == [broken]
    assert [c.name for c, _ in report.removed] == [broken]
    assert Catalog(folder.parent).checkpoints()[0].verified == "ok"


def test_a_kept_best_that_rotted_is_no_reason_to_remove_the_second_best(folder: Path) -> None:
    names = [make(folder, e, metrics={"acc": a}) for e, a in enumerate([0.7, 0.9, 0.8, 0.1])]
    flip_bit(folder / f"{names[1]}.pt")
    prune(folder, KeepPolicy.parse(best=1, metric="acc"), verify=verify)
    assert epochs(folder.parent) == [3, 2]


def test_when_none_verifies_nothing_goes(folder: Path) -> None:
    for epoch in range(4):
        flip_bit(folder / f"{make(folder, epoch)}.pt")
    report = prune(folder, LAST_1, verify=verify)
    assert report.removed == []
    assert len(report.corrupt) == 4
    assert epochs(folder.parent) == [3, 2, 1, 0]


def test_an_old_verdict_of_corrupt_is_looked_at_again(folder: Path) -> None:
    names = [make(folder, epoch) for epoch in range(3)]
    mark_verified(Journal(folder), names[2], ok=False)
    prune(folder, LAST_1, verify=verify)
    assert epochs(folder.parent) == [2]
    assert Catalog(folder.parent).checkpoints()[0].verified == "ok"


def test_what_cannot_be_read_now_is_neither_good_nor_removed(folder: Path) -> None:
    names = [make(folder, epoch) for epoch in range(4)]

    def flaky(checkpoint: Checkpoint) -> bool:
        if checkpoint.name == names[3]:
            raise OSError(5, "Input/output error")
        if checkpoint.name == names[2]:
            raise CorruptCheckpoint("other bytes")
        return verify(checkpoint)

    report = prune(folder, LAST_1, verify=flaky)
    assert epochs(folder.parent) == [3, 1]
    assert removed(report) == [0, 2]
    assert (folder / f"{names[3]}.pt", "it could not be read") in report.left
    assert "corrupt" not in [e["event"] for e in Journal(folder).read() if e.get("name") == names[3]]


def test_verified_once_is_enough_except_for_the_newest(folder: Path) -> None:
    asked: list[int | None] = []

    def counting(checkpoint: Checkpoint) -> bool:
        asked.append(checkpoint.epoch)
        return verify(checkpoint)

    for epoch in range(3):
        make(folder, epoch)
    prune(folder, KeepPolicy.parse(last=3), verify=counting)
    assert asked == []
    make(folder, 3)
    prune(folder, KeepPolicy.parse(last=3), verify=counting)
    assert asked == [3, 2, 1]
    make(folder, 4)
    prune(folder, KeepPolicy.parse(last=3), verify=counting)
    assert asked == [3, 2, 1, 4]


def test_pins_survive_policies_budgets_and_damage_of_the_journal(folder: Path) -> None:
    names = [make(folder, epoch) for epoch in range(5)]
    journal = Journal(folder)
    pin(journal, names[0])
    pin(journal, names[1])
    unpin(journal, names[1])
    prune(folder, KeepPolicy.parse(last=1, budget=1), verify=verify)
    assert epochs(folder.parent) == [4, 0]
    raw = journal.path.read_bytes()
    journal.path.write_bytes(
        raw.replace(b'"pinned", "name"', b'"p\xffnned", "name"').replace(b"\n", b"\n\x00\xff{\n")
    )
    make(folder, 5)
    report = prune(folder, LAST_1, verify=verify)
    assert epochs(folder.parent) == [5, 0]
    assert ["a damaged line of the journal may have pinned it"] in [reasons for _, reasons in report.kept]


def test_a_journal_that_cannot_be_read_stops_it(folder: Path) -> None:
    for epoch in range(3):
        make(folder, epoch)
    (folder / "journal.jsonl").mkdir()
    with pytest.raises(StoreError, match="pins are unknown, so nothing is removed"):
        prune(folder, LAST_1, verify=verify)
    assert epochs(folder.parent) == [2, 1, 0]


def test_foreign_things_are_left_and_reported(folder: Path) -> None:
    store = folder.parent
    mine = [make(folder, epoch) for epoch in range(3)]
    other = make_run(store, "run-b")
    copied = make(other, 0, name="copied")
    for suffix in (".pt", ".json"):
        shutil.copy(other / (copied + suffix), folder)
    bare = folder / "epoch-0001_20200101-000000.pt"
    shutil.copy(folder / f"{mine[0]}.pt", bare)
    for name in ("weights.pt", "notes.txt", "config.json", ".hidden.tmp", ".x.12-zz.tmp", "model.safetensors"):
        (folder / name).write_bytes(b"mine")
    broken = make(folder, 9)
    (folder / f"{broken}.json").write_bytes(b'{"seal": "cut')
    cut = make(folder, 8)
    (folder / f"{cut}.pt").write_bytes(b"half")
    for path in folder.iterdir():
        age(path, 1000)
    report = prune(folder, LAST_1, verify=verify)
    assert removed(report) == [0, 1]
    left = {path.name: why for path, why in report.left}
    assert "copied here from run run-b" in left["copied.pt"]
    assert "not ours to delete" in left[bare.name]
    assert "not ours to delete" in left["weights.pt"]
    assert "not a valid" in left[f"{broken}.json"] or "cut short" in left[f"{broken}.json"]
    assert "size is not the recorded one" in left[f"{cut}.pt"]
    there = {path.name for path in folder.iterdir()}
    assert {bare.name, "weights.pt", "notes.txt", "config.json", ".hidden.tmp", ".x.12-zz.tmp"} <= there
    assert {"copied.pt", "copied.json", f"{broken}.pt", f"{broken}.json", f"{cut}.pt", f"{cut}.json"} <= there


def test_a_valid_record_is_knowledge_even_without_a_journal(folder: Path) -> None:
    for epoch in range(3):
        make(folder, epoch)
    (folder / "run.json").unlink()
    assert removed(prune(folder, LAST_1, verify=verify)) == [0, 1]


def test_links_and_hostile_names_lead_nowhere(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = make_run(tmp_path_factory.mktemp("outside"), "run-a")
    target = make(outside, 0)
    make(folder, 1)
    make(folder, 2)
    for suffix in (".pt", ".json"):
        (folder / (target + suffix)).symlink_to(outside / (target + suffix))
    (folder / temporary_name("x")).symlink_to(outside / f"{target}.pt")
    name = make(folder, 3)
    (folder / f"{name}.json").write_bytes(
        dump_record(replace(read_record(folder / f"{name}.json"), name=f"../../{outside.parent.name}/run-a/{target}"))
    )
    Journal(folder).append("saved", name="../../../etc/passwd")
    Journal(folder).append("saved", name="x" * 2_000_000)
    before = everything(outside)
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)
    assert removed(prune(folder, LAST_1, verify=verify, now=later)) == [1]
    assert everything(outside) == before


def test_a_backward_clock_does_not_make_it_eat_the_newest_save(folder: Path) -> None:
    make(folder, 50)
    fresh = make(folder, 1)  # the clock went back two days; the journal knows what was last
    Journal(folder).append("saved", name=fresh)
    make(folder, 0)
    assert removed(prune(folder, LAST_1, verify=verify)) == [0]
    assert epochs(folder.parent) == [50, 1]


def test_what_was_resumed_from_stays_until_something_is_saved(folder: Path) -> None:
    names = [make(folder, epoch) for epoch in range(4)]
    journal = Journal(folder)
    for name in names:
        journal.append("saved", name=name)
    journal.append("resumed", name=names[1])
    prune(folder, LAST_1, verify=verify)
    assert epochs(folder.parent) == [3, 1]
    journal.append("saved", name=make(folder, 4))
    prune(folder, LAST_1, verify=verify)
    assert epochs(folder.parent) == [4]


# --- leftovers


def test_commits_temporary_names_are_recognised() -> None:
    for name in (name_in_commit("epoch-1_x"), temporary_name("epoch-1_x")):
        assert parse_temporary(name) == ("epoch-1_x", os.getpid())


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def leave(folder: Path, name: str, pid: int, hours: float, *, data: bool = True) -> list[Path]:
    """What a writer leaves when it is killed: the reserved or written data file, and a temporary file."""
    paths = [folder / f".{name}.{pid}-0123abcd.tmp"]
    paths += [folder / f"{name}.pt"] if data else []
    for path in paths:
        path.write_bytes(b"half")
        age(path, hours)
    return paths


def test_unfinished_writes_are_collected_after_the_grace_or_when_their_process_is_dead(tmp_path: Path) -> None:
    folder = make_run(tmp_path, origin={"host": socket.gethostname()})
    make(folder, 1)
    old = leave(folder, "epoch-old", os.getpid(), 1.1)
    dead = leave(folder, "epoch-dead", dead_pid(), 0.05)
    running = leave(folder, "epoch-running", os.getpid(), 0.5)
    just_now = leave(folder, "epoch-now", dead_pid(), 0)
    report = prune(folder, LAST_1, verify=verify)
    assert not any(path.exists() for path in old + dead)
    assert all(path.exists() for path in running + just_now)
    assert {item.path for item in report.collected} == {*old, *dead}
    assert report.deleted == 16
    assert report.left == []


@pytest.mark.parametrize("host", [None, "another-host"])
def test_a_process_of_another_host_is_not_taken_for_dead(tmp_path: Path, host: str | None) -> None:
    folder = make_run(tmp_path, origin={"host": socket.gethostname()} if host else {})
    if host:
        Journal(folder).append("started", host=host)
    paths = leave(folder, "epoch-7", dead_pid(), 0.5)
    prune(folder, LAST_1, verify=verify)
    assert all(path.exists() for path in paths)


def test_data_that_the_journal_knows(folder: Path) -> None:
    make(folder, 1)
    journal = Journal(folder)
    files = {}
    for name, event, hours in [
        ("begun", "saving", 2), ("failed", "save_failed", 2), ("lost", "saved", 2), ("young", "saving", 0.5),
        ("young-lost", "saved", 0.5),
    ]:  # fmt: skip
        journal.append(event, name=name)
        files[name] = folder / f"{name}.pt"
        files[name].write_bytes(b"data")
        age(files[name], hours)
    report = prune(folder, LAST_1, verify=verify)
    assert {name for name, path in files.items() if path.exists()} == {"young", "young-lost"}
    # What was once reported as saved is not deleted, only put away.
    assert [entry.name for entry in list_trash(folder.parent)] == ["lost"]
    assert {item.action for item in report.collected} == {"trash", "delete"}


def test_a_save_in_progress_is_not_disturbed(folder: Path) -> None:
    make(folder, 1)
    paths = leave(folder, "epoch-0002_x", os.getpid(), 0)
    Journal(folder).append("saving", name="epoch-0002_x")
    report = prune(folder, LAST_1, verify=verify)
    assert all(path.exists() for path in paths)
    assert (report.collected, report.left) == ([], [])


# --- the trash gives way


def test_a_run_that_saves_for_ever_does_not_fill_the_volume_with_trash(folder: Path) -> None:
    for epoch in range(12):
        make(folder, epoch)
        report = prune(folder, LAST_2, verify=verify)
    size = report.kept[0][0].size
    assert report.trash_bytes <= 3 * size
    newest = list_trash(folder.parent)[-1]
    untrash(folder, newest.name)  # the last removal can always be undone
    assert epochs(folder.parent) == [11, 10, 9]


def test_typing_it_twice_does_not_take_away_the_undo(folder: Path) -> None:
    names = [make(folder, epoch) for epoch in range(6)]
    prune(folder, LAST_1, verify=verify)
    assert prune(folder, LAST_1, verify=verify).expired == []
    untrash(folder, names[0])
    assert len(list_trash(folder.parent)) == 4


def test_what_was_removed_by_hand_keeps_its_retention(folder: Path) -> None:
    names = [make(folder, epoch) for epoch in range(3)]
    trash(folder, names[0])
    for epoch in range(3, 10):
        make(folder, epoch)
        prune(folder, LAST_1, verify=verify)
    assert names[0] in [entry.name for entry in list_trash(folder.parent)]
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=8)
    report = prune(folder, LAST_1, verify=verify, now=later)
    assert list_trash(folder.parent) == []
    assert (names[0], "its retention is over") in report.expired


def test_under_a_budget_the_trash_takes_only_what_is_left_of_it(folder: Path) -> None:
    for epoch in range(4):
        make(folder, epoch)
    size = Catalog(folder.parent).checkpoints()[0].size
    policy = KeepPolicy.parse(budget=3 * size)
    for epoch in range(4, 10):
        make(folder, epoch)
        report = prune(folder, policy, verify=verify)
    assert epochs(folder.parent) == [9, 8, 7]
    assert report.trash_bytes == size


def test_when_the_next_save_needs_the_room_the_trash_goes(folder: Path) -> None:
    for epoch in range(3):
        make(folder, epoch)
    report = prune(folder, LAST_1, verify=verify, reserve=1 << 60)
    assert report.trash_bytes == 0
    assert {why for _, why in report.expired} == {"the next save needs the room"}
    assert epochs(folder.parent) == [2]


def fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)


def test_on_a_volume_that_is_full_to_the_last_block(tmp_path: Path) -> None:
    volume = tmp_path / "small"
    volume.mkdir()
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(8 << 20)
    steps = [["mkfs.ext4", "-q", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(volume)]]
    for step in steps:
        if shutil.which(step[0]) is None or subprocess.run(step, capture_output=True).returncode:
            reason = f"cannot {' '.join(step[:1])} here"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    try:
        folder = make_run(volume)
        for epoch in range(4):
            make(folder, epoch)
        fill(volume / "filler")
        report = prune(folder, LAST_1, verify=verify)
        assert epochs(volume) == [3]
        assert len(report.removed) == 3
        assert report.deleted > 0
    finally:
        subprocess.run(["umount", str(volume)], check=True)


def test_prunable_bytes_and_the_recorded_policy(folder: Path) -> None:
    for epoch in range(3):
        make(folder, epoch)
    size = Catalog(folder.parent).checkpoints()[0].size
    assert last_policy(folder) is None
    Journal(folder).append("policy", policy=LAST_2.to_json())
    assert last_policy(folder) == LAST_2
    assert prunable_bytes(folder, LAST_1) == 2 * size
    prune(folder, LAST_2, verify=verify)
    assert prunable_bytes(folder, LAST_1) == 2 * size
    assert prunable_bytes(folder, None) == size


# --- crashes and company

PRUNE = """
from jupyter_ckpt.store.prune import prune
from jupyter_ckpt.store.preservation import KeepPolicy
import xxhash
def verify(c):
    raw = c.path.read_bytes()
    return len(raw) == c.size and xxhash.xxh3_128_hexdigest(raw) == c.record.digest
prune(store / 'run-a', KeepPolicy.parse(last=2), verify=verify)
"""


def test_killed_at_every_step_each_checkpoint_is_whole_or_in_the_trash(tmp_path: Path) -> None:
    source = make_run(tmp_path / "source")
    names = [make(source, epoch) for epoch in range(6)]
    leave(source, "epoch-dead", 1, 2)
    trash(source, names[5])
    halves = 0
    for n in range(1, 60):
        store = tmp_path / str(n)
        shutil.copytree(source.parent, store)
        folder = store / "run-a"
        ended = runs_to_the_end(n, PRUNE, store)
        for checkpoint in Catalog(store).checkpoints():
            assert verify(checkpoint)
        halves += any(not (folder / f"{name}.json").exists() and (folder / f"{name}.pt").exists() for name in names)
        assert {names[4], names[3]} <= {c.name for c in Catalog(store).checkpoints()}
        # The next call finishes it, and every checkpoint that was removed can still come back.
        prune(folder, LAST_2, verify=verify)
        assert epochs(store) == [4, 3]
        assert {path.name for path in folder.glob("*.pt")} == {f"{names[4]}.pt", f"{names[3]}.pt"}
        for entry in list_trash(store):
            untrash(folder, entry.name)
        assert epochs(store) == [5, 4, 3, 2, 1, 0]
        assert all(verify(c) for c in Catalog(store).checkpoints())
        if ended:
            assert halves >= 3
            return
    pytest.fail("it never ended")


def test_two_at_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    for epoch in range(40):
        make(folder, epoch)
    code = "import sys; from pathlib import Path; store = Path(sys.argv[1])\n" + PRUNE
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert epochs(tmp_path) == [39, 38]
    assert sum(e["event"] == "pruned" for e in Journal(folder).read()) == 38
    assert all(verify(c) for c in Catalog(tmp_path).checkpoints())


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 7),
    seed=st.integers(0, 10**6),
    options=st.sampled_from(
        [
            {"last": 1},
            {"best": 1, "metric": "loss"},
            {"every_epochs": 3},
            {"tags": ["t"]},
            {"budget": 3000},
            {"daily": 2},
        ]
    ),
)
def test_whatever_is_corrupt_pinned_or_asked_a_good_one_stays(
    count: int, seed: int, options: dict[str, object]
) -> None:
    random_ = random.Random(seed)
    with tempfile.TemporaryDirectory() as where:
        folder = make_run(Path(where))
        good, pinned = set(), set()
        for epoch in range(count):
            tags = ["t"] if random_.random() < 0.3 else []
            name = make(folder, epoch, metrics={"loss": random_.choice([0.1, 0.2, float("nan")])}, tags=tags)
            if random_.random() < 0.4:
                flip_bit(folder / f"{name}.pt")
            else:
                good.add(name)
            if random_.random() < 0.2:
                pin(Journal(folder), name)
                pinned.add(name)
        before = {c.name for c in Catalog(Path(where)).checkpoints()}
        prune(folder, KeepPolicy.parse(**options), verify=verify)  # type: ignore[arg-type]
        after = {c.name for c in Catalog(Path(where)).checkpoints()}
        assert pinned <= after
        if good:
            assert max(good) in after or after == before
        else:
            assert after == before
