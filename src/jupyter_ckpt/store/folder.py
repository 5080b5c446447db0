"""A folder held open, so that what is written goes to the volume that was meant, or is noticed.

A volume that is unmounted, or mounted over, is no error to the kernel: writes by path go on into the bare mount
point and are lost with the container. Names here are resolved relative to a descriptor of the folder, and
`Folder.is_still_there` compares what is held with what the path names now (``st_dev``, ``st_ino``).
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from types import TracebackType

_HAS_DIR_FD = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_BINARY = getattr(os, "O_BINARY", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


class Folder:
    """One open folder; a context manager.

    Parameters
    ----------
    path : Path
        An existing folder.

    Raises
    ------
    OSError
        When it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC) if _HAS_DIR_FD else None
        self._identity = _identity(os.fstat(self._fd) if self._fd is not None else os.stat(path))

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _name(self, name: str) -> str:
        return name if self._fd is not None else str(self.path / name)

    def create(self, name: str) -> int:
        """A new file, open for reading and writing; ``FileExistsError`` when the name is taken."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY | _CLOEXEC | _NOFOLLOW
        return os.open(self._name(name), flags, 0o666, dir_fd=self._fd)

    def open(self, name: str) -> int:
        """A file that is there, open for reading and writing; links are not followed."""
        return os.open(self._name(name), os.O_RDWR | _BINARY | _CLOEXEC | _NOFOLLOW, dir_fd=self._fd)

    def rename(self, old: str, new: str) -> None:
        """Rename within the folder, replacing ``new``."""
        os.replace(self._name(old), self._name(new), src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def link(self, old: str, new: str) -> None:
        """A second name for a file; ``FileExistsError`` when it is taken. Not every volume can."""
        os.link(self._name(old), self._name(new), src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def unlink(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self._name(name), dir_fd=self._fd)

    def has(self, name: str) -> bool:
        """True when the folder has an entry of that name, even a dangling link."""
        try:
            os.lstat(self._name(name)) if self._fd is None else os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def discard(self, *names: str) -> bool:
        """Remove what is left of a failed write; what cannot be removed stays for prune to collect.

        Returns
        -------
        bool
            True when none of them is there any more.
        """
        gone = True
        for name in names:
            try:
                self.unlink(name)
            except FileNotFoundError:
                continue
            except OSError:
                gone = False
        return gone

    def sync(self) -> None:
        """Make the folder's entries durable (renames are not, without it)."""
        if self._fd is None:
            return
        try:
            os.fsync(self._fd)
        except OSError as error:
            # Some file systems have no such call for folders and keep their entries in order by other means.
            if error.errno not in _NO_FOLDER_SYNC:
                raise

    def is_still_there(self) -> bool:
        """True when the path still leads to the folder that is held open."""
        try:
            return _identity(os.stat(self.path)) == self._identity
        except OSError:
            return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def sync_file(fd: int) -> None:
    """Make a file's bytes and size durable; on macOS past the drive's cache as well (``F_FULLFSYNC``)."""
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        except OSError:
            os.fsync(fd)  # volumes that do not know the call
        return
    os.fsync(fd)


def make_folders(path: Path) -> None:
    """Create ``path`` and its parents durably: each new folder's entry is synced into the one above."""
    missing = []
    probe = path
    while not probe.exists():
        missing.append(probe)
        probe = probe.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        with Folder(folder.parent) as above:
            above.sync()
