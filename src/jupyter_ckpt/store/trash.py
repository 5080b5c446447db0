"""Removing checkpoints so that it can be undone: the trash of a store, its retention, and emptying it."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError, UnknownName, UsageProblem
from jupyter_ckpt.store.catalog import close_matches
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.confine import confined, run_folder_of
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.layout import TRASH
from jupyter_ckpt.store.lock import removal_lock
from jupyter_ckpt.store.record import is_safe_name
from jupyter_ckpt.store.scan import scan_run
from jupyter_ckpt.store.trash_folder import TrashEntry, TrashFolder

__all__ = ["RETENTION", "Emptied", "TrashEntry", "empty_trash", "list_trash", "trash", "untrash"]

RETENTION = datetime.timedelta(days=7)
_NAMING = frozenset({"saved", "trashed", "pruned", "untrashed", "collected"})


@dataclass
class Emptied:
    """What `empty_trash` did.

    Parameters
    ----------
    deleted : list of TrashEntry
        Gone for good.
    freed : int
        Bytes.
    left : list of (Path, str)
        What it did not touch although it lies in the trash, and why.
    """

    deleted: list[TrashEntry] = field(default_factory=list)
    freed: int = 0
    left: list[tuple[Path, str]] = field(default_factory=list)


def trash(run_folder: Path, checkpoint: Checkpoint | str, *, force: bool = False) -> TrashEntry:
    """Remove a checkpoint by hand; `untrash` brings it back until its retention is over.

    Parameters
    ----------
    run_folder : Path
        The run.
    checkpoint : Checkpoint or str
        Which, or its name.
    force : bool
        Also the last good one of the run.

    Raises
    ------
    UnknownName
        When the run has no such checkpoint.
    UsageProblem
        When it is pinned, or the last good one.
    StoreError
        When it could not be moved; unless the message says otherwise it is as it was.
    """
    folder = run_folder_of(run_folder)
    name = checkpoint if isinstance(checkpoint, str) else checkpoint.name
    with removal_lock(folder):
        place = TrashFolder(folder.parent, folder.name)
        place.repair()
        journal = Journal(folder)
        journal.raw()  # unreadable: pins unknown
        known = {c.name: c for c in scan_run(folder, cached=False).checkpoints}
        if name not in known:
            raise UnknownName(f"no checkpoint {name[:80]!r} in run {folder.name}{close_matches(name, known)}")
        if known[name].pinned:
            raise UsageProblem(f"{name} is pinned: unpin it first")
        others = [c for c in known.values() if c.name != name and c.verified != "corrupt" and c.is_whole()]
        is_good = known[name].verified != "corrupt" and known[name].is_whole()
        if is_good and not others and not force:
            raise UsageProblem(
                f"{name} is the last good checkpoint of {folder.name}: --force removes it all the same"
            )
        _, left = place.take([name])
        for _, why in left:
            raise StoreError(f"{name} was not removed: {why}")
        journal.append("trashed", name=name, bytes=known[name].size)
        return next(entry for entry in place.entries() if entry.name == name)


def untrash(run_folder: Path, name: str) -> None:
    """Bring a removed checkpoint back.

    Parameters
    ----------
    run_folder : Path
        The run; its folder is made again when it is gone.
    name : str
        The checkpoint.

    Raises
    ------
    UnknownName
        When the run's trash has no such checkpoint, with its data and a valid record.
    StoreError
        When it could not be moved.
    """
    confined(run_folder, run_folder.parent)
    place = TrashFolder(run_folder.parent, run_folder.name)
    place.repair()
    there = {entry.name: entry for entry in place.entries() if entry.record is not None and entry.size}
    if name not in there:
        raise UnknownName(
            f"no checkpoint {name[:80]!r} in the trash of {run_folder.name}{close_matches(name, there)}"
        )
    if place.live.is_dir():
        with removal_lock(place.live):
            place.give_back(name)
    else:
        place.give_back(name)
    Journal(place.live).append("untrashed", name=name)
    place.tidy()


def list_trash(store: Path, run: str | None = None) -> list[TrashEntry]:
    """What lies in a store's trash, oldest first.

    Raises
    ------
    StoreError
        When the trash is a link or cannot be read.
    """
    found = [entry for place in _places(store, run, []) for entry in place.entries()]
    return sorted(found, key=lambda entry: (entry.at, entry.ref))


def empty_trash(
    store: Path,
    retention: datetime.timedelta = RETENTION,
    *,
    run: str | None = None,
    now: datetime.datetime | None = None,
) -> Emptied:
    """Delete for good what has been in the trash for longer than ``retention`` (zero: everything).

    Parameters
    ----------
    store : Path
        The store.
    retention : timedelta
        How long a removal can be undone.
    run : str, optional
        Only this run's.
    now : datetime, optional
        For tests and for clocks that are known to be wrong.

    Raises
    ------
    StoreError
        When something cannot be read or deleted.
    """
    moment = now.timestamp() if now else time.time()
    result = Emptied()
    for place in _places(store, run, result.left):
        held = place.live if place.live.is_dir() else place.path
        with removal_lock(held):
            place.repair()
            named = named_by_journal(place.live)
            for entry in place.entries():
                if entry.record is None and entry.name not in named:
                    result.left.append((place.path / entry.name, "nothing shows that it is a removed checkpoint"))
                elif not entry.size or moment - entry.at >= retention.total_seconds():
                    result.freed += place.delete(entry.name)
                    result.deleted.append(entry)
                    if place.live.is_dir():
                        Journal(place.live, fsync=False).append("expired", name=entry.name)
        place.tidy()
    return result


def named_by_journal(folder: Path) -> Mapping[str, str]:
    """Names of checkpoints that a run's journal knows, each with the last event that tells where it is."""
    if not folder.is_dir():
        return {}
    events: list[dict[str, Any]] = Journal(folder).select(_NAMING)
    return {event["name"]: event["event"] for event in events if isinstance(event.get("name"), str)}


def _places(store: Path, run: str | None, left: list[tuple[Path, str]]) -> list[TrashFolder]:
    root = store / TRASH
    if root.is_symlink():
        raise StoreError(f"the trash {root} is a link, which is not followed: remove it")
    try:
        with os.scandir(root) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"the trash {root} cannot be read ({error.strerror})", error.errno) from error
    places = []
    for entry in entries:
        if run not in (None, entry.name):
            continue
        if entry.is_dir(follow_symlinks=False) and is_safe_name(entry.name):
            places.append(TrashFolder(store, entry.name))
        else:
            left.append((Path(entry.path), "not a run's folder"))
    return places
