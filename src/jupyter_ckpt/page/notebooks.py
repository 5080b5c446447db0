"""Which notebook a page is: its path on the server, put together with what the kernel was told at its start."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

_LONGEST = 4096


class Notebooks:
    """The notebooks whose pages use this kernel; several may.

    Parameters
    ----------
    start : str or None
        Absolute path of the notebook that the kernel was started for, where it is known.
    """

    def __init__(self, start: str | None) -> None:
        self._start = Path(start) if start is not None else None
        self._root: Path | None = None
        self._paths: dict[str, str] = {}

    @property
    def start(self) -> str:
        """The kernel's own notebook; nothing when it is not known."""
        return str(self._start) if self._start is not None else ""

    @start.setter
    def start(self, path: str) -> None:
        self._start = Path(path)

    def of(self, client: object) -> str:
        """The notebook of a page (a client of the kernel); the kernel's own when that page never said hello."""
        return self._paths.get(client, self.start) if isinstance(client, str) else self.start

    def met(self, client: str, api_path: object) -> str:
        """A page said which notebook it is.

        Parameters
        ----------
        client : str
            The page: the session in the header of its messages.
        api_path : str
            Path as the server's contents API has it, with forward slashes.

        Returns
        -------
        str
            Absolute path; nothing when it cannot be told.
        """
        path = self._resolve(api_path)
        if path:
            self._paths[client] = path
        return path

    def _resolve(self, api_path: object) -> str:
        relative = _clean(api_path)
        if relative is None or self._start is None:
            return ""
        if self._root is not None and os.path.isfile(self._root / relative):
            return str(self._root / relative)
        depth = len(relative.parts)
        if self._start.parts[-depth:] == relative.parts:
            self._root = self._start.parents[depth - 1]
            return str(self._start)
        if self._root is not None:
            return str(self._root / relative)
        # renamed or moved since the kernel began: the server's root is one of the folders above
        above = list(self._start.parents)
        for root in (*above[depth - 1 : depth], *above):
            if os.path.isfile(root / relative):
                self._root = root
                return str(root / relative)
        beside = self._start.parent
        if beside.parts[len(beside.parts) - depth + 1 :] == relative.parts[:-1]:  # another machine's files
            return str(beside / relative.name)
        return ""


def _clean(api_path: object) -> PurePosixPath | None:
    """A path of a notebook as the server has them, or None for anything else."""
    if not isinstance(api_path, str) or not 0 < len(api_path) <= _LONGEST or "\0" in api_path:
        return None
    path = PurePosixPath(api_path.removeprefix("RTC:").lstrip("/"))
    if ".." in path.parts or path.suffix != ".ipynb" or "\\" in api_path:
        return None
    return path
