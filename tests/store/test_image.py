"""A state copied once into memory is written as it was at that moment, byte for byte what a direct write gives."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from jupyter_ckpt.store.archive import Archive, Written
from jupyter_ckpt.store.image import Image, Staging


def _tree(size: int) -> dict[str, Any]:
    torch.manual_seed(size)
    base = torch.randn(size, 8)
    return {
        "epoch": 3,
        "whole": base,
        "column": base[:, 1],
        "turned": base.t(),
        "tied": [base, base],
        "half": torch.randn(7).to(torch.bfloat16),
        "eight": torch.randn(5).to(torch.float8_e4m3fn),
        "flags": torch.tensor([True, False]),
        "none": torch.empty(0, 4),
        "one": torch.tensor(2.5),
        "conj": torch.randn(3, dtype=torch.complex64).conj(),
        "expanded": torch.ones(1).expand(4),
        "text": "x" * 100,
    }


def _write(archive: Archive, path: Path) -> tuple[bytes, Written]:
    with path.open("wb") as file:
        written = archive.write(file.fileno())
    return path.read_bytes(), written


@pytest.mark.parametrize("size", [3, 600_000])  # small, and so large that it goes past the page cache
def test_the_file_is_the_same_and_later_changes_do_not_show(size: int, tmp_path: Path) -> None:
    tree = _tree(size)
    plain, expected = _write(Archive(tree), tmp_path / "plain.pt")
    archive = Archive(tree)
    image = Image(archive.size)
    image.view[:] = b"\xff" * image.nbytes  # what an earlier save left there
    archive.copy_into(image)
    for tensor in (tree["whole"], tree["half"], tree["flags"], tree["one"]):
        tensor.fill_(1)
    copied, written = _write(archive, tmp_path / "copied.pt")
    assert copied == plain
    assert written == expected
    assert torch.load(tmp_path / "copied.pt", weights_only=True)["one"].item() == 2.5


def test_copying_leaves_the_training_as_it_is() -> None:
    model = nn.BatchNorm1d(4)
    versions = [t._version for t in model.state_dict().values()]
    random = torch.random.get_rng_state()
    archive = Archive(model.state_dict())
    archive.copy_into(Image(archive.size))
    assert [t._version for t in model.state_dict().values()] == versions
    assert torch.equal(torch.random.get_rng_state(), random)


def test_one_save_at_a_time_has_the_memory() -> None:
    staging = Staging()
    first = staging.take(100)
    taken = threading.Event()

    def second() -> None:
        assert staging.take(50) is first
        taken.set()
        staging.give_back()

    other = threading.Thread(target=second)
    other.start()
    assert not taken.wait(0.05)
    staging.give_back()
    assert taken.wait(5)
    other.join()
    assert staging.nbytes == first.nbytes == os.sysconf("SC_PAGE_SIZE")
    staging.drop()
    assert staging.nbytes == 0


def test_too_much_memory_is_refused_and_the_next_one_is_not_kept_waiting() -> None:
    staging = Staging()
    with pytest.raises((MemoryError, OSError, OverflowError, ValueError)):
        staging.take(1 << 60)
    assert staging.take(10).nbytes >= 10
