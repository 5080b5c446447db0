"""Finding checkpoints by the words people use: ``latest``, ``best``, ``best:metric``, a name, ``run/name``."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.store.best_metric import pick_metric, ranked

__all__ = ["is_path", "pick_metric", "ranked", "read_word", "spell"]

_FILE_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".tar", ".json", ".safetensors")


def spell(target: str | os.PathLike[str]) -> str:
    """What was given as a checkpoint, as text; a `Path` is always a file.

    Raises
    ------
    UsageProblem
        For nothing, and for what is neither.
    """
    if isinstance(target, os.PathLike):
        return os.path.abspath(os.fspath(target))
    if not isinstance(target, str) or not target.strip():
        raise UsageProblem(f"which checkpoint? latest, best, a name, RUN/NAME or a file, not {str(target)[:40]!r}")
    return target


def read_word(target: str) -> tuple[str, str | None] | None:
    """``latest`` or ``best`` and the metric that was given with it; None for anything else.

    Raises
    ------
    UsageProblem
        For ``best:`` and ``latest:METRIC``.
    """
    word, colon, metric = target.partition(":")
    if word not in ("latest", "best"):
        return None
    if colon and (word == "latest" or not metric):
        raise UsageProblem(f"{target}: write latest, best, or best:METRIC")
    return word, metric or None


def is_path(text: str) -> bool:
    """True when a target is a file's path rather than a checkpoint's name."""
    if text.startswith(("/", "./", "../", "~", ".\\")) or text.endswith(_FILE_SUFFIXES):
        return True
    return len(text) > 1 and text[1] == ":" and Path(text).is_absolute()
