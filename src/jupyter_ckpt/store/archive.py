"""Writing the data file: a standard torch archive, laid out by ourselves.

The layout (where every entry lies) is known from the sizes alone before a byte is written. So the space needed
is known exactly, storages go straight from their memory to their place in the file, from several threads, and
the checksums that the zip headers and the record want are taken on the way, while a block is in the cache.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from jupyter_ckpt.store import zipformat
from jupyter_ckpt.store.digest import Checksums, crc32, xxh3
from jupyter_ckpt.store.direct import WORTH_IT, write_direct
from jupyter_ckpt.store.image import Image, copy_tensors
from jupyter_ckpt.store.parallel import parallel
from jupyter_ckpt.store.record import EntrySpec, TensorSpec
from jupyter_ckpt.store.tree import Flattened, Payload, flatten

ALIGNMENT = 64
"""Bytes; torch's own alignment of storages, enough for every dtype under mmap."""
_PREFIX = "archive/"
_BLOCK = 4 << 20
_VERSION = b"3\n"

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all), from any thread."""


@dataclass(frozen=True)
class Written:
    """What was written: its ``size`` in bytes, ``digest`` of all bytes outside the entries, the entries and
    tensors for the commit record."""

    size: int
    digest: str
    entries: list[EntrySpec]
    tensors: list[TensorSpec]


class Archive:
    """A state tree laid out as a file: ``size`` is exact before anything is written.

    Parameters
    ----------
    tree : mapping
        Plain containers, scalars and tensors (live ones: they are read while writing).

    Raises
    ------
    UsageProblem
        When the tree holds what only a pickle could bring back.
    """

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._flat: Flattened = flatten(tree)
        self._small: list[tuple[str, bytes]] = [
            ("data.pkl", self._flat.pickle),
            ("byteorder", sys.byteorder.encode()),
            ("version", _VERSION),
        ]
        position = 0
        self._slots: list[zipformat.Slot] = []
        sizes = [(name, len(data), 1) for name, data in self._small]
        sizes += [(f"data/{p.key}", p.nbytes, ALIGNMENT) for p in self._flat.payloads]
        for name, size, alignment in sizes:
            slot = zipformat.place(_PREFIX + name, position, size, alignment)
            self._slots.append(slot)
            position = slot.offset + size
        self._directory_at = position
        self._image: Image | None = None
        self.size: int = position + len(zipformat.directory(self._slots, [0] * len(self._slots), position))

    def copy_into(self, image: Image, *, threads: int = 2) -> None:
        """Copy the state into memory, in the file's own layout; from then on the live tensors are free to change.

        Parameters
        ----------
        image : Image
            Of at least `size` bytes; nobody else may write to it until this archive is written.
        threads : int
            How many copy at a time.
        """
        pieces: list[tuple[torch.Tensor, torch.Tensor]] = []
        for slot, payload in zip(self._slots[len(self._small) :], self._flat.payloads, strict=True):
            pieces.append((image.tensor(payload.dtype, slot.offset, payload.source.numel()), payload.source))
        copy_tensors(pieces, threads)
        for (target, _), payload in zip(pieces, self._flat.payloads, strict=True):
            payload.source = target  # from here on nobody looks at the live tensors
        self._image = image

    def write(
        self, fd: int, *, threads: int = 2, sequential: bool = False, progress: Progress | None = None
    ) -> Written:
        """Write the whole archive to ``fd`` (open for writing, empty). Not durable until the caller's fsync.

        Parameters
        ----------
        fd : int
            File descriptor.
        threads : int
            Storages written at a time.
        sequential : bool
            Write strictly front to back, for volumes without random writes (object stores behind FUSE); the
            memory is then read twice, since a header comes before its data.
        progress : callable, optional
            See `Progress`.

        Raises
        ------
        OSError
            As the operating system reports it; short writes are continued, a write of nothing is ``EIO``.
        """
        sink = _Sink(fd, self.size, progress)
        crcs: list[int] = []
        digests: list[str] = []
        for _, data in self._small:
            crcs.append(crc32(data))
            digests.append(xxh3(data))
        count = len(self._small)
        pairs = list(zip(self._slots[count:], self._flat.payloads, strict=True))
        if not sequential and self._is_worth_direct() and (found := self._write_direct(fd, threads, progress)):
            return found
        if sequential:
            sums = [_checksums(payload) for _, payload in pairs]
            crcs += [s.crc32 for s in sums]
            digests += [s.digest for s in sums]
            frame = self._frame(crcs)
            for number, slot in enumerate(self._slots):
                sink.put(memoryview(frame[number]), slot.header)
                if number < count:
                    sink.put(memoryview(self._small[number][1]), slot.offset)
                else:
                    for block, at in _blocks(pairs[number - count][1]):
                        sink.put(block, slot.offset + at)
            sink.put(memoryview(frame[-1]), self._directory_at)
        else:
            sums = parallel(lambda pair: _write_payload(sink, *pair), pairs, threads)
            crcs += [s.crc32 for s in sums]
            digests += [s.digest for s in sums]
            frame = self._frame(crcs)
            for number, (slot, (_, data)) in enumerate(zip(self._slots, self._small, strict=False)):
                sink.put(memoryview(frame[number] + data), slot.header)
            for slot, header in zip(self._slots[count:], frame[count:-1], strict=True):
                sink.put(memoryview(header), slot.header)
            sink.put(memoryview(frame[-1]), self._directory_at)
        return self._written(crcs, digests, frame)

    def _is_worth_direct(self) -> bool:
        """Large, and in the host's memory, which is read twice: a header comes before its data."""
        return self.size >= WORTH_IT and all(p.source.device.type == "cpu" for p in self._flat.payloads)

    def _write_direct(self, fd: int, threads: int, progress: Progress | None) -> Written | None:
        """Past the page cache; None where that cannot be done."""
        sums = parallel(_checksums, self._flat.payloads, threads)
        crcs = [crc32(data) for _, data in self._small] + [s.crc32 for s in sums]
        digests = [xxh3(data) for _, data in self._small] + [s.digest for s in sums]
        frame = self._frame(crcs)
        if self._image is not None:
            self._complete(self._image.view, frame)
            if not write_direct(fd, self._image.view, self.size, threads=threads, progress=progress):
                return None
            return self._written(crcs, digests, frame)
        contents = [memoryview(data) for _, data in self._small]
        contents += [tensor_bytes(payload.source) for payload in self._flat.payloads]
        pieces = []
        for slot, header, content in zip(self._slots, frame[:-1], contents, strict=True):
            pieces += [(slot.header, memoryview(header)), (slot.offset, content)]
        pieces.append((self._directory_at, memoryview(frame[-1])))
        if not write_direct(fd, pieces, self.size, threads=threads, progress=progress):
            return None
        return self._written(crcs, digests, frame)

    def _complete(self, view: memoryview, frame: list[bytes]) -> None:
        """Put into the image what lies between the payloads."""
        end = 0
        for number, (slot, header) in enumerate(zip(self._slots, frame, strict=False)):
            view[end : slot.header] = bytes(slot.header - end)
            view[slot.header : slot.header + len(header)] = header
            small = self._small[number][1] if number < len(self._small) else b""
            view[slot.offset : slot.offset + len(small)] = small
            end = slot.offset + slot.size
        view[self._directory_at : self.size] = frame[-1]

    def _written(self, crcs: list[int], digests: list[str], frame: list[bytes]) -> Written:
        entries = [
            EntrySpec(slot.name.removeprefix(_PREFIX), slot.offset, slot.size, crc, digest)
            for slot, crc, digest in zip(self._slots, crcs, digests, strict=True)
        ]
        by_key = dict(zip((p.key for p in self._flat.payloads), digests[len(self._small) :], strict=True))
        return Written(self.size, xxh3(b"".join(frame)), entries, self._tensors(by_key))

    def _frame(self, crcs: list[int]) -> list[bytes]:
        """Everything that is not an entry's content, in file order: each header, then the directory."""
        headers = [zipformat.local_header(slot, crc) for slot, crc in zip(self._slots, crcs, strict=True)]
        return [*headers, zipformat.directory(self._slots, crcs, self._directory_at)]

    def _tensors(self, digests: dict[str, str]) -> list[TensorSpec]:
        return [
            TensorSpec(
                place.path,
                str(place.dtype).removeprefix("torch."),
                place.shape,
                f"data/{place.payload.key}",
                place.offset,
                place.stride,
                digests[place.payload.key] if place.is_whole else tensor_digest(place.tensor),
            )
            for place in self._flat.tensors
        ]


