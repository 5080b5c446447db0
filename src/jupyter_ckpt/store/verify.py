"""Re-reading a data file and holding every byte of it against the commit record.

The record has a digest for each entry and one for all bytes between them, so that no byte is out of sight.
Needs neither torch nor a zip reader: the server and the CLI verify too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import xxhash

from jupyter_ckpt.store.parallel import parallel
from jupyter_ckpt.store.record import CommitRecord, EntrySpec

Progress = Callable[[int, int], None]
_BLOCK = 4 << 20


def verify_file(
    path: Path, record: CommitRecord, *, fresh: bool = False, progress: Progress | None = None
) -> list[str]:
    """Compare a data file with its record.

    Parameters
    ----------
    path : Path
        The data file.
    record : CommitRecord
        What was committed.
    fresh : bool
        Ask the system to forget its cached pages first, so that the disk is read and not memory.
    progress : callable, optional
        Called with (bytes done, bytes in all).

    Returns
    -------
    list of str
        What is wrong, in words; empty when every byte is as committed.
    """
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return ["the data file is missing"]
    except OSError as error:
        return [f"the data file cannot be opened: {error.strerror}"]
    try:
        size = os.fstat(fd).st_size
        if size != record.size:
            return [f"{size:,} bytes instead of {record.size:,}" + (" (cut short)" if size < record.size else "")]
        if not record.entries:
            return ["the record names no entries"]
        if fresh and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return _compare(fd, record, progress)
    except OSError as error:
        return [f"reading failed: {error.strerror}"]
    finally:
        os.close(fd)


def _compare(fd: int, record: CommitRecord, progress: Progress | None) -> list[str]:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(min(done, record.size), record.size)

    entries = sorted(record.entries, key=lambda entry: entry.offset)
    position = 0
    for entry in entries:
        if entry.offset < position or entry.size < 0 or entry.offset + entry.size > record.size:
            return [f"the record's entry {entry.name} does not lie within the file"]
        position = entry.offset + entry.size
    right = parallel(lambda entry: _digest(fd, entry, advance) == entry.digest, entries, 2)
    problems = [
        f"entry {e.name}{_meaning(record, e)} has other bytes" for e, ok in zip(entries, right, strict=True) if not ok
    ]
    frame, position = xxhash.xxh3_128(), 0
    for start, end in [*((e.offset, e.offset + e.size) for e in entries), (record.size, record.size)]:
        while position < start:
            block = _read(fd, position, min(_BLOCK, start - position))
            frame.update(block)
            position += len(block)
        position = end
    if frame.hexdigest() != record.digest:
        problems.append("bytes between the entries have changed")
    return problems


def _digest(fd: int, entry: EntrySpec, advance: Callable[[int], None]) -> str:
    digest, position, end = xxhash.xxh3_128(), entry.offset, entry.offset + entry.size
    while position < end:
        block = _read(fd, position, min(_BLOCK, end - position))
        digest.update(block)
        position += len(block)
        advance(len(block))
    return digest.hexdigest()


def _read(fd: int, position: int, count: int) -> bytes:
    """Exactly ``count`` bytes."""
    parts = []
    while count:
        block = os.pread(fd, count, position) if hasattr(os, "pread") else _seek_read(fd, count, position)
        if not block:
            raise OSError(None, "the file ended early")
        parts.append(block)
        position += len(block)
        count -= len(block)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _seek_read(fd: int, count: int, position: int) -> bytes:
    os.lseek(fd, position, os.SEEK_SET)
    return os.read(fd, count)


def _meaning(record: CommitRecord, entry: EntrySpec) -> str:
    """The first tensor in an entry, for a reader who does not know what ``data/12`` is."""
    for tensor in record.tensors:
        if tensor.entry == entry.name:
            return f" ({tensor.name})"
    return ""
