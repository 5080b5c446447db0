"""What others ask of a running training: save now, stop. Done at its next boundary, once, and answered.

They come from any thread (the page's comm, a widget) or through the mailbox in the run's folder (the server, the
shell). The training looks at its boundaries: after each batch of ``batches()``, after each epoch of ``epochs()``, and
at each ``save()``.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jupyter_ckpt.errors import CkptError, StoreError, UsageProblem
from jupyter_ckpt.receipt import SaveReceipt
from jupyter_ckpt.store.mailbox import VERBS, Mailbox, Request, is_request_id

Reply = Callable[[bool, str], None]
REASON = "asked"
"""Why a checkpoint was saved, in its record."""
_REMEMBERED = 1000


class TrainingStopped(KeyboardInterrupt):
    """The training was stopped at a boundary, as asked, after it was saved; for a loop it is like a Stop."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: one line."""
        return [f"Training stopped: {self}"]


@dataclass(frozen=True)
class _Asked:
    request: Request
    reply: Reply


class Requests:
    """The requests to one training."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: deque[_Asked] = deque()
        self._known: deque[str] = deque(maxlen=_REMEMBERED)
        self._mailbox: Mailbox | None = None

    def ask(self, verb: str, id: str, reply: Reply) -> bool:
        """Ask for something; from any thread.

        Parameters
        ----------
        verb : {"save", "stop"}
            What.
        id : str
            The same one twice is one request.
        reply : callable
            Called once, with whether it was done and one line, in the training's thread.

        Returns
        -------
        bool
            False when it is known already.

        Raises
        ------
        UsageProblem
            When there is no such verb, or the id is none.
        """
        if verb not in VERBS or not is_request_id(id):
            raise UsageProblem(f"{str(verb)[:40]!r} cannot be asked of a training: there are {' and '.join(VERBS)}")
        with self._lock:
            if id in self._known:
                return False
            self._known.append(id)
            self._asked.append(_Asked(Request(id, verb), reply))
        return True

    def attend(self, folder: Path | None) -> None:
        """Look into this run's mailbox from now on; what lies there already was not meant for this training."""
        if (self._mailbox.folder if self._mailbox is not None else None) == folder:
            return
        self._mailbox = Mailbox(folder) if folder is not None else None
        if self._mailbox is not None:
            for request in self._mailbox.take(at_once=True):
                _answering(self._mailbox, request.id)(False, "not done: it was asked before this training began")

    def refuse(self, why: str) -> None:
        """Answer whatever waits that it was not done."""
        self._from_mailbox(at_once=True)
        for one in self._take():
            one.reply(False, f"not done: {why}")

    def serve(
        self,
        save: Callable[[], SaveReceipt],
        *,
        saved: SaveReceipt | None,
        advice: str,
        hint: str,
        stopping: Callable[[SaveReceipt, str], None],
    ) -> None:
        """Do what was asked, with one save for all that waits; fit to be called after each batch.

        Parameters
        ----------
        save : callable
            Saves at this boundary.
        saved : SaveReceipt or None
            Of a save that was just done here, which then is enough.
        advice : str
            How to go on after a stop.
        hint : str
            Said with each answer: how often this training looks.
        stopping : callable
            Called with the receipt and a line before the training is stopped.

        Raises
        ------
        TrainingStopped
            When a stop was asked for and the training was saved.
        """
        self._from_mailbox()
        if not self._asked:
            return
        waiting = self._take()
        stop = any(one.request.verb == "stop" for one in waiting)
        why = "it was interrupted before it was saved"
        receipt = None
        try:
            begun = saved or save()
            receipt = begun.wait()  # nothing is answered, and nobody stopped, before it is durable
        except CkptError as error:
            why = f"{'it is not stopped, since ' if stop else ''}it could not be saved: {error}"
        finally:
            if receipt is None:
                for one in waiting:
                    one.reply(False, why)
        if receipt is None:
            return
        done = f"saved {receipt.record.ref}{_where(receipt)}"
        for one in waiting:
            one.reply(True, f"{done}, and stopped: {advice}" if one.request.verb == "stop" else f"{done}{hint}")
        if stop:
            stopping(receipt, f"{done}; {advice}")
            raise TrainingStopped(f"{done}; {advice}")

    def _from_mailbox(self, *, at_once: bool = False) -> None:
        mailbox = self._mailbox
        if mailbox is None:
            return
        for request in mailbox.take(at_once=at_once):
            with contextlib.suppress(UsageProblem):
                if not self.ask(request.verb, request.id, _answering(mailbox, request.id)):
                    _answering(mailbox, request.id)(False, "it was asked already, by another way")

    def _take(self) -> list[_Asked]:
        with self._lock:
            waiting = list(self._asked)
            self._asked.clear()
        return waiting


def _answering(mailbox: Mailbox, id: str) -> Reply:
    def reply(ok: bool, text: str) -> None:
        with contextlib.suppress(StoreError):  # a full volume: who asked sees that nobody answers
            mailbox.answer(id, ok, text)

    return reply


def _where(receipt: SaveReceipt) -> str:
    record = receipt.record
    known = [
        f"{name} {value}" for name, value in (("epoch", record.epoch), ("step", record.step)) if value is not None
    ]
    return f" ({', '.join(known)})" if known else ""
