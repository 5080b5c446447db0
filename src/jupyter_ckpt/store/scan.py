"""Read one run's folder: which files are checkpoints, which are damaged, and what the journal says about them."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.layout import RUN_FILE
from jupyter_ckpt.store.marks import MARK_EVENTS, Mark, fold_marks
from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, CommitRecord, is_safe_name, parse_record
from jupyter_ckpt.store.record_cache import Key, read_cache, write_cache

Damage = tuple[Path, str]
RACY_NS = 3_000_000_000
"""A record younger than this may change within the resolution of its time stamp (2 s on FAT): not cached."""
_WORTH_WRITING = 16
_LARGEST_INFO = 64 << 20


@dataclass
class RunScan:
    """What one run's folder holds.

    Parameters
    ----------
    folder : Path
        It.
    info : dict
        ``run.json``; empty when missing or damaged.
    is_run : bool
        It has a ``run.json`` or a valid record.
    checkpoints : list of Checkpoint
        Newest first.
    damaged : list of (Path, str)
        Records that are not checkpoints, and why.
    files : dict
        File name → directory entry, for everything in the folder.
    summaries : dict
        Its records that are old enough to be known by their file's name, size and time.
    """

    folder: Path
    info: dict[str, Any] = field(default_factory=dict)
    is_run: bool = False
    checkpoints: list[Checkpoint] = field(default_factory=list)
    damaged: list[Damage] = field(default_factory=list)
    files: dict[str, os.DirEntry[str]] = field(default_factory=dict)
    summaries: dict[Key, CommitRecord] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The ids that this run goes by: its folder's name, and that in ``run.json`` (after a rename)."""
        known = self.info.get("run")
        return frozenset({self.folder.name, known} if isinstance(known, str) else {self.folder.name})


def scan_run(folder: Path, *, cached: bool = True, known: Mapping[Key, CommitRecord] | None = None) -> RunScan:
    """Read a run's folder.

    Parameters
    ----------
    folder : Path
        A real folder (not a link).
    cached : bool
        Take unchanged records from the run's cache, and write it. False where something is decided on them.
    known : mapping, optional
        Summaries that an earlier scan of this process found (`RunScan.summaries`): then the run's cache is neither
        read nor written.

    Raises
    ------
    OSError
        When the folder cannot be listed.
    """
    with os.scandir(folder) as listing:
        scan = RunScan(folder, files={entry.name: entry for entry in listing})
    has_info = _read_info(scan)
    records = _Records(scan, cached and not known, known or {})
    for name in scan.files:
        if name.endswith(RECORD_SUFFIX) and name != RUN_FILE and not name.startswith("."):
            records.take(name)
    scan.is_run = has_info or bool(records.found)
    if records.found:
        marks = _read_marks(scan)
        own = scan.names
        scan.checkpoints = [_checkpoint(folder, record, marks.get(record.name), own) for record in records.found]
        scan.checkpoints.sort(key=lambda checkpoint: checkpoint.order, reverse=True)
        records.remember()
    return scan


def _checkpoint(folder: Path, record: CommitRecord, mark: Mark | None, own: frozenset[str]) -> Checkpoint:
    mine = record.run in own
    if mark is None:
        return Checkpoint(folder.name, record.name, folder, record, mine, tuple(record.tags), note=record.note)
    return Checkpoint(
        folder.name,
        record.name,
        folder,
        record,
        mine,
        tags=mark.tags(record.tags),
        pinned=mark.pinned,
        note=record.note if mark.note is None else mark.note,
        verified=mark.verified,
        verified_at=mark.verified_at,
    )


def _read_info(scan: RunScan) -> bool:
    """Parse ``run.json``; True when there is one."""
    entry = scan.files.get(RUN_FILE)
    if entry is None:
        return False
    path = scan.folder / RUN_FILE
    try:
        if not entry.is_file(follow_symlinks=False):
            raise ValueError("not a regular file")
        if entry.stat(follow_symlinks=False).st_size > _LARGEST_INFO:
            raise ValueError("absurdly large")
        info = json.loads(path.read_bytes())
        if not isinstance(info, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError, RecursionError) as error:
        scan.damaged.append((path, f"not a valid run.json: {str(error)[:200]}"))
        return True
    scan.info = info
    return True


def _read_marks(scan: RunScan) -> dict[str, Mark]:
    journal = Journal(scan.folder)
    try:
        return fold_marks(journal.select(MARK_EVENTS))
    except StoreError as error:
        scan.damaged.append((journal.path, str(error)))
        return {}


class _Records:
    """The valid records of a folder, from their files or the cache."""

    def __init__(self, scan: RunScan, cached: bool, known: Mapping[Key, CommitRecord]) -> None:
        self.scan = scan
        self.found: list[CommitRecord] = []
        self._cached = cached
        self._known = known
        self._cache = read_cache(scan.folder) if cached else None
        self._keep = scan.summaries
        self._read = 0
        self._now = time.time_ns()

    def take(self, file_name: str) -> None:
        """Add the record in this file, or say what is wrong with it."""
        path = self.scan.folder / file_name
        try:
            record = self._record(file_name)
        except (OSError, ValueError, OverflowError) as error:
            why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            self.scan.damaged.append((path, why[:300]))
            return
        if record is not None:
            self.found.append(record)

    def _record(self, file_name: str) -> CommitRecord | None:
        stem = file_name.removesuffix(RECORD_SUFFIX)
        entry = self.scan.files[file_name]
        data = self.scan.files.get(stem + DATA_SUFFIX)
        if not is_safe_name(stem):
            raise ValueError("its name is not a checkpoint's")
        if not entry.is_file(follow_symlinks=False):
            raise ValueError("not a regular file")
        status = entry.stat(follow_symlinks=False)
        key = (file_name, status.st_size, status.st_mtime_ns)
        record = self._known.get(key) or (self._cache.get(key) if self._cache else None)
        if record is None:
            raw = (self.scan.folder / file_name).read_bytes()
            self._read += 1
            if data is None and b'"seal"' not in raw:
                return None  # some other JSON file of the user's
            record = _lighten(parse_record(raw, light=True))
        if record.name != stem:
            raise ValueError(f"the record inside is of {record.name!r}")
        if data is None:
            raise ValueError("its data file is missing")
        if not data.is_file(follow_symlinks=False):
            raise ValueError("its data file is not a regular file")
        if abs(self._now - status.st_mtime_ns) > RACY_NS:
            self._keep[key] = record
        return record

    def remember(self) -> None:
        """Write the cache when that saves the next reader enough."""
        gone = len(self._cache.rows.keys() - self._keep.keys()) if self._cache else 0
        new = len(self._keep.keys() - self._cache.rows.keys()) if self._cache else 0
        if self._cached and (new >= _WORTH_WRITING or gone > len(self._keep) + _WORTH_WRITING):
            with contextlib.suppress(ValueError):  # text that no encoding takes: then no cache
                write_cache(self.scan.folder, self._keep)


_LIGHT: dict[str, Any] = {
    "entries": [],
    "tensors": [],
    "tracked": {},
    "items": [],
    "code": {},
    "environment": {},
}


def _lighten(record: CommitRecord) -> CommitRecord:
    """Without what lists do not show; of the storage verdict only the word for the badge."""
    durability = record.storage.get("durability")
    storage = {"durability": durability[:20]} if isinstance(durability, str) else {}
    return replace(record, **_LIGHT, storage=storage)
