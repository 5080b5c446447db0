"""Memory laid out as a data file: a state copied once, at one moment, ready to be written as it lies there.

Copying is all that a training has to wait for; the rest of a save works on the copy. Fresh memory costs three to
four times as much as the copy itself (each page is faulted in), so the image stays from one save to the next.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import threading
from collections.abc import Sequence

import torch

from jupyter_ckpt.store.parallel import parallel

_PAGE = 4096
_BLOCK = 4 << 20


class Image:
    """Page-aligned memory that files are laid out in.

    Parameters
    ----------
    nbytes : int
        How many bytes; rounded up to whole pages.
    """

    def __init__(self, nbytes: int) -> None:
        self._memory = mmap.mmap(-1, max(-(-nbytes // _PAGE), 1) * _PAGE)
        if hasattr(mmap, "MADV_HUGEPAGE"):  # a fault each 2 MB instead of each 4 KB
            self._memory.madvise(mmap.MADV_HUGEPAGE)
        self.view = memoryview(self._memory)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return len(self.view)

    def touch(self) -> None:
        """Make the system back every page with memory; others run meanwhile."""
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        for start in range(0, self.nbytes, _BLOCK):
            ctypes.memset(address + start, 0, min(_BLOCK, self.nbytes - start))

    def tensor(self, dtype: torch.dtype, offset: int, count: int) -> torch.Tensor:
        """``count`` elements at ``offset`` bytes, as a tensor over this very memory."""
        if count == 0:
            return torch.empty(0, dtype=dtype)
        return torch.frombuffer(self._memory, dtype=dtype, count=count, offset=offset)


class Staging:
    """The one image of a session, lent to one save at a time."""

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._image: Image | None = None

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._image.nbytes if self._image is not None else 0

    def take(self, nbytes: int) -> Image:
        """The image, of at least so many bytes; waits until the save before has given it back.

        Raises
        ------
        MemoryError, OSError
            When the system has no such memory; then nothing is held.
        """
        self._free.acquire()
        try:
            if self._image is None or self._image.nbytes < nbytes:
                self._image = None  # never the old and the new one at a time
                self._image = Image(nbytes)
        except BaseException:
            self._free.release()
            raise
        return self._image

    def prepare(self, nbytes: int) -> None:
        """Have an image of so many bytes, each page of it touched, so that the first copy is as quick as the others.

        Without effect when there is no such memory: whoever needs it will be told.
        """
        with contextlib.suppress(MemoryError, OSError):
            image = self.take(nbytes)
            try:
                image.touch()
            finally:
                self.give_back()

    def give_back(self) -> None:
        """The save is done with it."""
        self._free.release()

    def drop(self) -> None:
        """Let go of the memory itself; waits for a save under way."""
        with self._free:
            self._image = None


def copy_tensors(pairs: Sequence[tuple[torch.Tensor, torch.Tensor]], threads: int) -> None:
    """Copy tensors into memory of the host, several at a time; returns when every byte is there.

    Parameters
    ----------
    pairs : sequence of (Tensor, Tensor)
        Target on the CPU and source on any device: one-dimensional, contiguous, of one type and length.
    threads : int
        How many copy at a time.
    """
    shares: list[list[tuple[int, int, int]]] = [[]]
    filled = 0
    for target, source in pairs:
        nbytes = source.numel() * source.element_size()
        if source.device.type != "cpu":
            target.copy_(source)
        elif nbytes:
            to, start = target.data_ptr(), source.data_ptr()
            for done in range(0, nbytes, _BLOCK):
                size = min(_BLOCK, nbytes - done)
                if filled >= _BLOCK:
                    shares.append([])
                    filled = 0
                shares[-1].append((to + done, start + done, size))
                filled += size
    # whoever is free takes the next share: a core that others use as well would hold up half of the copy
    parallel(_move, shares, threads)


def _move(blocks: list[tuple[int, int, int]]) -> None:
    for target, source, size in blocks:  # ctypes lets go of the interpreter's lock, as torch does
        ctypes.memmove(target, source, size)
