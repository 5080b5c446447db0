"""A store as after a year: 10,000 checkpoints in 100 runs, true records beside data files that are only holes."""

from __future__ import annotations

import datetime
import json
import math
import os
from pathlib import Path

from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.record import CommitRecord, EntrySpec, TensorSpec, dump_record, timestamp

START = datetime.datetime(2026, 1, 5, 9, tzinfo=datetime.timezone.utc)
SIZE = 44_700_000


def write_many(store: Path, notebook: Path, *, runs: int = 100, each: int = 100) -> None:
    """Fill a store; the newest run is of ``notebook``.

    Parameters
    ----------
    store
        An empty or missing folder.
    notebook
        The notebook that trained the newest run; the others are of notebooks beside it.
    runs, each
        How many.
    """
    for number in range(runs):
        folder = store / f"resnet18_lr{0.1 / (1 + number % 7):.3g}_{number:03d}"
        folder.mkdir(parents=True)
        created = START + datetime.timedelta(days=number)
        own = notebook if number == runs - 1 else notebook.with_name(f"other{number % 9}.ipynb")
        about = {
            "format": 1,
            "run": folder.name,
            "created": timestamp(created),
            "origin": {"kind": "notebook", "path": str(own), "host": "here"},
            "hyperparameters": {"lr": 0.1 / (1 + number % 7), "batch_size": 128},
        }
        (folder / "run.json").write_text(json.dumps(about))
        journal = Journal(folder, fsync=False)
        journal.append("started", run=folder.name)
        for epoch in range(each):
            record = _record(folder.name, created, number, epoch)
            data = folder / f"{record.name}.pt"
            data.touch()
            os.truncate(data, SIZE)  # a hole: takes no room
            path = folder / f"{record.name}.json"
            path.write_bytes(dump_record(record))
            old = (created + datetime.timedelta(minutes=epoch)).timestamp()
            os.utime(path, (old, old))
            journal.append(
                "saved", name=record.name, epoch=epoch, step=record.step, metrics=record.metrics, bytes=SIZE
            )


def _record(run: str, created: datetime.datetime, number: int, epoch: int) -> CommitRecord:
    moment = created + datetime.timedelta(minutes=epoch)
    loss = 2.3 * math.exp(-epoch / (12 + number % 9)) + 0.03 * math.sin(epoch * (1 + number % 5)) + 0.1
    tensors = [
        TensorSpec(f"model_state_dict.layer{i}.weight", "float32", (64, 64), f"data/{i}", 0, (64, 1), "0" * 32)
        for i in range(20)
    ]
    return CommitRecord(
        name=f"epoch-{epoch:04d}_step-{epoch * 391:08d}_{moment.strftime('%Y%m%d-%H%M%S')}",
        run=run,
        time=timestamp(moment),
        epoch=epoch,
        step=epoch * 391,
        next_epoch=epoch + 1,
        metrics={"loss": loss, "acc": 1 - loss / 2.5},
        tags=["best"] if epoch == 90 else [],
        note="the one of the report" if epoch == 42 else "",
        size=SIZE,
        digest="0" * 32,
        entries=[EntrySpec(f"data/{i}", i * 20000, 16384, 0, "0" * 32) for i in range(20)],
        tensors=tensors,
        hyperparameters={"lr": 0.1 / (1 + number % 7), "batch_size": 128},
        storage={"durability": "persistent"},
    )
