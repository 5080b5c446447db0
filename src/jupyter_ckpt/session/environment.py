"""What a run was made with: versions, host, device and the state of the code, for a reader years later."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = (
    "torch", "numpy", "torchvision", "torchaudio", "torchdata", "transformers", "accelerate", "lightning", "timm",
    "datasets", "scikit-learn", "pandas",
)  # fmt: skip
_GIT_S = 2.0
_FRESH_S = 60.0


class Surroundings:
    """The environment of a session, asked for anew once a minute: git takes milliseconds, and commits happen.

    Parameters
    ----------
    folder : Path
        Where the notebook lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._at = float("-inf")
        self._known: dict[str, Any] = {}

    def describe(self) -> dict[str, Any]:
        """See `describe_environment`."""
        if time.monotonic() - self._at > _FRESH_S:
            self._known = describe_environment(self._folder)
            self._at = time.monotonic()
        return self._known

    def known(self) -> dict[str, Any]:
        """The last answer, however old; asked for when there is none."""
        return self._known or self.describe()


def describe_environment(folder: Path) -> dict[str, Any]:
    """Versions of what is imported, host, devices and the git commit of ``folder``.

    Parameters
    ----------
    folder : Path
        Where the notebook lies.

    Returns
    -------
    dict
        Plain JSON. Nothing secret: no environment variables, no user names, no remote addresses.
    """
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "host": socket.gethostname(),
        "packages": _versions(),
    }
    devices = _devices()
    if devices:
        found["devices"] = devices
    commit = git_commit(folder)
    if commit:
        found["git"] = commit
    return found


def git_commit(folder: Path) -> dict[str, Any] | None:
    """``{"commit": …, "branch": …, "dirty": …}``, or None outside a repository or without git."""
    described = _git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    if not described:
        return None
    commit, _, dirty = described.partition("-")
    return {"commit": commit, "branch": _git(folder, "rev-parse", "--abbrev-ref", "HEAD") or "", "dirty": bool(dirty)}


def _git(folder: Path, *words: str) -> str | None:
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=_GIT_S, env=quiet, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _versions() -> dict[str, str]:
    names = {"jupyter-ckpt": "jupyter_ckpt", **{name: name.replace("-", "_") for name in _PACKAGES}}
    names["scikit-learn"] = "sklearn"
    found = {}
    for name, module in names.items():
        if module in sys.modules:
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:  # run from its sources
                found[name] = str(getattr(sys.modules[module], "__version__", "unknown"))
    return found


def _devices() -> list[str]:
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    found = [f"cpu ({os.cpu_count()} cores)"]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        found += [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    elif torch.backends.mps.is_available():
        found.append("mps")
    return found
