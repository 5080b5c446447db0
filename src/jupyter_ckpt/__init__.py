"""Training checkpoints for PyTorch in Jupyter that survive the container.

In a notebook: ``%load_ext jupyter_ckpt``, then ``%ckpt``. In Python: `Checkpointer`, or the functions here, which act
on the session of the notebook or script. Importing the package imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_VERBS = (
    "batches", "close", "diff", "empty_trash", "epochs", "export", "extract", "find", "keep", "list", "log", "note",
    "pin", "prune", "resume", "rm", "run", "runs", "save", "show", "status", "storage", "tag", "track", "tracked",
    "trash", "undo", "unpin", "untag", "untrack", "use_storage", "verify", "wait",
)  # fmt: skip
_TYPES = {
    "Checkpointer": "jupyter_ckpt.session.checkpointer",
    "KeepPolicy": "jupyter_ckpt.store.preservation",
    "CkptError": "jupyter_ckpt.errors",
    "assess": "jupyter_ckpt.volumes",
    "candidates": "jupyter_ckpt.volumes",
}

if TYPE_CHECKING:
    from jupyter_ckpt.errors import CkptError
    from jupyter_ckpt.session.checkpointer import Checkpointer
    from jupyter_ckpt.store.preservation import KeepPolicy
    from jupyter_ckpt.volumes import assess, candidates


def __getattr__(name: str) -> Any:
    """Types, and the verbs as functions of the current session; looked up when used, so that import is quick."""
    if name in _TYPES:
        import importlib

        return getattr(importlib.import_module(_TYPES[name]), name)
    if name in _VERBS:
        from jupyter_ckpt.session.current import current

        return getattr(current(), name)
    raise AttributeError(f"module 'jupyter_ckpt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_VERBS, *_TYPES})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext jupyter_ckpt``."""
    from jupyter_ckpt.magics import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext jupyter_ckpt``."""
    from jupyter_ckpt.magics import unload_ipython_extension as unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where `jupyter labextension develop` finds the page's part."""
    return [{"src": "labextension", "dest": "jupyter-ckpt"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """For jupyter_server, which is imported by nothing else here."""
    from jupyter_ckpt.server.extension import extension_points

    return extension_points()


__all__ = ["Checkpointer", "CkptError", "KeepPolicy", "assess", "candidates"]
