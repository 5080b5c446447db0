"""Trying it: can files really be created, renamed and rewritten in a folder, and how much room is there?

Quotas, root squash, permissions and object stores are not in the mount table; one small file tells.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import threading
from dataclasses import dataclass, replace

PREFIX = ".jupyter-ckpt-probe-"
_BLOCK = bytes(range(256)) * 16
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF})
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Probe:
    """What trying showed; ``None`` means not tried, or no answer in time.

    Sizes are in bytes; ``identity`` is ``(st_dev, st_ino)`` of the mount point, ``device`` the folder's
    ``major:minor``; ``folder`` is where it was tried.
    """

    folder: str
    writable: bool | None = None
    rename: bool | None = None
    random_writes: bool | None = None
    free_bytes: int | None = None
    total_bytes: int | None = None
    free_inodes: int | None = None
    identity: tuple[int, int] | None = None
    device: str | None = None
    mine: bool = False
    problem: str = ""


class Cancelled(Exception):
    """The one who asked has gone: clean up and stop."""


def measure(folder: str) -> Probe:
    """Room left for an ordinary user, from statvfs; figures that the system does not have are ``None``.

    Raises
    ------
    OSError
        The folder cannot be asked.
    """
    status = os.stat(folder)
    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}" if hasattr(os, "major") else None
    mine = hasattr(os, "getuid") and status.st_uid == os.getuid()
    if not hasattr(os, "statvfs"):
        import shutil

        usage = shutil.disk_usage(folder)
        return Probe(folder, free_bytes=usage.free, total_bytes=usage.total, device=device, mine=mine)
    room = os.statvfs(folder)
    return Probe(
        folder,
        free_bytes=room.f_bavail * room.f_frsize,
        total_bytes=room.f_blocks * room.f_frsize,
        # btrfs and most network file systems count no inodes
        free_inodes=room.f_favail if room.f_files > 0 else None,
        device=device,
        mine=mine,
    )


def try_folder(folder: str, cancelled: threading.Event | None = None) -> Probe:
    """Create a file exclusively, write, fsync, read back, rename, rewrite a part, unlink; measure the room.

    Never leaves a file behind, also when a step fails; returns what worked and never raises :class:`OSError`.
    ``cancelled`` is looked at between steps: set, it makes the probe clean up and stop.
    """
    cancelled = cancelled or threading.Event()
    try:
        found = measure(folder)
    except OSError as error:
        return Probe(folder, False, problem=_say(error))
    name = os.path.join(folder, f"{PREFIX}{os.getpid()}-{secrets.token_hex(6)}")
    renamed = name + "-2"
    try:
        _stop_if(cancelled)
    except Cancelled:
        return replace(found, problem="gave up waiting")
    try:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o600)
    except OSError as error:
        # nothing was made, so nothing is removed: the name might be someone else's file
        return replace(found, writable=False, problem=_say(error))
    try:
        problem = _fill(name, handle)
        if problem:
            return replace(found, writable=False, problem=problem)
        _stop_if(cancelled)
        can_rename = _rename(name, renamed)
        _stop_if(cancelled)
        can_rewrite = _rewrite(renamed if can_rename else name)
    except Cancelled:
        return replace(found, problem="gave up waiting")
    except OSError as error:
        return replace(found, writable=False, problem=_say(error))
    finally:
        for leftover in (name, renamed):
            with contextlib.suppress(OSError):
                os.unlink(leftover)
    return replace(found, writable=True, rename=can_rename, random_writes=can_rewrite)


def _stop_if(cancelled: threading.Event) -> None:
    if cancelled.is_set():
        raise Cancelled


def _fill(name: str, handle: int) -> str:
    """Write one block durably to the new file and read it back; what went wrong, or nothing."""
    try:
        view = memoryview(_BLOCK)
        while view:
            view = view[os.write(handle, view) :]
        _sync(handle)
    finally:
        os.close(handle)  # object stores report a failed upload only here
    return "" if _read(name) == _BLOCK else "what was written could not be read back"


def _rename(name: str, renamed: str) -> bool:
    try:
        os.rename(name, renamed)
        return os.path.lexists(renamed) and not os.path.lexists(name)
    except OSError:
        return False


def _rewrite(name: str) -> bool:
    """Whether bytes in the middle of an existing file can be replaced."""
    expected = _BLOCK[:100] + b"\0" + _BLOCK[101:]
    try:
        handle = os.open(name, os.O_RDWR | _NOFOLLOW)
        try:
            os.lseek(handle, 100, os.SEEK_SET)
            os.write(handle, b"\0")
            _sync(handle)
        finally:
            os.close(handle)
        return _read(name) == expected
    except OSError:
        return False


def _read(name: str) -> bytes:
    with open(name, "rb") as file:
        return file.read(2 * len(_BLOCK))


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:  # some FUSE programs have none; that is not a failure to write
            raise


def _say(error: OSError) -> str:
    return {
        errno.ENOSPC: "no space is left",
        errno.EDQUOT: "the quota is used up",
        errno.EROFS: "it is read-only",
        errno.EACCES: "no permission to write",
        errno.EPERM: "no permission to write",
        errno.ENOTCONN: "the FUSE program behind it has died (transport endpoint is not connected)",
        errno.ESTALE: "the network server has forgotten it (stale file handle)",
        errno.ENOENT: "the folder is not there",
        errno.ENOTDIR: "it is not a folder",
    }.get(error.errno or 0, error.strerror or str(error))
