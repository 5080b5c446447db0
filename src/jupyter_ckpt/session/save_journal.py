"""What a save writes into its run's journal: what it is about to write, and how that ended."""

from __future__ import annotations

import os
import time

from jupyter_ckpt.errors import CkptError, StoreError
from jupyter_ckpt.session.run_folder import RunFolder
from jupyter_ckpt.store.commit import not_committed
from jupyter_ckpt.store.record import CommitRecord


def announce(run: RunFolder, name: str) -> None:
    """Say beforehand what will be written, so that prune knows a torn rest as ours."""
    try:
        run.journal.append("saving", name=name)
    except StoreError as error:
        cause = OSError(error.errno, os.strerror(error.errno or 0))
        raise not_committed(name, run.folder, cause) from error


def report(run: RunFolder, record: CommitRecord, started: float) -> list[str]:
    """It is durable; a remark when the journal cannot say so."""
    fields = {"epoch": record.epoch, "step": record.step, "metrics": record.metrics, "bytes": record.size}
    seconds = round(time.perf_counter() - started, 3)
    try:
        run.journal.append("saved", name=record.name, reason=record.reason, seconds=seconds, **fields)
    except StoreError as error:
        return [f"{record.name} is saved, but {error}"]
    return []


def note_failure(run: RunFolder, name: str, error: CkptError) -> None:
    """It was not saved, or not certainly."""
    try:
        run.journal.append("save_failed", name=name, why=str(error)[:500])
    except StoreError:
        return  # the same cause; the error itself is on its way to the user
