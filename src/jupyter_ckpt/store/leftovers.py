"""What killed processes left in a run's folder: temporary files, and data files that never got a record.

Only what is proved ours is collected; a data file that nothing of ours names may be somebody's only copy.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, is_safe_name
from jupyter_ckpt.store.temporary import parse_temporary, process_is_alive

_SETTLED = 60.0
"""Seconds without a write after which a dead process's file is taken as its last word."""
_RECORD_END = b'"}\n'
_UNACKNOWLEDGED = frozenset({"saving", "save_failed"})
_ACKNOWLEDGED = frozenset({"saved", "trashed", "pruned", "untrashed", "pinned", "verified", "corrupt", "tagged"})


@dataclass(frozen=True)
class Leftover:
    """One file that belongs to no checkpoint.

    Parameters
    ----------
    path : Path
        It.
    size : int
        Bytes.
    action : {"delete", "trash", "leave"}
        ``trash`` for data that was once reported as saved and has lost its record.
    why : str
        What it is, for people.
    """

    path: Path
    size: int
    action: Literal["delete", "trash", "leave"]
    why: str


def find_leftovers(
    folder: Path,
    files: Iterable[str],
    events: Sequence[Mapping[str, Any]],
    hosts: Iterable[str],
    *,
    now: float,
    grace: float,
) -> list[Leftover]:
    """Look through a run's folder; data files come before the temporary files that prove them ours.

    Parameters
    ----------
    folder : Path
        The run's folder.
    files : iterable of str
        All names in it.
    events : sequence
        Its journal.
    hosts : iterable of str
        Hosts that are known to have written here. A process id says something only when this is the only one:
        another container's process looks dead from here.
    now, grace : float
        Seconds.
    """
    names = set(files)
    here_only = set(hosts) == {socket.gethostname()}
    writing: set[str] = set()
    temporaries, abandoned = [], set()
    for file_name in sorted(names):
        parsed = parse_temporary(file_name)
        status = _regular(folder / file_name) if parsed else None
        if parsed is None or status is None:
            continue
        name, pid = parsed
        age = now - status.st_mtime
        dead = here_only and age > _SETTLED and not process_is_alive(pid)
        if dead or age > grace:
            abandoned.add(name)
            temporaries.append(Leftover(folder / file_name, status.st_size, "delete", "an unfinished write"))
        else:
            writing.add(name)
    said = _said(events)
    torn = {}
    for name, word in said.items():
        path = folder / (name + RECORD_SUFFIX)
        if word == "unacknowledged" and path.name in names and is_safe_name(name) and _is_torn(path, now - grace):
            torn[path.name] = Leftover(path, path.lstat().st_size, "delete", "a record that was never finished")
    found = []
    for file_name in sorted(names):
        name = file_name.removesuffix(DATA_SUFFIX)
        if name == file_name or name in writing or file_name.startswith("."):
            continue
        if name + RECORD_SUFFIX in names and name + RECORD_SUFFIX not in torn:
            continue
        status = _regular(folder / file_name)
        if status is None:
            continue
        old = now - status.st_mtime > grace
        leftover = _bare_data(folder / file_name, status.st_size, name, said.get(name), name in abandoned, old)
        if leftover is not None:
            found.append(leftover)
    return [*found, *torn.values(), *temporaries]


def _is_torn(path: Path, before: float) -> bool:
    """True for a record cut off while it was written in place, on a volume without renames; not for a damaged one."""
    status = _regular(path)
    if status is None or status.st_mtime > before:
        return False
    try:
        with path.open("rb") as file:
            file.seek(max(0, status.st_size - len(_RECORD_END)))
            return file.read() != _RECORD_END
    except OSError:
        return False


def _bare_data(path: Path, size: int, name: str, said: str | None, abandoned: bool, old: bool) -> Leftover | None:
    """What to make of a data file without a record; None while it may still be being written."""
    if is_safe_name(name):
        if said == "acknowledged":
            return Leftover(path, size, "trash", "saved once, but its record is gone") if old else None
        if abandoned or (said == "unacknowledged" and old):
            return Leftover(path, size, "delete", "data of a save that never finished")
        if said == "unacknowledged":
            return None
    return Leftover(path, size, "leave", "no record, and the journal does not know it: not ours to delete")


def _said(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    said: dict[str, str] = {}
    for event in events:
        name, kind = event.get("name"), event.get("event")
        if isinstance(name, str) and kind in _ACKNOWLEDGED:
            said[name] = "acknowledged"
        elif isinstance(name, str) and kind in _UNACKNOWLEDGED:
            said.setdefault(name, "unacknowledged")
    return said


def _regular(path: Path) -> os.stat_result | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
