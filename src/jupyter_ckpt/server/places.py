"""From the paths that the page knows to those on disk, and back; nothing outside the server's root."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.session.origin import Origin

_DRIVE = "RTC:"
"""The drive that jupyter-collaboration puts before the paths of shared documents."""


class Places:
    """The server's root folder.

    Parameters
    ----------
    root : str
        The contents manager's ``root_dir``.
    """

    def __init__(self, root: str) -> None:
        self.root = Path(os.path.abspath(os.path.expanduser(root)))

    @cached_property
    def _roots(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.root, Path(os.path.realpath(self.root)))))

    def inside(self, path: str) -> Path:
        """The file of an API path.

        Raises
        ------
        UsageProblem
            When it leads out of the root or is no path.
        """
        text = path.removeprefix(_DRIVE).strip("/")
        parts = [part for part in text.split("/") if part not in ("", ".")]
        odd = any(part == ".." or (os.sep != "/" and os.sep in part) for part in parts)
        if not parts or odd or any(ord(letter) < 32 for letter in text) or os.path.splitdrive(text)[0]:
            raise UsageProblem(f"{path[:80]!r} is not a path in the server's root folder")
        return self.root.joinpath(*parts)

    def confined(self, path: str) -> Path:
        """`inside`, and no link on the way leads out either; touches the file system.

        Raises
        ------
        UsageProblem
            When it leads out of the root.
        """
        found = self.inside(path)
        if not found.parent.resolve().is_relative_to(self.root.resolve()):
            raise UsageProblem(f"{path[:80]!r} leads out of the server's root folder, by a link")
        return found

    def origin(self, notebook: str | None) -> Origin:
        """What a kernel of that notebook calls its origin; without one the root folder.

        Raises
        ------
        UsageProblem
            See `inside`.
        """
        if notebook is None:
            return Origin("folder", str(self.root))
        return Origin("notebook", str(self.inside(notebook)))

    def notebook(self, path: str | None) -> str | None:
        """An API path as `api_path` gives it; UsageProblem when it leads out of the root."""
        return None if path is None else self.inside(path).relative_to(self.root).as_posix()

    def api_path(self, path: object) -> str | None:
        """The API path of a file, or None when it does not lie in the root."""
        if not isinstance(path, str) or not os.path.isabs(path):
            return None
        found = Path(os.path.normpath(path))
        for root in self._roots:
            if found.is_relative_to(root) and found != root:
                return found.relative_to(root).as_posix()
        return None