class _Sink:
    """Counts what is written and finishes short writes."""

    def __init__(self, fd: int, total: int, progress: Progress | None) -> None:
        self._fd = fd
        self._total = total
        self._progress = progress
        self._done = 0
        self._lock = threading.Lock()
        self._position = 0
        self.stopped = False

    def put(self, data: memoryview, offset: int) -> None:
        """Write ``data`` at ``offset``; without a seek when the file stands there already."""
        start = 0
        while start < len(data):
            written = _write_at(self._fd, data[start:], offset + start)
            if written <= 0:
                raise OSError(errno.EIO, "the volume took no bytes")
            start += written
        with self._lock:
            self._done += len(data)
            done = self._done
        if self._progress is not None:
            self._progress(done, self._total)


def _write_at(fd: int, data: memoryview, offset: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(fd, data, offset)
    with _SEEK_LOCK:  # Windows has no pwrite
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)


_SEEK_LOCK = threading.Lock()


def _write_payload(sink: _Sink, slot: zipformat.Slot, payload: Payload) -> Checksums:
    sums = Checksums()
    try:
        for block, at in _blocks(payload):
            if sink.stopped:
                break  # another thread failed: its error is the one that is reported
            sums.update(block)
            sink.put(block, slot.offset + at)
    except BaseException:
        sink.stopped = True
        raise
    return sums


def _checksums(payload: Payload) -> Checksums:
    sums = Checksums()
    for block, _ in _blocks(payload):
        sums.update(block)
    return sums


def _blocks(payload: Payload) -> list[tuple[memoryview, int]]:
    """The payload's bytes in blocks with their offsets; a device's memory is copied to the host first."""
    data = tensor_bytes(payload.source)
    return [(data[start : start + _BLOCK], start) for start in range(0, len(data), _BLOCK)]


def tensor_bytes(tensor: torch.Tensor) -> memoryview:
    """The bytes of a one-dimensional contiguous tensor; its own memory when on the CPU, else a host copy.

    The view keeps the tensor alive.
    """
    host = tensor.detach()
    if host.device.type != "cpu":
        host = host.to("cpu")
    size = host.numel() * host.element_size()
    if size == 0:
        return memoryview(b"")
    array = (ctypes.c_ubyte * size).from_address(host.data_ptr())
    array._keep = host  # type: ignore[attr-defined]
    return memoryview(array).cast("B")


def tensor_digest(tensor: torch.Tensor) -> str:
    """xxh3-128 of a tensor's elements in C order, whatever its strides and device."""
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return xxh3(tensor_bytes(flat))
