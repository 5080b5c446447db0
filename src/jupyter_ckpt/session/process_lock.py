"""A lock that one process holds until it ends, however it ends.

A record lock (``lockf``) and not ``flock``: it is not inherited by data loader workers, which outlive a killed kernel
by seconds, and it works on NFS. Its trap is that closing *any* descriptor of the file lets go of it, so that this
process opens each lock file once and counts who uses it.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


@dataclass
class ProcessLock:
    """A lock held by this process; `process_lock` makes it.

    Parameters
    ----------
    path : str
        The lock file.
    fd : int or None
        Open as long as it is held; None where there are no such locks.
    users : int
        How many in this process rely on it.
    """

    path: str
    fd: int | None
    users: int = 1

    def release(self) -> None:
        """One user less; with the last one the lock is gone."""
        self.users -= 1
        if self.users == 0:
            _held.pop(self.path, None)
            if self.fd is not None:
                os.close(self.fd)


_held: dict[str, ProcessLock] = {}


def process_lock(path: Path) -> ProcessLock | None:
    """Take the lock, or None when another process has it.

    Parameters
    ----------
    path : Path
        The lock file; made when it does not exist. Where that cannot be done, or the platform or volume has no
        such locks, a lock is given that keeps nobody out.
    """
    key = os.path.realpath(path)
    if key in _held:
        _held[key].users += 1
        return _held[key]
    try:
        import fcntl

        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except (ImportError, OSError):
        return ProcessLock(key, None)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        return None if error.errno in _BUSY else ProcessLock(key, None)
    _held[key] = ProcessLock(key, fd)
    return _held[key]
