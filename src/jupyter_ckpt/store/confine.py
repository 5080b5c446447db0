"""Keep every path inside the store: links and hostile names must not lead a removal elsewhere."""

from __future__ import annotations

import errno
from pathlib import Path

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.record import is_safe_name


def confined(path: Path, root: Path) -> Path:
    """``path`` resolved, when it lies in ``root`` (resolved too).

    Raises
    ------
    StoreError
        When links or ``..`` lead out of ``root``.
    """
    try:
        resolved, base = path.resolve(), root.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        raise StoreError(f"{path} cannot be resolved ({error}): remove the link") from error
    if not resolved.is_relative_to(base):
        raise StoreError(f"{path} leads out of the store {root} (to {resolved}): remove that link", errno.EXDEV)
    return resolved


def run_folder_of(path: Path) -> Path:
    """A run's folder, resolved and known to lie directly in its store.

    Raises
    ------
    StoreError
        When it is no folder, a link to elsewhere, or its name is no run name.
    """
    resolved = confined(path, path.parent)
    if resolved.name != path.name or resolved.parent != path.parent.resolve() or not is_safe_name(path.name):
        raise StoreError(f"{path} is not a run's folder but a link, or oddly named: use the real one")
    if not resolved.is_dir():
        raise StoreError(f"{path} is not a folder: is the volume still there? %ckpt storage shows it", errno.ENOENT)
    return resolved
