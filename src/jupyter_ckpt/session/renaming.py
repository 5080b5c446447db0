"""A notebook that is renamed or moved keeps its runs: their ``run.json`` says where it lies now."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.run_folder import RunFolder
from jupyter_ckpt.store.catalog import Catalog


def move_runs(store: Path, old: Origin, new: Origin, *, present: Path | None) -> list[str]:
    """Put the runs of ``old`` under ``new``; returns their ids.

    Where the old file is still there (it was copied, by "Save as" for instance) it keeps its runs, and only the one
    that is being written to goes with the kernel.

    Parameters
    ----------
    store : Path
        The store to look in.
    old, new : Origin
        The notebook before and now.
    present : Path or None
        The folder of the run that the kernel writes to.
    """
    was_copied = os.path.lexists(old.path)
    moved = []
    for run in Catalog(store).runs():
        mine = all(run.origin.get(key) == value for key, value in old.key.items())
        if run.folder == present or (mine and not was_copied):
            with contextlib.suppress(StoreError, OSError):  # a run that cannot be written is still found by its name
                if RunFolder(run.folder).set_origin(new):
                    moved.append(run.id)
    return moved
