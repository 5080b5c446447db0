"""A volume that goes away is no error to the kernel; a save must notice, and never count on the bare folder."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from committed import commit_state, same, state
from loop_volume import Volume, need_volumes, sh, volume
from programs import result_of

from jupyter_ckpt.errors import DurabilityUncertain, NotCommitted
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.record import read_record

pytestmark = pytest.mark.slow
Need = Callable[[object, str], None]


def during(action: Callable[[], object]) -> Callable[[int, int], None]:
    """Does it once, when the first bytes have been written."""
    done: list[bool] = []

    def progress(written: int, total: int) -> None:
        if not done:
            done.append(True)
            action()

    return progress


def whole(run: Path, number: int) -> bool:
    record = read_record(run / f"epoch-000{number}.json")
    return same(read_checkpoint(run / f"epoch-000{number}.pt", record).tree, state(number))


@pytest.fixture
def disk(need: Need):
    need_volumes(need, "ext4", "tmpfs")
    with volume("ext4", 64 << 20) as made:
        (made.point / "run-a").mkdir()
        commit_state(made.point / "run-a", "epoch-0001", state(1))
        yield made


def vanish(disk: Volume) -> None:
    """Unmounted by force, as when a pod's volume is detached; the bare folder has the same names in it."""
    sh("umount", "-l", disk.point)
    (disk.point / "run-a").mkdir()


def cover(disk: Volume) -> None:
    sh("mount", "-t", "tmpfs", "none", disk.point)
    (disk.point / "run-a").mkdir()


@pytest.mark.parametrize("action", [vanish, cover])
def test_it_goes_away_while_saving(disk: Volume, action: Callable[[Volume], None]) -> None:
    run = disk.point / "run-a"
    with pytest.raises(DurabilityUncertain, match="not the same folder any more") as caught:
        commit_state(run, "epoch-0002", state(2), threads=1, progress=during(lambda: action(disk)))
    assert caught.value.errno == errno.ESTALE
    assert os.listdir(run) == [], "something was written to the bare folder"
    if action is cover:
        disk.unmount()
    else:
        run.rmdir()
        disk.mount()
    assert whole(run, 1)
    assert whole(run, 2), "the open folder still led to the real volume"


def test_it_is_gone_before_the_save(disk: Volume) -> None:
    sh("umount", "-l", disk.point)
    with pytest.raises(NotCommitted) as caught:
        commit_state(disk.point / "run-a", "epoch-0002", state(2))
    assert caught.value.errno == errno.ENOENT
    assert os.listdir(disk.point) == []
    disk.mount()
    assert whole(disk.point / "run-a", 1)


def test_the_device_dies_while_saving(disk: Volume) -> None:
    run = disk.point / "run-a"
    with pytest.raises(NotCommitted, match="failed") as caught:
        commit_state(run, "epoch-0002", state(2), threads=1, progress=during(disk.cut_the_power))
    assert caught.value.errno in (errno.EIO, errno.EROFS, errno.ESHUTDOWN)
    disk.unmount()
    disk.mount()
    assert whole(run, 1)
    assert not (run / "epoch-0002.json").exists()


def test_it_goes_away_at_any_instant(need: Need) -> None:
    """A saver at work, the volume taken away under it: nothing that it reported lies anywhere else."""
    need_volumes(need, "ext4")
    found = result_of("vanishing_volume.py", 10, 3)
    print(found)
    assert found["rounds"] == 10
    assert found["acknowledged"] > 10
    assert (found["lost"], found["on_the_bare_folder"]) == (0, 0)
    assert found["noticed"] == 10, "a saver went on after its volume was gone"
    assert not subprocess.run(["findmnt", "-n", found["point"]], capture_output=True).stdout
