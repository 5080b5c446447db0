"""A FUSE mirror of a folder whose listings sleep while a file says so: ``slow_store_fs.py MOUNTPOINT FOLDER``."""

from __future__ import annotations

import errno
import os
import sys
import time

import mfusepy


class SlowStore(mfusepy.Operations):
    """Reads a folder; each call waits as long as ``<folder>.sleep`` is there."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def _at(self, path: str) -> str:
        while os.path.exists(self.folder + ".sleep"):
            time.sleep(0.02)
        return self.folder + path

    def getattr(self, path, fh=None):
        try:
            status = os.lstat(self._at(path))
        except OSError as error:
            raise mfusepy.FuseOSError(error.errno or errno.EIO) from error
        names = ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid", "st_mtime", "st_ctime", "st_atime")
        return {name: getattr(status, name) for name in names}

    def readdir(self, path, fh=None, *rest):
        return [".", "..", *os.listdir(self._at(path))]

    def read(self, path, size, offset, fh):
        with open(self._at(path), "rb") as file:
            file.seek(offset)
            return file.read(size)


if __name__ == "__main__":
    mfusepy.FUSE(SlowStore(sys.argv[2]), sys.argv[1], foreground=True, nothreads=False)
