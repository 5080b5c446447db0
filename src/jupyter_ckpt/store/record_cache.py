"""A run's cache of record summaries, so that listing ten thousand checkpoints does not parse ten thousand files.

It may be deleted at any time. An entry counts only for a record file of the same name, size and time, and the whole
cache only when its own digest holds; everything in it goes through the same checks as a record from a file.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xxhash

from jupyter_ckpt.store.record import CommitRecord
from jupyter_ckpt.store.temporary import temporary_name

CACHE_FILE = ".catalog.jsonl"
_FORMAT = 2
_HEAVY = ("entries", "tensors", "tracked", "items", "code", "environment")
_OPEN = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)

Key = tuple[str, int, int]
"""A record file's name, size and modification time in ns."""


@dataclass
class RecordCache:
    """Summaries by `Key`."""

    rows: dict[Key, Any] = field(default_factory=dict)

    def get(self, key: Key) -> CommitRecord | None:
        """The summary of that file, or None when it has to be read."""
        row = self.rows.get(key)
        if row is None:
            return None
        try:
            return CommitRecord.from_json(row)
        except (ValueError, TypeError, AttributeError, OverflowError):
            return None


def summarize(record: CommitRecord) -> dict[str, Any]:
    """The record's light fields, as JSON."""
    data = {key: value for key, value in vars(record).items() if key not in _HEAVY}
    return {key: value for key, value in data.items() if key in _ALWAYS or value not in (None, "", [], {}, False, 0)}


_ALWAYS = {"format", "name", "run", "time", "epoch", "step"}


def read_cache(folder: Path) -> RecordCache:
    """The run's cache; an empty one when there is none, or it is damaged, or anything but a plain file."""
    try:
        fd = os.open(folder / CACHE_FILE, os.O_RDONLY | _OPEN | _NONBLOCK)
        with open(fd, "rb") as file:
            raw = file.read() if stat.S_ISREG(os.fstat(fd).st_mode) else b""
        head, _, body = raw.partition(b"\n")
        if json.loads(head) != {"format": _FORMAT, "digest": xxhash.xxh3_128_hexdigest(body)}:
            return RecordCache()
        rows = json.loads(b"[" + body.rstrip().replace(b"\n", b",") + b"]")
        return RecordCache({(str(name), int(size), int(mtime)): row for name, size, mtime, row in rows})
    except (OSError, ValueError, TypeError, RecursionError):
        return RecordCache()  # it is only a cache: the files are read instead


def write_cache(folder: Path, summaries: Mapping[Key, CommitRecord]) -> bool:
    """Replace the run's cache; False when the folder cannot be written (listing works all the same)."""
    lines = [json.dumps([*key, summarize(record)], separators=(",", ":")) for key, record in summaries.items()]
    body = "".join(line + "\n" for line in lines).encode()
    head = json.dumps({"format": _FORMAT, "digest": xxhash.xxh3_128_hexdigest(body)}).encode()
    target = folder / temporary_name(CACHE_FILE.strip("."))
    try:
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o666)
        with open(fd, "wb") as file:
            file.write(head + b"\n" + body)
        os.replace(target, folder / CACHE_FILE)
    except OSError:
        with contextlib.suppress(OSError):  # what stays has a temporary's name: prune collects it
            target.unlink()
        return False
    return True
