"""Real checkpoints for the tests: a torch.save file and a sealed commit record, and a check of their bytes."""

from __future__ import annotations

import datetime
import io
import json
import os
from pathlib import Path
from typing import Any

import torch
import xxhash

from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.record import CommitRecord, dump_record, timestamp

START = datetime.datetime(2026, 4, 5, 12, 0, tzinfo=datetime.timezone.utc)


def make_run(store: Path, run: str = "run-a", **info: Any) -> Path:
    folder = store / run
    folder.mkdir(parents=True)
    data = {"format": 1, "run": run, "created": timestamp(START), "origin": {}, "hyperparameters": {}, **info}
    (folder / "run.json").write_text(json.dumps(data))
    return folder


def make(folder: Path, epoch: int, *, minutes: float | None = None, **fields: Any) -> str:
    """Write the checkpoint of an epoch, an hour after the one before; its name."""
    moment = START + datetime.timedelta(minutes=60 * epoch if minutes is None else minutes)
    name = str(fields.pop("name", "")) or f"epoch-{epoch:04d}_{moment.strftime('%Y%m%d-%H%M%S')}"
    buffer = io.BytesIO()
    torch.save({"epoch": epoch, "model_state_dict": {"w": torch.full((16,), float(epoch))}}, buffer)
    raw = buffer.getvalue()
    (folder / f"{name}.pt").write_bytes(raw)
    values = {
        "run": folder.name,
        "time": timestamp(moment),
        "epoch": epoch,
        "step": epoch * 100,
        "size": len(raw),
        "digest": xxhash.xxh3_128_hexdigest(raw),
        **fields,
    }
    (folder / f"{name}.json").write_bytes(dump_record(CommitRecord(name=name, **values)))
    return name


def verify(checkpoint: Checkpoint) -> bool:
    raw = checkpoint.path.read_bytes()
    return len(raw) == checkpoint.size and xxhash.xxh3_128_hexdigest(raw) == checkpoint.record.digest


def flip_bit(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def age(path: Path, hours: float) -> None:
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))


def loads(path: Path) -> int:
    return int(torch.load(path, weights_only=True)["epoch"])
