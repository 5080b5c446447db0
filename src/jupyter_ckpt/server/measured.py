"""What a run's journal measured, read once and then only as far as it has grown: a chart is drawn every second."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.journal import JOURNAL_FILE, parse_line

Measured = tuple["float | None", "float | None", Mapping[str, float]]
"""Epoch, step, and what was measured there."""
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_TELLING = re.compile(rb'"event"[ \t]*:[ \t]*"(?:metrics|saved)"')
_BLOCK = 16 << 20
_MOST_ROWS = 50_000
_KEPT = 16
_HEAD = 256


@dataclass
class _Read:
    """How far one journal was read. ``head`` tells whether it is still the same file."""

    head: bytes = b""
    offset: int = 0
    rows: list[Measured] = field(default_factory=list)


class Measurements:
    """The journals of a store's runs; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Read] = OrderedDict()

    def of(self, folder: Path) -> list[Measured]:
        """What a run measured, oldest first; of very many every second one, and so on.

        Raises
        ------
        StoreError
            When there is a journal and it cannot be read.
        """
        with self._lock:
            known = self._known.pop(folder.name, None) or _Read()
            try:
                known = _read_on(folder / JOURNAL_FILE, known)
            except FileNotFoundError:
                return []
            except OSError as error:
                why = error.strerror or str(error)
                raise StoreError(f"the journal of {folder.name} cannot be read ({why})", error.errno) from error
            self._known[folder.name] = known
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
            return list(known.rows)


def _read_on(path: Path, known: _Read) -> _Read:
    with open(os.open(path, _READ | _NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, "it is not a regular file")
        head = file.read(_HEAD)
        if status.st_size < known.offset or not head.startswith(known.head):
            known = _Read()
        if len(known.head) < _HEAD:
            known.head = head
        file.seek(known.offset)
        rest = b""
        while block := file.read(_BLOCK):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()  # without its end it may be half a line
            for line in lines:
                if _TELLING.search(line):
                    _take(line, known.rows)
            known.offset = file.tell() - len(rest)
    return known


def _take(line: bytes, rows: list[Measured]) -> None:
    event = parse_line(line)
    if event is None or event["event"] not in ("metrics", "saved") or not isinstance(event.get("metrics"), dict):
        return
    values = numbers(event["metrics"])
    if values:
        rows.append((_whole(event.get("epoch")), _whole(event.get("step")), values))
        if len(rows) > _MOST_ROWS:
            del rows[::2]


def numbers(metrics: Mapping[Any, Any]) -> dict[str, float]:
    """The values that are numbers."""
    found = {}
    for name, value in metrics.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            with contextlib.suppress(OverflowError):  # an integer of hundreds of digits in a file
                found[str(name)] = float(value)
    return found


def _whole(value: object) -> float | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53 else None
