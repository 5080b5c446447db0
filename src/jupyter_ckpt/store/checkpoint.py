"""What a catalog lists: a checkpoint as the files tell it, and a run."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, CommitRecord, parse_timestamp, read_record

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def seconds(time: str) -> float:
    """Seconds since 1970 of a record's time; one without a zone is UTC."""
    moment = parse_timestamp(time)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return (moment - _EPOCH).total_seconds()


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint: its commit record, and what the journal added.

    Parameters
    ----------
    run : str
        The folder it lies in, which need not be the run that its record names (a copy from another run).
    name : str
        As in its record and its file names.
    folder : Path
        The run's folder.
    summary : CommitRecord
        The record without ``entries``, ``tensors``, ``tracked``, ``items``, ``code`` and ``environment``,
        and of ``storage`` with the durability only; `record` has it all.
    own : bool
        The record names this run. Prune leaves the others alone.
    tags : tuple of str
        Those of the record and of the journal, without the ones taken off.
    pinned : bool
        Never pruned.
    note : str
        The last one given.
    verified : {"ok", "corrupt"} or None
        What the last verification found, if there was one; ``verified_at`` says when.
    """

    run: str
    name: str
    folder: Path
    summary: CommitRecord
    own: bool = True
    tags: tuple[str, ...] = ()
    pinned: bool = False
    note: str = ""
    verified: Literal["ok", "corrupt"] | None = None
    verified_at: str | None = None

    @cached_property
    def record(self) -> CommitRecord:
        """The whole commit record, read from its file when first asked for.

        Raises
        ------
        CorruptCheckpoint, OSError
            When the file is not (any more) a valid record.
        """
        return read_record(self.record_path)

    @property
    def ref(self) -> str:
        """``run/name``, unique in a store."""
        return f"{self.run}/{self.name}"

    @property
    def path(self) -> Path:
        """The data file."""
        return self.folder / (self.name + DATA_SUFFIX)

    @property
    def record_path(self) -> Path:
        """The commit record's file."""
        return self.folder / (self.name + RECORD_SUFFIX)

    @property
    def epoch(self) -> int | None:
        """The epoch that was running or had just ended."""
        return self.summary.epoch

    @property
    def step(self) -> int | None:
        """The optimizer step."""
        return self.summary.step

    @property
    def metrics(self) -> dict[str, float]:
        """What was measured at this state."""
        return self.summary.metrics

    @property
    def time(self) -> str:
        """When it was captured, UTC."""
        return self.summary.time

    @property
    def size(self) -> int:
        """Bytes of the data file, as recorded."""
        return self.summary.size

    @cached_property
    def order(self) -> tuple[float, int, str]:
        """Sort key, oldest first: time, then step, then name."""
        return seconds(self.summary.time), -1 if self.step is None else self.step, self.name

    def is_whole(self) -> bool:
        """True when the data file is there with the recorded size. Quick; says nothing about its bytes."""
        try:
            return not self.path.is_symlink() and self.path.stat().st_size == self.size
        except OSError:
            return False


@dataclass(frozen=True)
class Best:
    """The best value of one metric in a run, where the better direction is known from its name."""

    value: float
    mode: Literal["min", "max"]
    name: str


@dataclass(frozen=True)
class Run:
    """One run of a store.

    Parameters
    ----------
    id : str
        Its folder's name.
    folder : Path
        Its folder.
    info : dict
        ``run.json`` parsed; empty when missing or unreadable.
    checkpoints : int
        How many there are.
    size : int
        Bytes of their data files.
    last : str or None
        Time of the newest one.
    best : dict
        Metric → `Best`, for metrics of well-known names.
    """

    id: str
    folder: Path
    info: dict[str, Any] = field(default_factory=dict)
    checkpoints: int = 0
    size: int = 0
    last: str | None = None
    best: dict[str, Best] = field(default_factory=dict)

    @property
    def created(self) -> str | None:
        """Time of its start, when known."""
        return _text(self.info.get("created"))

    @property
    def origin(self) -> dict[str, Any]:
        """What started it: ``kind``, ``path``, ``host``; empty when not known."""
        origin = self.info.get("origin")
        return origin if isinstance(origin, dict) else {}

    @property
    def parent(self) -> str | None:
        """``run/name`` that it went on from."""
        return _text(self.info.get("parent"))

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """As given at its start."""
        given = self.info.get("hyperparameters")
        return given if isinstance(given, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
