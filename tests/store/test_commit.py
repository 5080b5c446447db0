"""A checkpoint exists wholly or not at all, and nothing that is there is ever replaced."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoint_files import age
from committed import commit_state, litter, same, state

from jupyter_ckpt.errors import DurabilityUncertain, NoSpace, NotCommitted, StoreError, UsageProblem
from jupyter_ckpt.store.folder import Folder, make_folders
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.leftovers import find_leftovers
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.store.prune import prune
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.record import read_record
from jupyter_ckpt.store.scan import scan_run
from jupyter_ckpt.store.temporary import temporary_name

NAME = "epoch-0001_20260405-120000"
WAYS = [{}, {"rename": False}, {"random_writes": False}, {"threads": 1}]


def reads_as(folder: Path, name: str, tree: dict[str, Any]) -> bool:
    return same(read_checkpoint(folder / f"{name}.pt", read_record(folder / f"{name}.json")).tree, tree)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run-a"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_two_files_and_nothing_else(run: Path, options: dict[str, Any]) -> None:
    record = commit_state(run, NAME, state(1), **options)
    assert sorted(os.listdir(run)) == [f"{NAME}.json", f"{NAME}.pt"]
    assert read_record(run / f"{NAME}.json") == record
    assert record.size == (run / f"{NAME}.pt").stat().st_size
    assert reads_as(run, NAME, state(1))
    assert [c.name for c in scan_run(run).checkpoints] == [NAME]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_files_have_the_users_usual_mode(run: Path) -> None:
    before = os.umask(0o027)
    try:
        commit_state(run, NAME, state(1))
    finally:
        os.umask(before)
    assert {oct((run / name).stat().st_mode & 0o777) for name in os.listdir(run)} == {"0o640"}


@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize("there", [".pt", ".json", "both"])
def test_nothing_is_replaced(run: Path, options: dict[str, Any], there: str) -> None:
    if there == "both":
        commit_state(run, NAME, state(1))
    else:
        (run / f"{NAME}{there}").write_bytes(b"somebody's only copy")
    before = {name: (run / name).read_bytes() for name in os.listdir(run)}
    with pytest.raises(NotCommitted, match="a checkpoint of that name exists") as caught:
        commit_state(run, NAME, state(2), **options)
    assert caught.value.errno == errno.EEXIST
    assert {name: (run / name).read_bytes() for name in os.listdir(run)} == before


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
@pytest.mark.parametrize("suffix", [".pt", ".json"])
def test_links_are_not_followed(run: Path, suffix: str) -> None:
    victim = run.parent / "victim"
    (run / f"{NAME}{suffix}").symlink_to(victim)
    with pytest.raises(NotCommitted):
        commit_state(run, NAME, state(1))
    assert not victim.exists()


RACE = """
import sys, time
sys.path[:0] = sys.argv[4:]
from pathlib import Path
from committed import commit_state, state
from jupyter_ckpt.errors import NotCommitted
folder, number, start = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for round in range(20):
    try:
        commit_state(folder, f"epoch-{round:04d}", state(number, elements=200))
        print(round, "won", flush=True)
    except NotCommitted as error:
        print(round, "lost" if "a checkpoint of that name exists" in str(error) else str(error), flush=True)
"""


def test_two_processes_under_one_name(run: Path) -> None:
    """Twenty names at once: each is won by one, the other is told, and what lies there is the winner's."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "src")]
    command = [sys.executable, "-c", RACE, str(run)]
    racers = [
        subprocess.Popen([*command, str(n), "0", *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in (1, 2)
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        said = [racer.communicate(timeout=60)[0].split("\n") for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
    results = [dict(line.split(" ", 1) for line in lines if line) for lines in said]
    for number in range(20):
        assert sorted(result[str(number)] for result in results) == ["lost", "won"]
        winner = next(n for n, result in enumerate(results, start=1) if result[str(number)] == "won")
        assert reads_as(run, f"epoch-{number:04d}", state(winner, elements=200))
    assert litter(run) == []


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int, int], None]:
    """Makes the n-th call of an ``os`` function fail."""

    def set_up(call: str, number: int, code: int) -> None:
        real, seen = getattr(os, call), 0

        def fails(*args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == number:
                raise OSError(code, os.strerror(code))
            return real(*args, **kwargs)

        monkeypatch.setattr(os, call, fails)

    return set_up


posix = pytest.mark.skipif(os.name != "posix", reason="counts calls that Windows does not have")


# What a commit calls, in order: fsync of the data, the folder, the record, the folder.
@posix
@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("fsync", 1),
        ("fsync", 2),
        ("fsync", 3),
        ("replace", 1),
        ("replace", 2),
        ("pwrite", 1),
        ("pwrite", 4),
        ("write", 1),
    ],
)
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE, errno.EFBIG])
def test_a_failed_step_leaves_nothing(
    run: Path, failing: Callable[[str, int, int], None], call: str, number: int, code: int
) -> None:
    commit_state(run, "epoch-0000", state(0))
    failing(call, number, code)
    with pytest.raises(NotCommitted, match=f"{NAME} was not saved.*earlier checkpoints are untouched") as caught:
        commit_state(run, NAME, state(1))
    assert caught.value.errno == code
    assert isinstance(caught.value, NoSpace) == (code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(run)) == ["epoch-0000.json", "epoch-0000.pt"]
    assert reads_as(run, "epoch-0000", state(0))
    commit_state(run, NAME, state(1))
    assert reads_as(run, NAME, state(1))


