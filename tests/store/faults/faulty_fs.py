"""A FUSE file system over a folder that does a few things wrong: ``faulty_fs.py ROOT MOUNTPOINT CONTROL``.

``CONTROL`` is a JSON file with a list of rules: ``{"op": "write", "nth": 3, "errno": 5}`` fails the third write
after the file was put there, 0 every one; ``late`` does the work and fails then, ``short`` writes less and says
so, ``flip`` turns a bit and says nothing. All calls since then are logged in ``CONTROL.log``.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mfusepy

_STAT = "st_atime st_ctime st_gid st_mode st_mtime st_nlink st_size st_uid st_blocks"
_STATFS = "f_bavail f_bfree f_blocks f_bsize f_favail f_ffree f_files f_flag f_frsize f_namemax"


class FaultyFolder(mfusepy.Operations):
    """Passes every call on to a folder, some of them wrongly."""

    def __init__(self, root: str, control: str) -> None:
        self.root, self.control, self.log = root, control, control + ".log"
        self.order: dict[str, Any] = {}
        self.seen: list[int] = []

    def _real(self, path: str) -> str:
        return self.root + path

    def _fault(self, op: str, path: str) -> dict[str, Any]:
        """The rule when this call is the one."""
        order = json.loads(Path(self.control).read_text())
        if order != self.order:  # each has a serial number
            self.order, self.seen = order, [0] * len(order["rules"])
        with open(self.log, "a") as log:
            log.write(f"{op} {path}\n")
        for number, rule in enumerate(self.order["rules"]):
            if op == rule["op"]:
                self.seen[number] += 1
                if rule["nth"] in (0, self.seen[number]):
                    return dict(rule)
        return {}

    def _do(self, op: str, path: str, work: Callable[[], Any]) -> Any:
        rule = self._fault(op, path)
        if "errno" not in rule:
            return work()
        if rule.get("late"):
            work()
        raise mfusepy.FuseOSError(rule["errno"])

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        try:
            status = os.lstat(self._real(path))
        except FileNotFoundError:
            raise mfusepy.FuseOSError(errno.ENOENT) from None
        return {name: getattr(status, name) for name in _STAT.split()}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *os.listdir(self._real(path))]

    def statfs(self, path: str) -> dict[str, int]:
        status = os.statvfs(self._real(path))
        return {name: getattr(status, name) for name in _STATFS.split()}

    def opendir(self, path: str) -> int:
        return int(self._do("opendir", path, lambda: 0))

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        return int(self._do("create", path, lambda: os.open(self._real(path), flags, mode)))

    def open(self, path: str, flags: int) -> int:
        return int(self._do("open", path, lambda: os.open(self._real(path), flags & ~os.O_APPEND)))

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._do("read", path, lambda: os.pread(fh, size, offset)))

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        rule = self._fault("write", path)
        if "errno" in rule and not rule.get("late"):
            raise mfusepy.FuseOSError(rule["errno"])
        if "short" in rule:
            data = data[: max(1, int(len(data) * rule["short"]))]
        if "flip" in rule:
            data = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
        written = os.pwrite(fh, data, offset)
        if "errno" in rule:
            raise mfusepy.FuseOSError(rule["errno"])
        return written

    def flush(self, path: str, fh: int) -> int:
        return int(self._do("flush", path, lambda: 0))

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        return int(self._do("fsync", path, lambda: os.fsync(fh) or 0))

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        return int(self._do("fsyncdir", path, lambda: 0))

    def rename(self, old: str, new: str, *flags: int) -> int:
        return int(self._do("rename", new, lambda: os.rename(self._real(old), self._real(new)) or 0))

    def unlink(self, path: str) -> int:
        return int(self._do("unlink", path, lambda: os.unlink(self._real(path)) or 0))

    def mkdir(self, path: str, mode: int) -> int:
        os.mkdir(self._real(path), mode)
        return 0


if __name__ == "__main__":
    fs = FaultyFolder(sys.argv[1], sys.argv[3])
    # Nothing remembered by the kernel: the tests look and clean up below it.
    timeouts = {"entry_timeout": 0, "attr_timeout": 0, "negative_timeout": 0}
    mfusepy.FUSE(fs, sys.argv[2], foreground=True, nothreads=True, **timeouts)
