"""Past the limits of the old zip format: storages and files over 4 GiB, more than 65 535 entries."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from committed import record_of, write_archive

from jupyter_ckpt.store.archive import Archive
from jupyter_ckpt.store.reader import read_checkpoint, read_foreign
from jupyter_ckpt.store.verify import verify_file

pytestmark = pytest.mark.slow
GIB = 1 << 30


@pytest.fixture
def large(tmp_path: Path) -> torch.Tensor:
    """4 GiB and a bit that cost no memory: a sparse file, mapped, with marks at its ends."""
    size = 4 * GIB + 12_345
    tensor = torch.from_file(str(tmp_path / "zeros"), shared=True, size=size, dtype=torch.uint8)
    tensor[0], tensor[-1], tensor[4 * GIB] = 1, 2, 3
    return tensor


def test_more_than_four_gibibytes(tmp_path: Path, large: torch.Tensor, need: Callable[[object, str], None]) -> None:
    need(shutil.disk_usage(tmp_path).free > 12 * GIB, "less than 12 GiB of disk are free")
    path = tmp_path / "epoch-0001.pt"
    tree = {"before": torch.arange(5), "large": large, "after": torch.arange(7.0), "epoch": 1}
    size = Archive(tree).size
    written = write_archive(path, tree, threads=1)
    assert path.stat().st_size == size == written.size
    (tmp_path / "zeros").unlink()
    record = record_of(written)
    assert verify_file(path, record) == []
    loaded = torch.load(path, weights_only=True, mmap=True)
    for found in (loaded, read_checkpoint(path, record).tree):
        assert found["large"].shape == large.shape
        assert [int(found["large"][i]) for i in (0, 1, 4 * GIB, -1)] == [1, 0, 3, 2]
        assert torch.equal(found["after"], tree["after"])
        assert torch.equal(found["before"], tree["before"])
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    damaged = written.entries[-2]
    with path.open("r+b") as file:
        file.seek(damaged.offset + 4 * GIB + 1)
        file.write(b"\1")
    assert verify_file(path, record) == [f"entry {damaged.name} (large) has other bytes"]
    path.unlink()


def test_many_entries(tmp_path: Path) -> None:
    path = tmp_path / "epoch-0001.pt"
    tree = {"w": {str(i): torch.tensor([float(i)]) for i in range(70_000)}}
    record = record_of(write_archive(path, tree))
    assert verify_file(path, record) == []
    for found in (torch.load(path, weights_only=True), read_checkpoint(path, record).tree, read_foreign(path).tree):
        assert len(found["w"]) == 70_000
        assert [found["w"][str(i)].item() for i in (0, 65_535, 69_999)] == [0, 65_535, 69_999]
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == 70_003
        assert archive.testzip() is None
