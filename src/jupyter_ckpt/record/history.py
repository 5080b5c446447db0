"""What a journal tells, folded once and then only as far as it has grown: records are made every two seconds."""

from __future__ import annotations

import copy
import math
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.checkpoint import seconds
from jupyter_ckpt.store.journal import Journal, parse_line

_TRAINS = ("started", "saving", "saved", "save_failed", "metrics", "stopped")
_MOST_POINTS = 4000
_KEPT = 32


@dataclass
class Extreme:
    """The lowest and the highest finite value of a metric, each with its place."""

    low: tuple[float, int | None, int | None]
    high: tuple[float, int | None, int | None]


@dataclass
class History:
    """A run as its journal tells it; times are seconds since 1970."""

    size: int = 0
    """Bytes of the journal that were read."""
    active: float = 0.0
    resumes: int = 0
    """Times that a training went on from a checkpoint."""
    interruptions: int = 0
    """How many of those followed a process that ended before its training did."""
    stops: int = 0
    description: dict[str, Any] = field(default_factory=dict)
    cell_id: str | None = None
    notebook: str | None = None
    wanted: bool = False
    shown: bool = False
    last: dict[str, Any] = field(default_factory=dict)
    """``epoch``, ``step``, ``time`` and ``metrics`` of what was saved or measured last."""
    extremes: dict[str, Extreme] = field(default_factory=dict)
    series: dict[str, dict[int, float]] = field(default_factory=dict)
    """Metric → epoch (step where epochs are not known) → its last value there."""
    saves: int = 0
    cells: tuple[str, ...] = ()
    """`cell_hash` of the cells that were run before the last session's first save, the one that trains last."""
    _since: float | None = None
    _until: float | None = None
    _ended: bool = False
    _stopped: bool = False
    _resuming: bool = False
    _session: str | None = None

    @property
    def duration(self) -> float:
        """Seconds of training; what lies between sessions is not counted."""
        open_part = self._until - self._since if self._since is not None and self._until is not None else 0.0
        return self.active + max(0.0, open_part)

    def feed(self, event: dict[str, Any]) -> None:
        """Take the next event of the journal."""
        kind = event["event"]
        now = seconds(event["time"])
        if kind == "resumed":
            self._close()
            self._resuming = True
        elif kind == "described":
            self._described(event, now)
        elif kind == "record_wanted":
            self.wanted = True
            self.cell_id = _text(event.get("cell_id"))
            self.notebook = _text(event.get("notebook")) or self.notebook
        elif kind == "record_shown":
            self.shown = True
        if kind in _TRAINS:
            self._trained(kind, event, now)

    def _trained(self, kind: str, event: dict[str, Any], now: float) -> None:
        if self._resuming and kind in ("saved", "metrics"):
            self.resumes += 1
            self._resuming = False
        if self._since is None or self._ended:
            self._close()
            self._since = now
        self._until = now
        if kind in ("saved", "metrics"):
            self._stopped = False
            self._measured(kind, event, now)
        if kind == "stopped":
            self.stops += 1
            self._ended = self._stopped = True

    def _described(self, event: dict[str, Any], now: float) -> None:
        """A session's first save: from when it has trained, and whether the one before ended early."""
        found = event.get("description")
        known, session = self.description, _text(event.get("session"))
        if self._session is not None and session != self._session:
            if not self._stopped and not _is_done(known, self.last):
                self.interruptions += 1
            self._ended = True
        since = event.get("since")
        if session != self._session or self._since is None or self._ended:
            begun = seconds(since) if isinstance(since, str) and _is_time(since) else now
            # the first save was announced before it was described
            if self._until is None or begun > self._until or self._since is None:
                self._close()
                self._since = begun
            else:
                self._since = min(self._since, begun)
            self._until = max(now, self._until or now)
            self._ended = False
        self._session = session
        cells = event.get("cells")
        if isinstance(cells, list) and cells:
            self.cells = tuple(cell for cell in cells if isinstance(cell, str))
        if isinstance(found, dict):
            self.description = found

    def _measured(self, kind: str, event: dict[str, Any], now: float) -> None:
        epoch, step = _whole(event.get("epoch")), _whole(event.get("step"))
        raw = event.get("metrics")
        metrics = {
            name: float(value) for name, value in (raw.items() if isinstance(raw, dict) else ()) if _is_number(value)
        }
        same = epoch is not None and self.last.get("epoch") == epoch
        carried = {**self.last.get("metrics", {}), **metrics} if same else metrics
        self.last = {"epoch": epoch, "step": step if step is not None else None, "time": now, "metrics": carried}
        self.saves += kind == "saved"
        place = epoch if epoch is not None else step
        for name, value in metrics.items():
            if not math.isfinite(value):
                continue
            here = (value, epoch, step)
            known = self.extremes.setdefault(name, Extreme(here, here))
            # of equals the later one: that is the one whose checkpoint is called the best
            known.low = here if value <= known.low[0] else known.low
            known.high = here if value >= known.high[0] else known.high
            points = self.series.setdefault(name, {})
            points.pop(place if place is not None else len(points), None)
            points[place if place is not None else len(points)] = value
            if len(points) > _MOST_POINTS:
                self.series[name] = dict(list(points.items())[::2])

    def _close(self) -> None:
        """What follows belongs to another stretch of training."""
        self.active = self.duration
        self._since = self._until = None
        self._ended = False


_lock = threading.Lock()
_known: OrderedDict[tuple[str, int, int], tuple[History, bytes]] = OrderedDict()


def read_history(folder: Path) -> History:
    """The journal of a run, read from where the last call in this process ended.

    Parameters
    ----------
    folder : Path
        The run's folder. A journal that cannot be read tells nothing.
    """
    journal = Journal(folder)
    try:
        status = os.stat(journal.path)
    except OSError:
        return History()
    key = (str(folder), status.st_dev, status.st_ino)
    with _lock:
        history, tail = _known.pop(key, (History(), b""))
        if status.st_size < history.size + len(tail):
            history, tail = History(), b""
        try:
            raw = _read_from(journal, history.size + len(tail))
        except (OSError, StoreError):
            return copy.deepcopy(history)
        lines = (tail + raw).split(b"\n")
        tail = lines.pop()
        for line in lines:
            history.size += len(line) + 1
            event = parse_line(line) if line.strip() else None
            if event is not None:
                history.feed(event)
        _known[key] = (history, tail)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
        return copy.deepcopy(history)


def _read_from(journal: Journal, place: int) -> bytes:
    if place == 0:
        return journal.raw()  # with all its checks
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(journal.path, flags), "rb") as file:
        file.seek(place)
        return file.read()


def _is_done(description: dict[str, Any], last: dict[str, Any]) -> bool:
    """The planned end had been reached: a resume after it only adds more."""
    epochs, epoch = _whole(description.get("epochs")), last.get("epoch")
    return epochs is not None and epoch is not None and epoch + 1 >= epochs


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _is_time(text: str) -> bool:
    try:
        seconds(text)
    except ValueError:
        return False
    return True


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
