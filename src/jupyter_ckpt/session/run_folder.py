"""One run on disk: its folder, ``run.json``, its journal, and the lock that says which kernel writes to it."""

from __future__ import annotations

import datetime
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import NotCommitted, UsageProblem
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.process_lock import ProcessLock, process_lock
from jupyter_ckpt.store.folder import Folder, make_folders, sync_file
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.layout import RUN_FILE
from jupyter_ckpt.store.record import is_safe_name, timestamp
from jupyter_ckpt.store.temporary import temporary_name

_FORMAT = 1
_LOCK_FILE = ".lock"


class RunFolder:
    """A run that this process may write to.

    Parameters
    ----------
    folder : Path
        ``<store>/<run>``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder)
        self.newest: datetime.datetime | None = None
        """Time of the newest checkpoint, once it is known."""
        self._lock: ProcessLock | None = None

    @property
    def id(self) -> str:
        """The run's id: its folder's name."""
        return self.folder.name

    @property
    def info(self) -> dict[str, Any]:
        """``run.json``; empty when it is missing or damaged."""
        try:
            data = json.loads((self.folder / RUN_FILE).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    @classmethod
    def create(
        cls,
        store: Path,
        run: str,
        *,
        origin: Mapping[str, str],
        hyperparameters: Mapping[str, Any],
        environment: Mapping[str, Any],
        parent: str | None,
    ) -> RunFolder:
        """Make a new run, durably, and lock it.

        Parameters
        ----------
        store : Path
            Made when it does not exist.
        run : str
            The id wished for; ``-2``, ``-3``, … is added when it is taken.
        origin, hyperparameters, environment, parent
            What ``run.json`` says.

        Raises
        ------
        UsageProblem
            When ``run`` is no name for a folder.
        NotCommitted
            When it cannot be made; ``errno`` is kept.
        """
        if not is_safe_name(run):
            raise UsageProblem(f"{run[:80]!r} is not a run's name: use letters, digits and . _ = + - only")
        try:
            make_folders(store)
            folder = _new_folder(store, run)
            made = cls(folder)
            info = {
                "format": _FORMAT,
                "run": folder.name,
                "created": timestamp(),
                "origin": dict(origin),
                "hyperparameters": dict(hyperparameters),
                "environment": dict(environment),
                "parent": parent,
            }
            made._write_info(info)
        except OSError as error:
            raise NotCommitted(
                f"the run {run} could not be made in {store} ({error.strerror or error}): see %ckpt storage",
                error.errno,
            ) from error
        made.lock()
        made.journal.append("started", host=socket.gethostname(), pid=os.getpid(), parent=parent)
        return made

    def lock(self) -> bool:
        """Become the one process that writes here; False when another process is.

        Where the platform or volume has no such locks, every process may write; names never collide, since each is
        reserved with ``O_EXCL``.
        """
        if self._lock is None:
            self._lock = process_lock(self.folder / _LOCK_FILE)
        return self._lock is not None

    def unlock(self) -> None:
        """Let others write."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def set_origin(self, origin: Origin) -> bool:
        """Say durably that the run is this notebook's; False when it was already, or ``run.json`` is damaged.

        Raises
        ------
        StoreError, OSError
            When it cannot be written; then all is as before.
        """
        info = self.info
        before = info.get("origin")
        if not info or not isinstance(before, dict) or before.items() >= origin.key.items():
            return False
        self._write_info({**info, "origin": {**before, **origin.key}})
        self.journal.append("renamed", path=origin.path, before=before.get("path"))
        return True

    def _write_info(self, info: Mapping[str, Any]) -> None:
        """``run.json`` with the same care as a record: whole or not there."""
        raw = (json.dumps(info, indent=1, ensure_ascii=False, default=str) + "\n").encode("utf-8", "backslashreplace")
        with Folder(self.folder) as held:
            name = temporary_name("run")
            fd = held.create(name)
            try:
                view = memoryview(raw)
                while view:
                    view = view[os.write(fd, view) :]
                sync_file(fd)
            finally:
                os.close(fd)
            held.rename(name, RUN_FILE)
            held.sync()


def _new_folder(store: Path, run: str) -> Path:
    number = 1
    while True:
        folder = store / (run if number == 1 else f"{run}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            continue
        with Folder(store) as above:
            above.sync()
        return folder
