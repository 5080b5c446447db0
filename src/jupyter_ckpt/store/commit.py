"""The commit protocol: data first, made durable, the record last, reported only when both are there.

Unique temporary name in the same folder (``O_EXCL``) → write → fsync → rename → fsync of the folder; then the
record in the same way; then a look whether the folder is still the one that the path names. Each step is there
because leaving it out lost acknowledged saves under power cuts (ALICE, OSDI 2014, found the same in eleven
systems). An fsync that failed is never tried again on the same file: a second one reports success over lost
bytes ("fsyncgate", PostgreSQL 2018).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from jupyter_ckpt.errors import CkptError, DurabilityUncertain, NoSpace, NotCommitted
from jupyter_ckpt.store.archive import Archive, Progress, Written
from jupyter_ckpt.store.folder import Folder, sync_file
from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, CommitRecord, dump_record, parse_record
from jupyter_ckpt.store.temporary import temporary_name

_FULL = {errno.ENOSPC, errno.EDQUOT}


def commit(
    folder: Path,
    name: str,
    archive: Archive,
    make_record: Callable[[Written], CommitRecord],
    *,
    rename: bool = True,
    random_writes: bool = True,
    threads: int = 2,
    progress: Progress | None = None,
) -> CommitRecord:
    """Write a checkpoint so that it exists wholly or not at all.

    Parameters
    ----------
    folder : Path
        The run's folder, which exists.
    name : str
        The checkpoint's name; ``<name>.pt`` and ``<name>.json`` must not exist.
    archive : Archive
        The state, laid out.
    make_record : callable
        Gets what was written and returns the record.
    rename, random_writes : bool
        What the volume can do. Without rename both files are written under their final names, in order: the
        record's seal and digests then decide whether they are whole.
    threads : int
        Storages written at a time.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    CommitRecord
        The record as committed.

    Raises
    ------
    NotCommitted, NoSpace
        Nothing changed: no file of this name is left, earlier checkpoints are untouched. ``errno`` is kept.
    DurabilityUncertain
        The checkpoint may be visible but was not proved durable. ``errno`` is kept.
    """
    data_name, record_name = name + DATA_SUFFIX, name + RECORD_SUFFIX
    made: list[str] = []
    try:
        held = Folder(folder)
    except OSError as error:
        raise not_committed(name, folder, error) from error
    with held:
        try:
            written = _write_data(held, data_name, archive, made, rename, random_writes, threads, progress)
            record = make_record(written)
            raw = dump_record(record)
            _check_readable(name, raw)
            _write_record(held, record_name, raw, made, rename)
        except OSError as error:
            raise _taken_back(held, name, folder, made, error) from error
        except BaseException:
            held.discard(*reversed(made))
            raise
        # From here on the checkpoint is visible: a failure is doubt about it, not its absence.
        try:
            held.sync()
        except OSError as error:
            raise DurabilityUncertain(
                f"{name} was written to {folder}, but the volume could not confirm it ({_why(error)}):"
                " run %ckpt verify, and save once more",
                error.errno,
            ) from error
        if not held.is_still_there():
            raise DurabilityUncertain(
                f"{name}: {folder} is not the same folder any more (volume unmounted or mounted over while"
                " saving): check %ckpt storage, and save once more",
                errno.ESTALE,
            )
    return record


def _check_readable(name: str, raw: bytes) -> None:
    """A record that cannot be read back would be a checkpoint that was reported and is lost."""
    try:
        parse_record(raw)
    except ValueError as error:
        raise NotCommitted(f"{name} was not saved: its record could not be read back ({error})") from error


def _write_data(
    held: Folder,
    name: str,
    archive: Archive,
    made: list[str],
    rename: bool,
    random_writes: bool,
    threads: int,
    progress: Progress | None,
) -> Written:
    """The data file, whole, durable and under its final name."""
    if rename:
        # The empty final file reserves the name: a rename would silently replace another kernel's file.
        reserved = held.create(name)
        made.append(name)
        os.close(reserved)
    if held.has(name.removesuffix(DATA_SUFFIX) + RECORD_SUFFIX):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)  # a record that has lost its data
    target = temporary_name(name.removesuffix(DATA_SUFFIX)) if rename else name
    fd = held.create(target)
    made.append(target)
    try:
        written = archive.write(fd, threads=threads, sequential=not (rename and random_writes), progress=progress)
        sync_file(fd)
    except BaseException:
        _close_quietly(fd)
        raise
    os.close(fd)  # network file systems report a full quota here
    if rename:
        held.rename(target, name)
        made.remove(target)
    held.sync()
    return written


def _write_record(held: Folder, name: str, raw: bytes, made: list[str], rename: bool) -> None:
    """The record, whole and under its final name; the folder is still to be synced."""
    target = temporary_name(name.removesuffix(RECORD_SUFFIX)) if rename else name
    fd = held.create(target)
    made.append(target)
    try:
        view = memoryview(raw)
        while view:
            view = view[os.write(fd, view) :]
        sync_file(fd)
    except BaseException:
        _close_quietly(fd)
        raise
    os.close(fd)
    if rename:
        made.append(name)  # over a network it may happen although the answer is an error
        held.rename(target, name)


def _taken_back(held: Folder, name: str, folder: Path, made: list[str], error: OSError) -> CkptError:
    """Remove what a failed commit has made, and say what is the case then.

    The record goes first: none may stay that names data which is taken away.
    """
    record_name = name + RECORD_SUFFIX
    if record_name in made and not held.discard(record_name):
        return DurabilityUncertain(
            f"{name} may have been written to {folder} or not: the volume failed at the last step ({_why(error)})."
            " Run %ckpt verify when it is back, and save once more",
            error.errno,
        )
    held.discard(*reversed(made))
    return not_committed(name, folder, error)


def _close_quietly(fd: int) -> None:
    """Close after a failure; the failure itself is what gets reported."""
    try:
        os.close(fd)
    except OSError:
        return


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def not_committed(name: str, folder: Path, error: OSError) -> CkptError:
    """`NotCommitted` or `NoSpace` for a system's error while ``name`` was being saved in ``folder``."""
    kept = "nothing was changed, earlier checkpoints are untouched"
    if error.errno in _FULL:
        why, cure = (
            f"no room on the volume of {folder} ({_why(error)})",
            "%ckpt prune frees some, %ckpt storage lists others",
        )
        return NoSpace(f"{name} was not saved: {why}; {kept}. {cure}", error.errno)
    if error.errno == errno.EFBIG:
        why = f"a file of this size is more than {folder} or this process (ulimit -f) may have"
        return NoSpace(f"{name} was not saved: {why}; {kept}. %ckpt storage lists other volumes", error.errno)
    if error.errno == errno.EROFS:
        why, cure = f"the volume of {folder} is read-only", "%ckpt storage lists others"
    elif isinstance(error, FileExistsError):
        why, cure = f"a checkpoint of that name exists in {folder}", "give another epoch or step"
    elif error.errno == errno.ENOENT and not folder.exists():
        why, cure = f"{folder} is gone (is its volume still mounted?)", "%ckpt storage shows the volumes"
    else:
        why, cure = f"writing to {folder} failed ({_why(error)})", "%ckpt storage shows the volumes"
    return NotCommitted(f"{name} was not saved: {why}; {kept}. {cure}", error.errno)
