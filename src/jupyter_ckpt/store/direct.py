"""Writing past the page cache: large aligned blocks straight to the disk (``O_DIRECT``).

The page cache's copying is what holds a large save up, and what a training on the same cores feels. Linux only, and
only where the file system takes it; the caller writes the ordinary way when `write_direct` says no.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import mmap
import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence

from jupyter_ckpt.store.parallel import parallel

Piece = tuple[int, memoryview]
"""Offset in the file, and the bytes that lie there."""

WORTH_IT = 16 << 20
"""Bytes from which on it is quicker."""
_BLOCK = 8 << 20
_PAGE = 4096
_WORTH_A_CALL = 4096
_DIRECT = getattr(os, "O_DIRECT", 0)


def write_direct(
    fd: int,
    source: Sequence[Piece] | memoryview,
    size: int,
    *,
    threads: int,
    progress: Callable[[int, int], None] | None,
) -> bool:
    """Write a whole file from its pieces, or from an image of it.

    Parameters
    ----------
    fd : int
        Open for writing, empty.
    source : sequence of Piece, or memoryview
        Pieces in order of their offsets, without overlap; what lies in none is zero. Or the file as it is to be, in
        memory aligned to pages and rounded up to whole ones.
    size : int
        Bytes of the file.
    threads : int
        Blocks under way at a time.
    progress : callable, optional
        Called with (bytes done, bytes in all).

    Returns
    -------
    bool
        False when the platform or the file system does not take it; the file is empty as before.

    Raises
    ------
    OSError
        As the system reports it.
    """
    if not _DIRECT or not _set_direct(fd, True):
        return False
    job = _Job(fd, source, size, progress)
    try:
        parallel(lambda _: job.run(), range(max(1, threads)), threads)
    except OSError as error:
        if error.errno != errno.EINVAL or job.done:
            raise
        _set_direct(fd, False)
        os.ftruncate(fd, 0)
        return False
    _set_direct(fd, False)
    os.ftruncate(fd, size)
    return True


class _Job:
    """The blocks of one file, taken by whichever thread is free."""

    def __init__(
        self,
        fd: int,
        source: Sequence[Piece] | memoryview,
        size: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.done = 0
        self._fd = fd
        self._image = source if isinstance(source, memoryview) else None
        self._pieces: Sequence[Piece] = () if isinstance(source, memoryview) else source
        self._starts = [offset for offset, _ in self._pieces]
        self._size = size
        self._progress = progress
        self._next = 0
        self._lock = threading.Lock()
        self._stopped = False

    def run(self) -> None:
        """Write blocks until there are no more, or another thread has failed."""
        try:
            content = self._gathering() if self._image is None else functools.partial(_cut, self._image)
            while (start := self._take()) is not None:
                end = min(start + _BLOCK, self._size)
                self._put(content(start, end), start)
                self._count(end - start)
        except BaseException:
            self._stopped = True
            raise

    def _gathering(self) -> Callable[[int, int], memoryview]:
        """Gives what lies from ``start`` to ``end`` of the file, put together in a block of this thread's own."""
        image = mmap.mmap(-1, _BLOCK)  # aligned to pages; freed with its last view, which a traceback may hold
        block = memoryview(image)
        address = ctypes.addressof(ctypes.c_char.from_buffer(image))

        def gather(start: int, end: int) -> memoryview:
            self._fill(block, address, start, end)
            return _cut(block, 0, end - start)

        return gather

    def _take(self) -> int | None:
        with self._lock:
            if self._stopped or self._next >= self._size:
                return None
            start = self._next
            self._next += _BLOCK
            return start

    def _fill(self, block: memoryview, address: int, start: int, end: int) -> None:
        """Copy what lies in ``start`` to ``end`` of the file into the block; the lock is let go for large copies."""
        position = start
        number = max(bisect_right(self._starts, start) - 1, 0)
        while position < end and number < len(self._pieces):
            offset, data = self._pieces[number]
            number += 1
            first, last = max(offset, start), min(offset + len(data), end)
            if first >= last:
                continue
            if first > position:
                ctypes.memset(address + position - start, 0, first - position)
            part = data[first - offset : last - offset]
            if len(part) >= _WORTH_A_CALL and not part.readonly:
                source = ctypes.addressof(ctypes.c_char.from_buffer(part))
                ctypes.memmove(address + first - start, source, len(part))
            else:
                block[first - start : last - start] = part
            position = last
        rest = -(-(end - start) // _PAGE) * _PAGE - (position - start)
        if rest > 0:
            ctypes.memset(address + position - start, 0, rest)

    def _put(self, data: memoryview, offset: int) -> None:
        start = 0
        while start < len(data):
            written = os.pwrite(self._fd, data[start:], offset + start)
            if written <= 0:
                raise OSError(errno.EIO, "the volume took no bytes")
            start += written
            if start < len(data) and start % _PAGE:
                _set_direct(self._fd, False)  # what is left is not aligned any more

    def _count(self, nbytes: int) -> None:
        with self._lock:
            self.done += nbytes
            done = self.done
        if self._progress is not None:
            self._progress(done, self._size)


def _cut(memory: memoryview, start: int, end: int) -> memoryview:
    """From ``start`` to ``end``, rounded up to whole pages."""
    return memory[start : -(-end // _PAGE) * _PAGE]


def _set_direct(fd: int, on: bool) -> bool:
    """Switch it for an open file; False when the file system has no such thing."""
    import fcntl

    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    try:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | _DIRECT if on else flags & ~_DIRECT)
    except OSError:
        return False
    return True
