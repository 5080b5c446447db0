"""One process at a time removes things in a run; a lock that a killed process cannot leave behind."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_ckpt.errors import StoreError

_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


@contextlib.contextmanager
def removal_lock(folder: Path, wait: float = 10.0) -> Iterator[bool]:
    """Hold the folder's lock (``flock`` on the folder itself, so no file is left anywhere).

    Parameters
    ----------
    folder : Path
        An existing folder.
    wait : float
        Seconds to wait for another process.

    Yields
    ------
    bool
        False where the platform or volume has no such lock; the removals are safe against crashes all the
        same, but two of them at once could each rely on a checkpoint that the other removes.

    Raises
    ------
    StoreError
        When another process holds it for longer.
    """
    try:
        import fcntl
    except ImportError:
        yield False
        return
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{folder} cannot be opened ({error.strerror})", error.errno) from error
    try:
        yield _taken(lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB), folder, time.monotonic() + wait)
    finally:
        os.close(fd)


def _taken(attempt: Callable[[], None], folder: Path, deadline: float) -> bool:
    while True:
        try:
            attempt()
        except OSError as error:
            if error.errno not in _BUSY:
                return False
            if time.monotonic() > deadline:
                raise StoreError(
                    f"another kernel is removing checkpoints of {folder.name} right now: try again when it is done",
                    error.errno,
                ) from error
            time.sleep(0.05)
        else:
            return True
