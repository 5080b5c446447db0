"""Where the classes of the tracked objects come from, with their source: a checkpoint without its model's class is a
riddle.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import sys
import sysconfig
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from jupyter_ckpt.state.cells import Definition, Statement, history, parse_cells
from jupyter_ckpt.state.extraction import extract_module
from jupyter_ckpt.state.wrappers import unwrap

__all__ = ["class_sources", "extract_module"]


def class_sources(objects: Mapping[str, Any], cells: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """Source of every class of the user's that the tracked objects, their submodules or those classes' bases have.

    Parameters
    ----------
    objects : mapping
        Tracked objects by name.
    cells : sequence of str, optional
        The notebook's cells as they were run (IPython's ``In``: the index is the cell's number); the newest
        definition counts. Without it those that IPython remembers.

    Returns
    -------
    dict
        Class name → ``source`` (empty when it cannot be found), ``cell`` (number or None), ``file`` (path or None)
        and ``names`` (the tracked objects that are made of it). Classes of installed packages are not in it.
    """
    users: dict[type, list[str]] = {}
    for name, obj in objects.items():
        inner = unwrap(obj)
        parts = inner.modules() if isinstance(inner, nn.Module) else iter((inner,))
        for cls in dict.fromkeys(base for part in parts for base in type(part).__mro__):
            users.setdefault(cls, []).append(name)
    own = {cls: names for cls, names in users.items() if _is_the_users(cls)}
    if not own:
        return {}
    newest: dict[str, Statement] = {}
    for statement in parse_cells(history(cells)):
        if isinstance(statement.node, (*Definition, ast.Assign)):
            newest |= dict.fromkeys(statement.binds, statement)
    found: dict[str, dict[str, Any]] = {}
    for cls, names in own.items():
        key = cls.__qualname__.replace("<locals>.", "")
        if key in found:  # two modules have a class of that name
            key = f"{cls.__module__}.{key}"
        found[key] = {**_locate(cls, newest), "names": names}
    return found


def _locate(cls: type, newest: Mapping[str, Statement]) -> dict[str, Any]:
    """Source, cell and file of one class; of the function that makes it when it was made in one."""
    outermost = cls.__qualname__.partition(".")[0]
    if cls.__module__ == "__main__" and outermost in newest:
        return {"source": newest[outermost].text, "cell": newest[outermost].cell, "file": None}
    path = _file(cls)
    if path is None:
        return {"source": "", "cell": None, "file": None}
    source = _source(cls)
    if not source and cls.__module__ == "__main__":
        path = None  # the file that started the kernel is not where it came from
    return {"source": source.rstrip("\n"), "cell": None, "file": path}


def _source(cls: type) -> str:
    """Its text as it was when it was first asked for: a class does not change when its file is edited."""
    if cls not in _sources:
        try:
            _sources[cls] = inspect.getsource(cls)
        except (OSError, TypeError):
            return ""
    return _sources[cls]


_sources: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()
"""Each save asks, and parsing a file takes milliseconds."""


def _file(cls: type) -> str | None:
    path = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return path if isinstance(path, str) else None


def _is_the_users(cls: type) -> bool:
    """True for a class of the notebook, and of a file that is not part of Python or of an installed package."""
    if cls.__module__ == "__main__":
        return True
    path = _file(cls)
    if path is None or path.endswith((".so", ".pyd")):
        return False
    return not _is_installed(path, tuple(sys.path))


@functools.lru_cache(maxsize=1024)
def _is_installed(file: str, path: tuple[str, ...]) -> bool:
    real = os.path.realpath(file)
    return any(real.startswith(folder + os.sep) for folder in _package_folders(path))


@functools.lru_cache(maxsize=4)  # each save asks, and it takes milliseconds
def _package_folders(path: tuple[str, ...]) -> tuple[str, ...]:
    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    for entry in path:  # a user's own site, a Debian machine's dist-packages, a conda environment's
        if os.path.basename(entry.rstrip(os.sep)) in ("site-packages", "dist-packages"):
            folders.append(entry)
    return tuple(os.path.realpath(folder) for folder in folders)
