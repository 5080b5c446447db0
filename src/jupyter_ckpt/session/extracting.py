"""Writing notebook-defined classes to a module, so that other notebooks and scripts can import them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError, UsageProblem
from jupyter_ckpt.state.source import extract_module
from jupyter_ckpt.state.wrappers import unwrap
from jupyter_ckpt.store.temporary import temporary_name


def write_module(
    names: Sequence[str], namespace: Mapping[str, Any], cells: Sequence[str] | None, target: Path, *, force: bool
) -> Path:
    """Write the definitions of ``names`` to ``target``.

    Parameters
    ----------
    names : sequence of str
        Classes, functions, or objects whose classes are meant.
    namespace, cells
        The notebook.
    target : Path
        The new file; its folder is made.
    force : bool
        Replace an existing one.

    Raises
    ------
    UnknownName
        When no cell defines one of them.
    UsageProblem
        When the file exists, or is not called ``.py``.
    StoreError
        When it cannot be written.
    """
    path = Path(os.path.abspath(os.path.expanduser(target)))
    if not names:
        raise UsageProblem("what should be extracted? As in `%ckpt extract model src/models.py`")
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise UsageProblem(f"{target}: a module is a file like src/models.py")
    if path.exists() and not force:
        raise UsageProblem(f"{target} exists: --force replaces it")
    wanted = [_definition(name, namespace) for name in names]
    text = extract_module(wanted, list(cells or []), namespace)
    temporary = path.parent / temporary_name("module")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(text, "utf-8")
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{target} cannot be written ({error.strerror})", error.errno) from error
    return path


def _definition(name: str, namespace: Mapping[str, Any]) -> str:
    """The name of the class that is meant by an object's name."""
    obj = namespace.get(name)
    if obj is None or isinstance(obj, type) or (callable(obj) and hasattr(obj, "__qualname__")):
        return name
    return type(unwrap(obj)).__qualname__
