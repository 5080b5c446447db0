"""Writing past the page cache: the same bytes as the ordinary way, or a clear no."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from jupyter_ckpt.store import archive, direct
from jupyter_ckpt.store.archive import Archive

MIB = 1 << 20


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)


def _written(path: Path, pieces: list[tuple[int, bytes]], size: int, threads: int = 2) -> bytes | None:
    """What comes to lie in a file; None where the file system does not take it."""
    fd = _open(path)
    try:
        # writable ones are copied by address, the others by Python
        views = [(offset, memoryview(bytearray(data) if offset % 2 else data)) for offset, data in pieces]
        if not direct.write_direct(fd, views, size, threads=threads, progress=None):
            assert os.fstat(fd).st_size == 0
            return None
    finally:
        os.close(fd)
    return path.read_bytes()


@pytest.fixture
def disk(need: Callable[[object, str], None]) -> Path:
    """A folder whose file system takes direct writes."""
    place = Path(tempfile.mkdtemp(dir=Path(__file__).parent))
    fd = _open(place / "try")
    try:
        taken = bool(getattr(os, "O_DIRECT", 0)) and direct._set_direct(fd, True)
    finally:
        os.close(fd)
    try:
        need(taken, "the file system of the tests takes no direct writes")
        yield place  # type: ignore[misc]
    finally:
        import shutil

        shutil.rmtree(place)


@pytest.mark.parametrize("seed", range(8))
def test_pieces_anywhere_come_to_lie_where_they_belong(disk: Path, seed: int) -> None:
    dice = random.Random(seed)
    pieces, expected, position = [], bytearray(), 0
    while position < 18 * MIB:  # more than two blocks, with pieces across their edges
        position += dice.choice([0, 0, 1, 63, 4096])
        data = dice.randbytes(dice.choice([1, 30, 64, 4095, 4096, 5000, 3 * MIB + 7, 8 * MIB]))
        pieces.append((position, data))
        expected += bytes(position - len(expected)) + data
        position += len(data)
    size = position + dice.choice([0, 1, 5000])
    expected += bytes(size - len(expected))
    assert _written(disk / "file", pieces, size, threads=dice.choice([1, 2, 3])) == expected


def test_a_large_archive_is_the_same_file_either_way(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    tied = torch.randn(3 * MIB)
    tree = {
        "a": tied,
        "b": tied[5:700].view(5, -1),
        "c": torch.randn(2 * MIB).to(torch.bfloat16),
        "e": torch.empty(0),
    }
    used: list[bool] = []
    monkeypatch.setattr(
        archive, "write_direct", lambda *a, **k: used.append(direct.write_direct(*a, **k)) or used[-1]
    )
    results = []
    for name, worth in (("direct", 1), ("ordinary", 1 << 60)):
        monkeypatch.setattr(archive, "WORTH_IT", worth)
        fd = _open(disk / name)
        results.append(Archive(tree).write(fd))
        os.close(fd)
    assert used == [True]
    assert results[0] == results[1]
    assert (disk / "direct").read_bytes() == (disk / "ordinary").read_bytes()
    assert torch.equal(torch.load(disk / "direct", weights_only=True, mmap=True)["a"], tied)


def test_progress_reaches_the_end(disk: Path) -> None:
    seen: list[tuple[int, int]] = []
    fd = _open(disk / "file")
    size = 17 * MIB + 3
    assert direct.write_direct(fd, [], size, threads=2, progress=lambda *now: seen.append(now))
    os.close(fd)
    assert max(seen) == (size, size)
    assert (disk / "file").stat().st_size == size


def test_an_error_of_the_system_is_passed_on_with_its_number(disk: Path) -> None:
    import resource
    import signal

    fd = _open(disk / "file")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9 * MIB, before[1]))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            direct.write_direct(fd, [], 20 * MIB, threads=2, progress=None)
        assert caught.value.errno is not None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
        os.close(fd)


def test_where_there_is_no_such_thing_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "_DIRECT", 0)  # as on macOS and Windows
    assert _written(tmp_path / "file", [(0, b"x")], MIB) is None