@posix
def test_a_last_step_that_fails_is_doubt_not_absence(run: Path, failing: Callable[[str, int, int], None]) -> None:
    failing("fsync", 4, errno.EIO)
    with pytest.raises(DurabilityUncertain, match="could not confirm it") as caught:
        commit_state(run, NAME, state(1))
    assert caught.value.errno == errno.EIO
    assert reads_as(run, NAME, state(1))


@posix
def test_a_volume_whose_folders_cannot_be_synced(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def fsync(fd: int) -> None:
        if os.path.isdir(fd):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    commit_state(run, NAME, state(1))
    assert reads_as(run, NAME, state(1))


def test_a_rename_that_happened_and_reported_an_error(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As over a network whose answer was lost: no record may stay whose data was taken away."""
    real, seen = os.replace, []

    def replace(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        seen.append(args)
        if len(seen) == 2:
            raise OSError(errno.ETIMEDOUT, "Connection timed out")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(NotCommitted):
        commit_state(run, NAME, state(1))
    assert os.listdir(run) == []


def test_a_state_that_cannot_be_recorded_leaves_nothing(run: Path) -> None:
    from jupyter_ckpt.store.archive import Archive
    from jupyter_ckpt.store.commit import commit

    def record(_: Any) -> Any:
        raise UsageProblem("no")

    with pytest.raises(UsageProblem):
        commit(run, NAME, Archive(state(1)), record)
    assert os.listdir(run) == []


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NotCommitted, match="epoch") as caught:
        commit_state(tmp_path / "gone", NAME, state(1))
    assert caught.value.errno == errno.ENOENT


@pytest.mark.skipif(os.name != "posix", reason="an open folder cannot be moved on Windows")
def test_a_folder_that_is_exchanged_while_saving_is_noticed(run: Path) -> None:
    """What a volume looks like that is unmounted, or mounted over."""
    exchanged = []

    def exchange(done: int, total: int) -> None:
        if not exchanged:
            exchanged.append(True)
            run.rename(run.parent / "the real one")
            run.mkdir()

    with pytest.raises(DurabilityUncertain, match="not the same folder any more") as caught:
        commit_state(run, NAME, state(1), progress=exchange, threads=1)
    assert caught.value.errno == errno.ESTALE
    assert os.listdir(run) == []
    assert reads_as(run.parent / "the real one", NAME, state(1))


def test_what_a_kill_leaves_blocks_nothing_and_is_collected(run: Path) -> None:
    """The empty file that reserved the name, and the temporary one; as left by a dead process."""
    Journal(run).append("saving", name=NAME)
    pid = subprocess.Popen([sys.executable, "-c", ""])
    pid.wait()
    temporary = temporary_name(NAME).replace(f".{os.getpid()}-", f".{pid.pid}-")
    (run / f"{NAME}.pt").touch()
    (run / temporary).write_bytes(b"half of it")
    assert scan_run(run).checkpoints == []
    with pytest.raises(NotCommitted, match="a checkpoint of that name exists"):
        commit_state(run, NAME, state(1))
    commit_state(run, "epoch-0002", state(2))
    names = set(os.listdir(run))
    assert find_leftovers(run, names, Journal(run).read(), [], now=time.time(), grace=3600) == []
    for name in (f"{NAME}.pt", temporary):
        age(run / name, 2)
    report = prune(run, KeepPolicy(), verify=lambda checkpoint: reads_as(run, checkpoint.name, state(2)))
    assert sorted(leftover.path.name for leftover in report.collected) == sorted([temporary, f"{NAME}.pt"])
    assert litter(run) == []
    commit_state(run, NAME, state(1))
    assert reads_as(run, NAME, state(1))


def test_errors_are_store_errors() -> None:
    for kind in (NotCommitted, NoSpace, DurabilityUncertain):
        assert issubclass(kind, StoreError)
        assert kind("text", 5).errno == 5


def test_make_folders_makes_them_once(tmp_path: Path) -> None:
    make_folders(tmp_path / "a" / "b" / "c")
    make_folders(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_a_held_folder_knows_whether_it_is_still_there(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with Folder(folder) as held:
        assert held.is_still_there()
        assert held.discard("not there")
        folder.rmdir()
        assert not held.is_still_there()


def test_a_training_may_go_on_with_what_it_saved(run: Path) -> None:
    """Mapped tensors of a checkpoint can be saved again under another name."""
    commit_state(run, NAME, state(1))
    tree = read_checkpoint(run / f"{NAME}.pt", read_record(run / f"{NAME}.json")).tree
    tree["model_state_dict"]["w0"].add_(1)
    commit_state(run, "epoch-0002", tree)
    assert reads_as(run, NAME, state(1))
    again = torch.load(run / "epoch-0002.pt", weights_only=True)["model_state_dict"]["w0"]
    assert torch.equal(again, state(1)["model_state_dict"]["w0"] + 1)
