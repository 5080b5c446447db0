"""The run's journal: an append-only record of what happened, one JSON object a line.

A writer may die in the middle of a line and a disk may rot under it: readers take the lines that are whole
and count the others, and the next append starts on a new line. Two kernels may append at the same time:
``O_APPEND`` with one write a line keeps their lines apart.

Fields that name a checkpoint of the run are called ``name`` in every event.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.folder import Folder, sync_file
from jupyter_ckpt.store.record import parse_timestamp, timestamp

JOURNAL_FILE = "journal.jsonl"
_EVENT = re.compile(r"[a-z][a-z_]{1,39}")
_COMMON = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
# A FIFO under the journal's name must not hang the reader.
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


class Journal:
    """``<run>/journal.jsonl``.

    Parameters
    ----------
    folder : Path
        The run's folder; it need not have a journal yet.
    fsync : bool
        Make each line durable before `append` returns. Off for lines that may be lost (metrics).
    """

    def __init__(self, folder: Path, *, fsync: bool = True) -> None:
        self.folder = folder
        self.path = folder / JOURNAL_FILE
        self.fsync = fsync
        self.torn: list[bytes] = []
        """The lines that the last `read` could not take."""

    @property
    def damaged(self) -> int:
        """How many lines the last `read` could not take."""
        return len(self.torn)

    def append(self, event: str, /, **fields: Any) -> dict[str, Any]:
        """Write one line and return it as read back later.

        Parameters
        ----------
        event : str
            A past participle: ``started``, ``saved``, ``pinned``, …
        fields
            Plain JSON values; anything else is written as its text, so that a strange metric cannot end a
            training.

        Raises
        ------
        StoreError
            When it could not be written; ``errno`` is kept. A half-written line is healed by the next call.
        """
        if not _EVENT.fullmatch(event) or fields.keys() & {"time", "event"}:
            raise ValueError(f"not a journal event: {event!r} {sorted(fields)}")
        entry = {"time": timestamp(), "event": event, **fields}
        text = json.dumps(entry, ensure_ascii=False, default=str)
        # A lone surrogate becomes its own JSON escape.
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        try:
            self._write(line)
        except OSError as error:
            raise StoreError(
                f"the journal of {self.folder.name} could not be written ({error.strerror or error}):"
                " %ckpt storage shows the volume",
                error.errno,
            ) from error
        taken: dict[str, Any] = json.loads(text)
        return taken

    def _write(self, line: bytes) -> None:
        new = not self.path.exists()
        fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _COMMON | _NONBLOCK, 0o666)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file")
            if status.st_size:
                os.lseek(fd, -1, os.SEEK_END)
                if os.read(fd, 1) != b"\n":
                    line = b"\n" + line
            if os.write(fd, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self.fsync:
                sync_file(fd)
        finally:
            os.close(fd)
        if new and self.fsync:
            with Folder(self.folder) as held:
                held.sync()

    def raw(self) -> bytes:
        """All bytes; empty when there is no journal.

        Raises
        ------
        StoreError
            When there is one and it cannot be read, or it is a link or another kind of file.
        """
        try:
            fd = os.open(self.path, os.O_RDONLY | _COMMON | _NONBLOCK)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            with open(fd, "rb") as file:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise OSError(errno.EINVAL, "it is not a regular file")
                return file.read()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> StoreError:
        why = "it is a link" if error.errno == errno.ELOOP else error.strerror or str(error)
        return StoreError(
            f"the journal {self.path} cannot be read ({why}): without it pins are unknown, so nothing is removed",
            error.errno,
        )

    def read(self) -> list[dict[str, Any]]:
        """The valid lines, oldest first; `damaged` counts the others.

        Raises
        ------
        StoreError
            See `raw`.
        """
        return self._parse(self.raw().split(b"\n"))

    def select(self, events: Collection[str]) -> list[dict[str, Any]]:
        """Like `read`, only lines of these events; quick on a journal with a million lines of metrics.

        Lines that do not even look like one of them are not parsed, so `damaged` counts only among the rest.
        """
        raw = self.raw()
        return [entry for entry in self._parse(_lines_with(raw, events)) if entry["event"] in events]

    def _parse(self, lines: list[bytes]) -> list[dict[str, Any]]:
        self.torn = []
        taken = []
        for line in lines:
            if not line.strip():
                continue
            entry = parse_line(line)
            if entry is None:
                self.torn.append(line)
            else:
                taken.append(entry)
        return taken


def parse_line(line: bytes) -> dict[str, Any] | None:
    """One line as an event, or None when it is not a whole and valid one."""
    try:
        entry = json.loads(line.decode("utf-8"))
        if isinstance(entry, dict) and isinstance(entry["event"], str):
            parse_timestamp(entry["time"])
            return entry
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return None


def _lines_with(raw: bytes, events: Collection[str]) -> list[bytes]:
    words = "|".join(sorted(re.escape(event) for event in events)).encode()
    return list(_whole_lines(raw, re.compile(rb'"event"[ \t]*:[ \t]*"(?:' + words + rb')"')))


def _whole_lines(raw: bytes, pattern: re.Pattern[bytes]) -> Iterator[bytes]:
    place = 0
    while (found := pattern.search(raw, place)) is not None:
        end = raw.find(b"\n", found.end())
        end = len(raw) if end < 0 else end
        yield raw[raw.rfind(b"\n", 0, found.start()) + 1 : end]
        place = end
