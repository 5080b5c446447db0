"""Keeps the record of each run that is saved in this kernel up to date on the page, at most every two seconds.

A thread does it, which only reads files and lives only while there is something to tell: training waits for nothing.
What is told is what lies on disk; nothing is kept that could not be read again.
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.page.channel import Channel
from jupyter_ckpt.page.output import RecordOutput, is_wanted
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.layout import store_id

SPACING_S = 2.0
_PATIENCE_S = 2.0
_log = logging.getLogger("jupyter_ckpt")


@dataclass(frozen=True)
class Cell:
    """The cell that is being executed.

    Parameters
    ----------
    id : str or None
        As the page calls it.
    execution : str
        Of this execution; the same cell run again has another one.
    client : str
        The page that wants it executed.
    context : contextvars.Context
        In which a message counts as this execution's, from any thread.
    """

    id: str | None
    execution: str
    client: str
    context: contextvars.Context


@dataclass
class _Entry:
    """One run: where its record goes, and what was told of it."""

    folder: Path
    cell: Cell
    home: str | None
    """The first cell that saved it; its record stays there."""
    notebook: str
    output: RecordOutput
    fields: dict[str, Any] = field(default_factory=dict)
    is_dirty: bool = True
    is_active: bool = True
    """Something was done in the cell that runs now."""
    told_at: float = float("-inf")
    is_wanted: bool = False


class Recorder:
    """The records of a kernel.

    Parameters
    ----------
    channel : Channel
        To the page.
    language : callable
        Gives the language for a notebook's path, or None to find it out.
    """

    def __init__(self, channel: Channel, language: Callable[[str], str | None]) -> None:
        self._channel = channel
        self._language = language
        self._entries: dict[Path, _Entry] = {}
        self._changed = threading.Condition()
        self._telling = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._revisions = itertools.count(1)
        self._shows_output = is_wanted()

    def saved(self, folder: Path, cell: Cell, notebook: str) -> None:
        """A checkpoint of this run was saved in this cell of this notebook."""
        with self._changed:
            entry = self._entries.get(folder)
            if entry is None:
                entry = _Entry(folder, cell, cell.id, notebook, RecordOutput(folder.name))
                self._entries[folder] = entry
            elif entry.cell.execution != cell.execution:
                entry.cell, entry.output = cell, RecordOutput(folder.name)
        self.touched(folder)

    def touched(self, folder: Path) -> None:
        """Something else happened in this run; of interest once it was saved."""
        with self._changed:
            entry = self._entries.get(folder)
            if entry is None or self._closed:
                return
            entry.is_dirty = entry.is_active = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="jupyter-ckpt-record", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """The cell ends: tell once more of whatever had a part in it."""
        for entry in list(self._entries.values()):
            if entry.is_active:
                entry.is_active = False
                self._tell(entry)

    def of(self, notebook: str) -> list[dict[str, Any]]:
        """The records of a notebook, as they were last told."""
        return [dict(one.fields) for one in list(self._entries.values()) if one.notebook == notebook and one.fields]

    def renamed(self, old: str, new: str) -> None:
        """A notebook has another path."""
        for entry in list(self._entries.values()):
            if entry.notebook == old:
                entry.notebook = new

    def close(self) -> None:
        """Tell nothing any more, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(_PATIENCE_S)

    def _work(self) -> None:
        while True:
            with self._changed:
                due = [(entry.told_at + SPACING_S, entry) for entry in self._entries.values() if entry.is_dirty]
                if self._closed or not due:
                    self._thread = None
                    return
                at, entry = min(due, key=lambda pair: pair[0])
                if at > time.monotonic():
                    self._changed.wait(at - time.monotonic())
                    continue
            self._tell(entry)

    def _tell(self, entry: _Entry) -> None:
        if not self._telling.acquire(timeout=_PATIENCE_S):
            return  # the volume hangs: the cell's end need not wait for that
        try:
            entry.is_dirty, entry.told_at = False, time.monotonic()
            entry.cell.context.copy().run(self._tell_now, entry)
        except Exception:  # noqa: BLE001 - a record that cannot be read must not end a cell
            _log.debug("the record of %s was not told", entry.folder.name, exc_info=True)
        finally:
            self._telling.release()

    def _tell_now(self, entry: _Entry) -> None:
        from jupyter_ckpt.record.experiment import read_experiment
        from jupyter_ckpt.record.language import default_language
        from jupyter_ckpt.record.markdown import lines_of, text_of

        language: Any = self._language(entry.notebook) or default_language()
        if not entry.is_wanted:
            entry.is_wanted = True
            with contextlib.suppress(StoreError):
                journal = Journal(entry.folder, fsync=False)
                journal.append("record_wanted", cell_id=entry.home, notebook=entry.notebook)
        lines = lines_of(read_experiment(entry.folder), language)
        revision = next(self._revisions)
        entry.fields = {
            "run": entry.folder.name,
            "store": store_id(entry.folder.parent),
            "rev": revision,
            "cell_id": entry.home,
            "language": language,
            "lines": [{"key": line.key, "text": line.text} for line in lines],
        }
        self._channel.push("record", entry.notebook, **entry.fields)
        if self._shows_output:
            entry.output.show(revision, text_of(lines))
