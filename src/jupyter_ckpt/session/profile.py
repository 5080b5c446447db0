"""Loading the extension in every IPython kernel of the user: one small start-up file in the default profile."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_ckpt.errors import StoreError, UsageProblem

_NAME = "00-jupyter-ckpt.py"
_MARK = "# written by `jupyter ckpt enable`; `jupyter ckpt disable` removes it"
_TEXT = f"""{_MARK}
try:
    if hasattr(get_ipython(), "kernel"):  # notebooks, not terminals
        get_ipython().run_line_magic("load_ext", "jupyter_ckpt")
except ModuleNotFoundError:  # another environment's kernel, without the package
    pass
"""


def startup_file() -> Path:
    """``<IPython folder>/profile_default/startup/00-jupyter-ckpt.py`` (``IPYTHONDIR`` is respected)."""
    from IPython.paths import get_ipython_dir

    return Path(get_ipython_dir()) / "profile_default" / "startup" / _NAME


def enable() -> str:
    """Write the start-up file; returns a sentence.

    Raises
    ------
    UsageProblem
        When a file of that name is there and is not ours.
    StoreError
        When it cannot be written.
    """
    path = startup_file()
    _check_ours(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_TEXT, "utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror})", error.errno) from error
    return f"every kernel that starts from now on loads jupyter_ckpt ({path}); `jupyter ckpt disable` undoes it"


def disable() -> str:
    """Remove the start-up file; returns a sentence. Raises as `enable` does."""
    path = startup_file()
    if not path.exists():
        return "it was not enabled"
    _check_ours(path)
    try:
        os.unlink(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be removed ({error.strerror})", error.errno) from error
    return f"removed {path}: kernels start without jupyter_ckpt; %load_ext jupyter_ckpt loads it"


def _check_ours(path: Path) -> None:
    try:
        ours = path.read_text("utf-8", "replace").startswith(_MARK)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror})", error.errno) from error
    if not ours:
        raise UsageProblem(f"{path} is not one of ours: rename it first")
