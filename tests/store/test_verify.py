"""Damage of any kind is found, wherever it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from committed import record_of, same, state, write_archive

from jupyter_ckpt.errors import CkptError, CorruptCheckpoint
from jupyter_ckpt.store.reader import read_checkpoint, read_foreign
from jupyter_ckpt.store.record import CommitRecord, EntrySpec
from jupyter_ckpt.store.verify import verify_file

TREE = state(1, tensors=3, elements=500)


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Path, CommitRecord]:
    path = tmp_path / "epoch-0001.pt"
    return path, record_of(write_archive(path, TREE))


def test_a_whole_file_has_no_problems(whole: tuple[Path, CommitRecord]) -> None:
    path, record = whole
    seen: list[tuple[int, int]] = []
    assert verify_file(path, record, fresh=True, progress=lambda done, total: seen.append((done, total))) == []
    assert seen
    assert read_checkpoint(path, record).verified
    assert read_foreign(path).verified


def flips(size: int, count: int) -> list[int]:
    return random.Random(7).sample(range(size * 8), count)


def test_no_flipped_bit_gets_past_the_record(whole: tuple[Path, CommitRecord]) -> None:
    path, record = whole
    raw = path.read_bytes()
    for bit in flips(len(raw), 200):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        assert verify_file(path, record), f"bit {bit}"
        with pytest.raises(CorruptCheckpoint, match=r"epoch-0001\.pt is damaged"):
            read_checkpoint(path, record)


def torch_saved(path: Path) -> None:
    torch.save(TREE, path)


def our_own(path: Path) -> None:
    write_archive(path, TREE)


@pytest.mark.parametrize("save", [torch_saved, our_own])
def test_no_flipped_bit_changes_a_value_of_a_file_without_a_record(
    tmp_path: Path, save: Callable[[Path], None]
) -> None:
    """Padding and time stamps have no checksum in a zip; everything that has a meaning has one."""
    path = tmp_path / "model.pt"
    save(path)
    raw = path.read_bytes()
    noticed = 0
    for bit in flips(len(raw), 400):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            opened = read_foreign(path)
        except CkptError:
            noticed += 1
        else:
            assert same(opened.tree, TREE), f"bit {bit}"
    assert noticed > 200


def test_no_flipped_bit_of_the_headers_does_harm(tmp_path: Path) -> None:
    """Every bit outside the tensors' bytes of a small file: sizes, offsets, names, the pickle."""
    path = tmp_path / "model.pt"
    tree = {"epoch": 1, "w": torch.ones(2)}
    written = write_archive(path, tree)
    record = record_of(written)
    raw = path.read_bytes()
    start = written.entries[-1].offset
    for bit in [*range(0, 64 * 8), *range(start * 8, len(raw) * 8)]:
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        assert verify_file(path, record)
        try:
            assert same(read_foreign(path).tree, tree), f"bit {bit}"
        except CkptError:
            continue


def test_cuts_growth_and_zeroed_pages(whole: tuple[Path, CommitRecord]) -> None:
    path, record = whole
    raw = path.read_bytes()
    chance = random.Random(3)
    for cut in [0, 1, len(raw) - 1, *(chance.randrange(len(raw)) for _ in range(60))]:
        path.write_bytes(raw[:cut])
        assert "cut short" in verify_file(path, record)[0]
        with pytest.raises(CkptError):
            read_foreign(path)
        path.write_bytes(raw[:cut] + bytes(len(raw) - cut))  # what a crash leaves of a file that was preallocated
        assert cut == len(raw) - 1 or verify_file(path, record)
    path.write_bytes(raw + b"\0")
    assert verify_file(path, record)
    for page in range(0, len(raw), 4096):
        damaged = raw[:page] + bytes(min(4096, len(raw) - page)) + raw[page + 4096 :]
        path.write_bytes(damaged)
        assert verify_file(path, record)


def test_the_damaged_tensor_is_named(whole: tuple[Path, CommitRecord]) -> None:
    path, record = whole
    entry = record.entries[-1]
    raw = bytearray(path.read_bytes())
    raw[entry.offset + 5] ^= 4
    path.write_bytes(raw)
    assert verify_file(path, record) == [f"entry {entry.name} (model_state_dict.w2) has other bytes"]


def test_two_exchanged_files_are_noticed(tmp_path: Path) -> None:
    paths = [tmp_path / f"epoch-000{n}.pt" for n in (1, 2)]
    records = [record_of(write_archive(path, state(n)), path.stem) for n, path in enumerate(paths)]
    paths[0].rename(tmp_path / "x")
    paths[1].rename(paths[0])
    assert verify_file(paths[0], records[0])


def test_missing_and_unreadable_files(tmp_path: Path, whole: tuple[Path, CommitRecord]) -> None:
    _, record = whole
    assert verify_file(tmp_path / "none.pt", record) == ["the data file is missing"]
    (tmp_path / "folder.pt").mkdir()
    assert verify_file(tmp_path / "folder.pt", record)


def test_records_that_lie_about_their_file(whole: tuple[Path, CommitRecord]) -> None:
    path, record = whole
    some = EntrySpec("data/0", 0, 10, 0, "0" * 32)
    for entries in (
        [],
        [replace(some, offset=-1)],
        [replace(some, size=-5)],
        [replace(some, offset=record.size)],
        [replace(some, size=1 << 60)],
        [some, some],
        [*record.entries, replace(some, name="data/9", offset=record.size, size=0)],
        record.entries[:-1],
    ):
        assert verify_file(path, replace(record, entries=entries)), entries
    for size in (-1, 0, 1 << 60):
        assert verify_file(path, replace(record, size=size))
