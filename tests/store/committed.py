"""Checkpoints committed by the project's own code, for the tests, and what they must hold afterwards."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from jupyter_ckpt.store.archive import Archive, Written
from jupyter_ckpt.store.commit import commit
from jupyter_ckpt.store.record import CommitRecord

TIME = "2026-04-05T12:00:00.000Z"


def state(number: int, tensors: int = 4, elements: int = 4096) -> dict[str, Any]:
    """A state that can be made again from its number."""
    chance = torch.Generator().manual_seed(number)
    weights = {f"w{i}": torch.randn(elements, generator=chance) for i in range(tensors)}
    return {"format": 1, "epoch": number, "step": number * 10, "model_state_dict": weights, "values": {"lr": 0.1}}


def commit_state(folder: Path, name: str, tree: dict[str, Any], **options: Any) -> CommitRecord:
    """Commit ``tree`` under ``name``."""

    def record(written: Written) -> CommitRecord:
        return CommitRecord(
            name,
            folder.name,
            TIME,
            epoch=tree.get("epoch"),
            size=written.size,
            digest=written.digest,
            entries=written.entries,
            tensors=written.tensors,
        )

    return commit(folder, name, Archive(tree), record, **options)


def write_archive(path: Path, tree: dict[str, Any], **options: Any) -> Written:
    """Only the data file."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0))
    try:
        return Archive(tree).write(fd, **options)
    finally:
        os.close(fd)


def record_of(written: Written, name: str = "epoch-0001") -> CommitRecord:
    """A record of what was written, for verification."""
    return CommitRecord(
        name,
        "run-a",
        TIME,
        size=written.size,
        digest=written.digest,
        entries=written.entries,
        tensors=written.tensors,
    )


def same(one: Any, other: Any) -> bool:
    """True for trees of equal structure, types and bits (NaN equals NaN)."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        return _bits(one) == _bits(other)
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    both_nan = isinstance(one, float) and math.isnan(one) and math.isnan(other)
    return both_nan or bool(one == other)


def _bits(tensor: torch.Tensor) -> bytes:
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return bytes(flat.view(torch.uint8).tolist()) if flat.numel() else b""


def litter(folder: Path) -> list[str]:
    """Temporary files, and data files or records that have no partner."""
    names = set(os.listdir(folder))
    odd = [name for name in names if name.endswith(".tmp")]
    odd += [n for n in names if n.endswith(".pt") and n.removesuffix(".pt") + ".json" not in names]
    odd += [n for n in names if n.startswith("epoch") and n.endswith(".json") and n[:-5] + ".pt" not in names]
    return sorted(odd)


def scratch() -> str:
    """A folder for mount points and images."""
    return tempfile.mkdtemp(prefix="jupyter-ckpt-test-")
