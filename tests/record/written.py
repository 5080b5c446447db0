"""Runs on disk without a training: what the journal and the records say is all that a record is made of."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from jupyter_ckpt.store.record import CommitRecord, dump_record, timestamp

START = datetime.datetime(2026, 4, 5, 14, 23, tzinfo=datetime.timezone.utc)


class WrittenRun:
    """A run's folder.

    Parameters
    ----------
    store : Path
        The store.
    name : str
        The run's id.
    origin : dict
        What started it.
    """

    def __init__(self, store: Path, name: str = "simplenet_lr0.001_20260405-142300", **origin: str) -> None:
        self.folder = store / name
        self.folder.mkdir(parents=True)
        self.now = START
        info = {
            "run": name,
            "created": timestamp(START),
            "origin": origin or {"kind": "notebook", "path": "/w/a.ipynb"},
        }
        (self.folder / "run.json").write_text(json.dumps(info), "utf-8")

    def event(self, event: str, after: float = 0.0, **fields: Any) -> WrittenRun:
        """Append to the journal, ``after`` seconds later."""
        self.now += datetime.timedelta(seconds=after)
        with open(self.folder / "journal.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({"time": timestamp(self.now), "event": event, **fields}) + "\n")
        return self

    def described(self, session: str = "a", after: float = 0.0, **description: Any) -> WrittenRun:
        """What is trained, at a session's first save."""
        return self.event("described", after, description={"utc_offset": 0, **description}, session=session)

    def save(self, epoch: int, after: float = 60.0, note: str = "", **metrics: float) -> WrittenRun:
        """A checkpoint."""
        name = f"epoch-{epoch:04d}"
        self.event("saving", after, name=name)
        self.event("saved", epoch=epoch, step=None, name=name, metrics=metrics)
        record = CommitRecord(
            name=name,
            run=self.folder.name,
            time=timestamp(self.now),
            epoch=epoch,
            metrics=metrics,
            note=note,
            storage={"durability": "persistent"},
        )
        raw = dump_record(record)
        (self.folder / f"{name}.json").write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        (self.folder / f"{name}.pt").write_bytes(b"")
        return self
