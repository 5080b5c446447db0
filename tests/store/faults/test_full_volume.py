"""A volume without room: one clear line, the earlier checkpoints whole, nothing left behind, the space given back."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from committed import commit_state, litter, same, state
from loop_volume import need_volumes, sh, volume

from jupyter_ckpt.errors import NoSpace, NotCommitted, StoreError
from jupyter_ckpt.store import space
from jupyter_ckpt.store.export import export
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.record import read_record

Need = Callable[[object, str], None]
LARGE = {"epoch": 2, "model_state_dict": {f"w{i}": torch.ones(1 << 20) for i in range(12)}}  # 48 MiB


def first(point: Path) -> Path:
    run = point / "run-a"
    run.mkdir()
    commit_state(run, "epoch-0001", state(1))
    return run


def whole(run: Path) -> bool:
    record = read_record(run / "epoch-0001.json")
    return same(read_checkpoint(run / "epoch-0001.pt", record).tree, state(1))


def fails(run: Path, kind: type[StoreError], code: int, says: str) -> None:
    """The save is refused; all is as before."""
    before = sorted(os.listdir(run))
    with pytest.raises(kind, match=says) as caught:
        commit_state(run, "epoch-0002", LARGE)
    assert caught.value.errno == code
    assert str(run) in str(caught.value)
    assert "earlier checkpoints are untouched" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(run)) == before
    assert litter(run) == []
    assert whole(run)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "size"), [("ext4", 32 << 20), ("xfs", 300 << 20), ("tmpfs", 16 << 20)])
def test_full(need: Need, kind: str, size: int) -> None:
    need_volumes(need, kind)
    with volume(kind, size) as disk:
        run = first(disk.point)
        if disk.free > 40 << 20:
            sh("fallocate", "-l", disk.free - (16 << 20), disk.point / "other")
        os.sync()
        before = disk.free
        with pytest.raises(NoSpace, match="no room on"):
            space.check(run, 48 << 20)
        fails(run, NoSpace, errno.ENOSPC, "no room on the volume")
        os.sync()
        assert abs(disk.free - before) < 1 << 20
        with pytest.raises(NoSpace):
            export(LARGE, run / "w.pt")
        with pytest.raises(NoSpace):
            export(LARGE, run / "w.safetensors", format="safetensors")
        assert sorted(os.listdir(run)) == ["epoch-0001.json", "epoch-0001.pt"]
        commit_state(run, "epoch-0003", state(3))


@pytest.mark.slow
def test_every_size_around_the_edge(need: Need) -> None:
    """The last bytes run out in the data, in the record, or not at all; never half a checkpoint."""
    need_volumes(need, "tmpfs")
    outcomes = set()
    with volume("tmpfs", 16 << 20) as disk:
        run = first(disk.point)
        for left in range(0, 120 << 10, 4 << 10):
            filler = disk.point / "filler"
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, disk.free - left)
            try:
                commit_state(run, "epoch-0002", state(2))
            except NoSpace:
                outcomes.add("refused")
                assert sorted(os.listdir(run)) == ["epoch-0001.json", "epoch-0001.pt"]
            else:
                outcomes.add("saved")
                record = read_record(run / "epoch-0002.json")
                assert same(read_checkpoint(run / "epoch-0002.pt", record).tree, state(2))
                (run / "epoch-0002.json").unlink()
                (run / "epoch-0002.pt").unlink()
            assert whole(run)
            filler.unlink()
    assert outcomes == {"refused", "saved"}


@pytest.mark.slow
def test_no_inodes(need: Need) -> None:
    need_volumes(need, "ext4")
    with volume("ext4", 128 << 20, "-N", "16") as disk:
        run = first(disk.point)
        with contextlib.suppress(OSError):
            for number in itertools.count():
                (disk.point / f"f{number}").touch()
        fails(run, NoSpace, errno.ENOSPC, "no room on the volume")
        (disk.point / "f0").unlink()  # room for the first of the two files
        fails(run, NoSpace, errno.ENOSPC, "no room on the volume")


@pytest.mark.slow
def test_read_only(need: Need) -> None:
    need_volumes(need, "ext4")
    with volume("ext4", 128 << 20) as disk:
        run = first(disk.point)
        sh("mount", "-o", "remount,ro", disk.point)
        fails(run, NotCommitted, errno.EROFS, "is read-only")


@pytest.mark.slow
def test_a_limit_of_the_process(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    run = first(tmp_path)
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, before[1]))
    try:
        fails(run, NoSpace, errno.EFBIG, "ulimit -f")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
