"""Where a training was started from: the notebook, script or folder that a run belongs to."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_VS_CODE = "__vsc_ipynb_file__"
SESSION_VARIABLE = "JPY_SESSION_NAME"
"""Where Jupyter servers put the notebook's path at the kernel's start."""


@dataclass(frozen=True)
class Origin:
    """What started a run.

    Parameters
    ----------
    kind : {"notebook", "script", "folder"}
        ``folder`` when the kernel does not know which notebook it runs (papermill, nbclient, a bare console).
    path : str
        Absolute path of the notebook, script or folder.
    """

    kind: Literal["notebook", "script", "folder"]
    path: str

    @property
    def folder(self) -> Path:
        """Where the user's relative paths lead: a notebook's own folder; a script is run from anywhere."""
        if self.kind == "notebook":
            return Path(self.path).parent
        return Path(self.path if self.kind == "folder" else _cwd())

    @property
    def key(self) -> dict[str, str]:
        """What makes two runs belong together; the host is not part of it, containers get a new one each time."""
        return {"kind": self.kind, "path": self.path}

    def to_json(self) -> dict[str, str]:
        """For ``run.json``."""
        return {**self.key, "host": socket.gethostname()}

    @property
    def title(self) -> str:
        """A short name for people."""
        return Path(self.path).name or self.path


def find_origin(
    namespace: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None, kernel: bool | None = None
) -> Origin:
    """Tell what is running.

    Parameters
    ----------
    namespace : mapping, optional
        The user's; VS Code puts the notebook's path there.
    environ : mapping, optional
        Jupyter servers put the notebook's path there. A name that is only ``cwd/uuid`` (consoles) is not taken.
    kernel : bool, optional
        Whether this is an IPython kernel; found out when not given.

    Notes
    -----
    Both are only as true as at the kernel's start: a notebook that was renamed since has its old name.
    """
    environ = os.environ if environ is None else environ
    cwd = _cwd()
    for text in (environ.get(SESSION_VARIABLE), (namespace or {}).get(_VS_CODE)):
        if isinstance(text, str) and text.endswith(".ipynb"):
            path = Path(text)
            return Origin("notebook", str(path if path.is_absolute() else Path(cwd) / path))
    in_kernel = "ipykernel" in sys.modules and _has_kernel() if kernel is None else kernel
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if not in_kernel and isinstance(script, str) and not script.startswith("<"):
        return Origin("script", os.path.abspath(script))
    return Origin("folder", cwd)


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed or unmounted
        return os.environ.get("PWD", os.sep)


def _has_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and hasattr(shell, "kernel")
