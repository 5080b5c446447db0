"""From a checkpoint in the store to a stand-alone file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_ckpt.session.resuming import open_checkpoint
from jupyter_ckpt.store.export import Exported, export

if TYPE_CHECKING:
    from jupyter_ckpt.session.store_reader import StoreReader


def export_checkpoint(
    session: StoreReader,
    target: str,
    to: str | os.PathLike[str],
    *,
    weights_only: bool,
    names: Iterable[str] | None,
    force: bool,
) -> Exported:
    """See `Checkpointer.export`; the checkpoint is verified before anything is written."""
    found = open_checkpoint(session.find(target), session.watch)
    path = Path(os.path.abspath(os.path.expanduser(os.fspath(to))))
    return export(found.tree, path, weights_only=weights_only, names=names, force=force)
