"""Is there room? Asked before a byte is written, so that too little is one clear error and not half a file."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from jupyter_ckpt.errors import NoSpace, StoreError
from jupyter_ckpt.store.sizes import size_text

_RECORD_ROOM = 4 << 20
"""For the commit record and the journal, beside the data."""
_INODES = 4
_ABSURD = 1 << 58
"""More than any real volume: object stores and some FUSE mounts report such numbers."""


@dataclass(frozen=True)
class Space:
    """What is left on a volume.

    Parameters
    ----------
    free_bytes : int
        For this user, not counting what is reserved for root. A user's quota is not in it.
    free_inodes : int or None
        New files possible; None where the file system has no such limit.
    total : int
        Bytes of the volume.
    trusted : bool
        False when the numbers mean nothing (object stores, some FUSE and network mounts).
    """

    free_bytes: int
    free_inodes: int | None
    total: int
    trusted: bool


def free(path: Path) -> Space:
    """Room on the volume of ``path`` (or of its nearest parent that exists).

    Raises
    ------
    StoreError
        When the volume does not answer; ``errno`` is kept.
    """
    probe = _existing(path)
    try:
        if hasattr(os, "statvfs"):
            status = os.statvfs(probe)
            unit = status.f_frsize or status.f_bsize
            left, total = status.f_bavail * unit, status.f_blocks * unit
            inodes = status.f_favail if status.f_files else None
        else:
            usage = shutil.disk_usage(probe)
            left, total, inodes = usage.free, usage.total, None
    except OSError as error:
        raise StoreError(
            f"the volume of {path} does not say how much room it has ({error.strerror}): %ckpt storage lists others",
            error.errno,
        ) from error
    return Space(left, inodes, total, trusted=0 < total < _ABSURD and 0 <= left <= total)


def check(path: Path, need: int, prunable: int = 0, *, command: str = "%ckpt prune") -> None:
    """Make sure that a checkpoint fits.

    Parameters
    ----------
    path : Path
        Where it will lie.
    need : int
        Bytes of its data file.
    prunable : int
        Bytes that pruning would free, trash included (`prunable_bytes`).
    command : str
        What to type for that.

    Raises
    ------
    NoSpace
        When the volume is known to have too little; one line with the volume, the need, what is left, what
        pruning would free and the command.
    """
    space = free(path)
    if not space.trusted:
        return
    kept = "nothing was changed, earlier checkpoints are untouched"
    volume = _mount_point(_existing(path))
    wanted = need + _RECORD_ROOM
    if space.free_bytes < wanted:
        short = f"{size_text(need)} needed, {size_text(space.free_bytes)} left"
        if prunable and space.free_bytes + prunable >= wanted:
            cure = f"{command} frees {size_text(prunable)}"
        elif prunable:
            cure = f"{command} frees {size_text(prunable)}, which is not enough: %ckpt storage lists other volumes"
        else:
            cure = "nothing can be pruned: %ckpt storage lists other volumes"
        raise NoSpace(f"not saved: no room on {volume} ({short}); {kept}. {cure}", errno.ENOSPC)
    if space.free_inodes is not None and space.free_inodes < _INODES:
        raise NoSpace(
            f"not saved: {volume} has room but takes no more files ({space.free_inodes} left); {kept}."
            " Delete some small files there, or see %ckpt storage for other volumes",
            errno.ENOSPC,
        )


def _existing(path: Path) -> Path:
    for probe in (path, *path.absolute().parents):
        if probe.exists():
            return probe
    return path


def _mount_point(path: Path) -> Path:
    probe = path.resolve()
    while not os.path.ismount(probe) and probe != probe.parent:
        probe = probe.parent
    return probe
