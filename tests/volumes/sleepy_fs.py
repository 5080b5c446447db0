"""A FUSE file system in memory whose calls sleep: ``sleepy_fs.py MOUNTPOINT CALL SECONDS``; for tests."""

from __future__ import annotations

import errno
import stat
import sys
import time

import mfusepy


class Sleepy(mfusepy.Operations):
    """An empty folder that takes its time."""

    def __init__(self, call: str, seconds: float) -> None:
        self.call, self.seconds = call, seconds

    def _nap(self, call: str) -> None:
        if call == self.call:
            time.sleep(self.seconds)

    def getattr(self, path, fh=None):
        if path != "/":
            self._nap("getattr")
            raise mfusepy.FuseOSError(errno.ENOENT)
        return {"st_mode": stat.S_IFDIR | 0o777, "st_nlink": 2}

    def readdir(self, path, fh=None, *rest):
        return [".", ".."]

    def statfs(self, path):
        self._nap("statfs")
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 20, "f_bavail": 1 << 20, "f_bfree": 1 << 20}

    def create(self, path, mode, *rest):
        self._nap("create")
        raise mfusepy.FuseOSError(errno.EACCES)


if __name__ == "__main__":
    mfusepy.FUSE(Sleepy(sys.argv[2], float(sys.argv[3])), sys.argv[1], foreground=True, nothreads=True)
