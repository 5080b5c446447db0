"""What no save and no load can be quicker than, measured on this machine in the same round."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path

_BLOCK = 16 << 20


class Limits:
    """Memory and disk at their best.

    Parameters
    ----------
    nbytes : int
        Of the state.
    """

    def __init__(self, nbytes: int) -> None:
        self._nbytes = nbytes
        size = -(-nbytes // _BLOCK) * _BLOCK
        self._from, self._to = mmap.mmap(-1, size), mmap.mmap(-1, size)
        for memory in (self._from, self._to):  # memory that was never touched is not backed by anything
            memory.write(bytes(size))
        self._addresses = [ctypes.addressof(ctypes.c_char.from_buffer(memory)) for memory in (self._to, self._from)]

    def copy(self) -> None:
        """One thread's memcpy into memory that exists."""
        ctypes.memmove(*self._addresses, self._nbytes)

    def write(self, path: Path) -> None:
        """As fast as the disk takes it: past the page cache, in large blocks, durable at the end."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            fd = os.open(path, flags | getattr(os, "O_DIRECT", 0))
        except OSError:  # a file system without it
            fd = os.open(path, flags)
        try:
            with memoryview(self._from) as view:
                for start in range(0, self._nbytes, _BLOCK):
                    os.pwrite(fd, view[start : start + _BLOCK], start)
            os.fdatasync(fd)
        finally:
            os.close(fd)


def read(path: Path) -> None:
    """Read a file in blocks into the same memory."""
    block = bytearray(8 << 20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass


def sync_tree(folder: Path) -> None:
    """Make every file below durable; most peers leave that to chance."""
    for path in [*folder.rglob("*"), folder]:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
