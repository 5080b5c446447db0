"""A checkpoint's data file copied to where the page's user wants it, wholly and verified or not at all. No torch."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path

from jupyter_ckpt.errors import CorruptCheckpoint, NoSpace, StoreError, UsageProblem
from jupyter_ckpt.server.jobs import Job
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.server.problems import Refused
from jupyter_ckpt.store.folder import Folder, sync_file
from jupyter_ckpt.store.record import CommitRecord
from jupyter_ckpt.store.sizes import size_text
from jupyter_ckpt.store.temporary import temporary_name
from jupyter_ckpt.store.verify import verify_file

_BLOCK = 4 << 20
_SUFFIXES = (".pt", ".pth")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EACCES}
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def target_of(places: Places, path: str, *, force: bool) -> Path:
    """Where a copy goes; touches files.

    Raises
    ------
    UsageProblem
        When that is no file in the server's root folder, or its folder is not there.
    Refused
        When there is a file already and ``force`` was not given.
    """
    target = places.confined(path)
    shown = path[:200]
    if target.suffix not in _SUFFIXES or any(part.startswith(".") for part in target.relative_to(places.root).parts):
        raise UsageProblem(f"{shown}: the copy is a visible file that ends in .pt or .pth")
    if not target.parent.is_dir():
        raise UsageProblem(f"{shown}: there is no such folder")
    if os.path.lexists(target):
        if not stat.S_ISREG(target.lstat().st_mode):
            raise UsageProblem(f"{shown} is there already and no ordinary file: choose another name")
        if not force:
            raise Refused(f"{shown} is there already: choose another name, or replace it")
    return target


def copy_verified(source: Path, record: CommitRecord, target: Path, job: Job, *, force: bool) -> None:
    """Copy, verify the copy against the record, and only then give it its name.

    Raises
    ------
    CorruptCheckpoint
        When the copy is not what was committed.
    NoSpace, StoreError
        When it cannot be written; no part of it is left.
    Refused
        When a file of that name has appeared meanwhile.
    """
    if shutil.disk_usage(target.parent).free < record.size:
        raise NoSpace(f"not exported: {size_text(record.size)} are needed in {target.parent}", errno.ENOSPC)
    temporary = temporary_name(target.stem)
    try:
        with Folder(target.parent) as held:
            try:
                _copy(source, held, temporary, job)
                path = target.parent / temporary
                problems = verify_file(path, record, progress=job.progress_from(record.size))
                if problems:
                    raise CorruptCheckpoint(f"{record.name} is damaged: {problems[0]}; nothing was exported")
                job.check()
                _name(held, temporary, target.name, force=force)
                held.sync()
            finally:
                held.discard(temporary)
    except FileExistsError as error:
        raise Refused(f"{target.name} is there already: choose another name, or replace it") from error
    except OSError as error:
        kind = NoSpace if error.errno in _FULL else StoreError
        raise kind(f"{target} could not be written ({error.strerror or error})", error.errno) from error


def _copy(source: Path, held: Folder, name: str, job: Job) -> None:
    done = 0
    advance = job.progress_from(0)
    with open(os.open(source, _READ), "rb", buffering=0) as reader:
        if not stat.S_ISREG(os.fstat(reader.fileno()).st_mode):
            raise OSError(errno.EINVAL, "the data file is no regular file")
        with open(held.create(name), "wb", buffering=0) as writer:
            while block := reader.read(_BLOCK):
                view = memoryview(block)
                while view:
                    view = view[writer.write(view) :]
                done += len(block)
                advance(done, job.total)
            sync_file(writer.fileno())


def _name(held: Folder, temporary: str, name: str, *, force: bool) -> None:
    if not force:
        try:
            held.link(temporary, name)  # unlike a rename it never replaces
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if held.has(name):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from error
        else:
            with contextlib.suppress(OSError):
                held.unlink(temporary)
            return
    held.rename(temporary, name)
