"""Stores for the tests of the server: runs saved by the real code, and hostile ones written by hand."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.record import CommitRecord, EntrySpec, TensorSpec, dump_record, timestamp

START = datetime.datetime(2026, 4, 5, 12, tzinfo=datetime.timezone.utc)


def train(store: Path, run: str, epochs: int = 3, *, notebook: Path | None = None, **settings: Any) -> list[str]:
    """Save a small model once an epoch with the real code; the names of its checkpoints, oldest first."""
    import torch

    from jupyter_ckpt.session.checkpointer import Checkpointer

    torch.manual_seed(0)
    model = torch.nn.Linear(8, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    origin = Origin("notebook", str(notebook)) if notebook else Origin("folder", str(store.parent))
    session = Checkpointer(store, run, origin=origin)
    session.run(run, **settings)
    session.track(model=model, optimizer=optimizer)
    names = []
    for epoch in range(epochs):
        optimizer.zero_grad()
        model(torch.ones(2, 8)).sum().backward()
        optimizer.step()
        session.log(loss=1 / (epoch + 1))
        receipt = session.save(epoch=epoch, step=epoch * 10, metrics={"loss": 1 / (epoch + 1), "acc": epoch / 10})
        names.append(receipt.record.name)
    session.close()
    return names


def write_run(
    store: Path, run: str, count: int = 3, *, info: dict[str, Any] | None = None, **fields: Any
) -> list[str]:
    """A run of records beside tiny data files, as ours look, without torch; the names, oldest first."""
    folder = store / run
    folder.mkdir(parents=True, exist_ok=True)
    about = {"format": 1, "run": run, "created": timestamp(START), **(info or {})}
    (folder / "run.json").write_text(json.dumps(about))
    journal = Journal(folder, fsync=False)
    names = []
    for number in range(count):
        moment = START + datetime.timedelta(minutes=number)
        given = {
            "epoch": number,
            "step": number * 100,
            "metrics": {"loss": 1 / (number + 1), "acc": number / 100},
            "size": 4,
            "storage": {"durability": "persistent"},
            "entries": [EntrySpec("data/0", 0, 4, 0, "0" * 32)],
            "tensors": [TensorSpec("model_state_dict.w", "float32", (1,), "data/0", 0, (1,), "0" * 32)],
            **fields,
        }
        record = CommitRecord(name=f"epoch-{number:04d}", run=run, time=timestamp(moment), digest="0" * 32, **given)
        (folder / f"{record.name}.pt").write_bytes(b"data")
        (folder / f"{record.name}.json").write_bytes(dump_record(record))
        journal.append("saved", name=record.name, epoch=record.epoch, step=record.step, metrics=record.metrics)
        names.append(record.name)
    return names


def flip_a_byte(path: Path) -> None:
    """In the middle of the file."""
    with path.open("r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
