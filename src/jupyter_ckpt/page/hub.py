"""Ties the kernel's sessions to its pages: what happens is told, what is asked is passed on."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import os
import threading
import time
import weakref
from typing import Any

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.page.channel import Channel, plain_metrics
from jupyter_ckpt.page.commands import Commands
from jupyter_ckpt.page.notebooks import Notebooks
from jupyter_ckpt.page.recorder import Cell, Recorder
from jupyter_ckpt.receipt import ResumeReceipt, SaveReceipt
from jupyter_ckpt.session import current as present
from jupyter_ckpt.session.observers import Happening, ignore_everywhere, observe_everywhere
from jupyter_ckpt.session.origin import SESSION_VARIABLE, find_origin
from jupyter_ckpt.store.layout import store_id

_METRICS_EVERY_S = 1.0
_BETWEEN_CELLS = "no cell was running when it was asked"
_CELL_ENDED = "the cell ended before it came to a boundary of a training"
_log = logging.getLogger("jupyter_ckpt")


class Hub:
    """One for each kernel.

    Parameters
    ----------
    shell : InteractiveShell
        The kernel's.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        origin = find_origin(shell.user_ns)
        self.channel = Channel()
        self.notebooks = Notebooks(origin.path if origin.kind == "notebook" else None)
        self.languages: dict[str, str] = {}
        """As the pages of these notebooks want it."""
        self.recorder = Recorder(self.channel, self.languages.get)
        self._commands = Commands(self)
        self._session: weakref.ref[Any] | None = None
        self._lock = threading.RLock()
        self._is_running: bool = _parent_of(shell).get("header", {}).get("msg_type") == "execute_request"
        self._held_back: Happening | None = None
        self._metrics_at = float("-inf")
        self._cell = self._cell_now()

    def open(self) -> None:
        """Begin."""
        observe_everywhere(self._observe)
        self._shell.events.register("pre_run_cell", self._cell_begins)
        # not post_execute: that comes with each message of a comm too
        self._shell.events.register("post_run_cell", self._cell_ended)
        self._commands.open()

    def close(self) -> None:
        """End."""
        self._commands.close()
        ignore_everywhere(self._observe)
        for event, callback in (("pre_run_cell", self._cell_begins), ("post_run_cell", self._cell_ended)):
            with contextlib.suppress(ValueError):
                self._shell.events.unregister(event, callback)
        session = self.session
        if session is not None:
            session.requests.refuse("the extension was unloaded")
        self.recorder.close()

    @property
    def session(self) -> Any:
        """The one that trained last, else the notebook's; None when there is none yet."""
        found = self._session() if self._session is not None else None
        return found if found is not None else present.present()

    @property
    def is_running(self) -> bool:
        """A cell is being executed."""
        return self._is_running

    # -- what pages say --------------------------------------------------------------------------------------------

    def hello(self, client: str, api_path: object, language: object) -> None:
        """A page is there: tell it how things stand."""
        path = self.notebooks.met(client, api_path)
        start = self.notebooks.start
        if path and path != start and not os.path.lexists(start) and os.path.isfile(path):
            self._rename(start, path)  # before the extension was loaded, or while no page was there
        if language in ("en", "zh_CN"):
            self.languages[path or start] = str(language)
        self.tell_state(path)

    def renamed(self, client: str, api_path: object) -> None:
        """The notebook of a page has another path."""
        old = self.notebooks.of(client)
        new = self.notebooks.met(client, api_path)
        if new and new != old:
            self._rename(old, new)

    def _rename(self, old: str, new: str) -> None:
        with self._lock:
            if old in self.languages:
                self.languages[new] = self.languages.pop(old)
            self.recorder.renamed(old, new)
            if old != self.notebooks.start:
                return  # another notebook that uses this kernel
            self.notebooks.start = new
            if os.environ.get(SESSION_VARIABLE) == old:
                os.environ[SESSION_VARIABLE] = new  # as the server says it to the next kernel
            for session in {id(one): one for one in (self.session, present.present()) if one is not None}.values():
                if session.origin.kind == "notebook" and session.origin.path == old:
                    with contextlib.suppress(CkptError, OSError):
                        session.renamed(new)

    def tell_state(self, notebook: str) -> None:
        """Send the whole state; see the wire's ``state``."""
        session = self.session
        fields: dict[str, Any] = {"run": None, "held": None, "epoch": None, "step": None}
        if session is not None:
            fields |= session.whereabouts()
        try:
            fields |= _store_fields(session, self._shell.user_ns)
        except (CkptError, OSError) as error:
            fields |= {"store": None, "store_path": None, "durability": "unknown", "reason": str(error)}
        from jupyter_ckpt import __version__

        self.channel.push("state", notebook, **fields, version=__version__, records=self.recorder.of(notebook))

    # -- what sessions do ------------------------------------------------------------------------------------------

    def _observe(self, happening: Happening) -> None:
        self._session = weakref.ref(happening.session)
        if not self._is_elsewhere():
            self._cell = self._cell_now()
        if happening.kind == "training":
            return
        cell = self._cell  # what a thread of its own has written was saved in the cell that is known
        cell.context.copy().run(self._tell, happening, self.notebooks.of(cell.client))
        folder = happening.folder
        if folder is not None and happening.kind == "saved":
            self.recorder.saved(folder, cell, self.notebooks.of(cell.client))
        elif folder is not None:
            self.recorder.touched(folder)

    def _tell(self, happening: Happening, notebook: str) -> None:
        if happening.kind == "metrics":
            now = time.monotonic()
            if now - self._metrics_at < _METRICS_EVERY_S:
                self._held_back = happening
                return
            self._metrics_at, self._held_back = now, None
        if happening.kind != "run":
            self._tell_event(happening, notebook)
        if happening.kind in ("resumed", "run"):
            self.tell_state(notebook)

    def _tell_event(self, happening: Happening, notebook: str) -> None:
        receipt, folder = happening.receipt, happening.folder
        name, run = None, folder.name if folder is not None else None
        if isinstance(receipt, SaveReceipt):
            name, run = receipt.record.name, receipt.record.run
        elif isinstance(receipt, ResumeReceipt) and receipt.checkpoint:
            name = receipt.checkpoint.rpartition("/")[2]
        self.channel.push(
            "event",
            notebook,
            kind=happening.kind,
            run=run,
            store=store_id(folder.parent) if folder is not None else None,
            name=name,
            epoch=happening.epoch,
            step=happening.step,
            metrics=plain_metrics(happening.metrics),
            held=happening.session.held,
            text=happening.text,
        )

    # -- cells -----------------------------------------------------------------------------------------------------

    def _cell_begins(self, *_: Any) -> None:
        if self._is_elsewhere():
            return
        self._is_running, self._cell = True, self._cell_now()
        session = self.session
        if session is not None:
            session.requests.refuse(_BETWEEN_CELLS)

    def _cell_ended(self, *_: Any) -> None:
        if self._is_elsewhere():
            return
        self._is_running = False
        session = self.session
        if session is not None:
            session.requests.refuse(_CELL_ENDED)
        held, self._held_back = self._held_back, None
        if held is not None:
            self._tell_event(held, self.notebooks.of(self._cell.client))
        self.recorder.flush()

    @staticmethod
    def _is_elsewhere() -> bool:
        """Not where cells are executed: a subshell, or a thread that writes a checkpoint."""
        return threading.current_thread() is not threading.main_thread()

    def _cell_now(self) -> Cell:
        """The one that is being executed; known only in the thread that does it."""
        parent = _parent_of(self._shell)
        header, metadata = parent.get("header") or {}, parent.get("metadata") or {}
        id = metadata.get("cellId")  # JupyterLab and Notebook send it; others may not
        execution = str(header.get("msg_id", ""))
        client = str(header.get("session", ""))
        return Cell(id if isinstance(id, str) else None, execution, client, contextvars.copy_context())


def _parent_of(shell: Any) -> dict[str, Any]:
    """The message that is being answered; empty when none is, or the kernel is of another make."""
    try:
        parent = shell.kernel.get_parent()
    except Exception:  # noqa: BLE001 - kernels differ
        return {}
    return parent if isinstance(parent, dict) else {}


def _store_fields(session: Any, namespace: dict[str, Any]) -> dict[str, Any]:
    """Where a save would go. For a session that has not decided yet nothing is decided: its user may yet say it."""
    from jupyter_ckpt.session.store_choice import choose_store

    choice = session.choice_so_far if session is not None else None
    if choice is None:
        choice = choose_store(None, session.origin if session is not None else find_origin(namespace))
    return {
        "store": store_id(choice.path),
        "store_path": str(choice.path),
        "durability": str(choice.assessment.durability),
        "reason": choice.assessment.reason,
    }
