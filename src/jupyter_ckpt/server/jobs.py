"""Work that takes longer than a request: it runs in its own thread, tells how far it is, and can be cancelled."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_ckpt.errors import UnknownName
from jupyter_ckpt.server.problems import Refused, message_of

Verb = Literal["verify", "export"]
State = Literal["running", "done", "failed", "cancelled"]
_KEPT = 50
_AT_A_TIME = 4


class Cancelled(Exception):
    """The job was cancelled; raised in its thread."""


@dataclass
class Job:
    """One piece of work. Its thread writes these fields, requests read them.

    Parameters
    ----------
    id, verb, label : str
        What it is; ``label`` says what it is busy with.
    total, done : int
        Bytes.
    results : list
        ``{ref, problems}`` of each checkpoint that was dealt with.
    error : str or None
        Why it failed.
    """

    id: str
    verb: Verb
    total: int
    label: str = ""
    done: int = 0
    state: State = "running"
    results: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def to_json(self) -> dict[str, Any]:
        """IJob."""
        return {
            "id": self.id,
            "verb": self.verb,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "label": self.label,
            "results": list(self.results),
            "error": self.error,
        }

    def progress_from(self, base: int) -> Callable[[int, int], None]:
        """A progress callback for a part that begins at ``base``; it ends the job when that was cancelled."""

        def advance(done: int, total: int) -> None:
            self.check()
            self.done = max(self.done, min(base + done, self.total))

        return advance

    def check(self) -> None:
        """Raise `Cancelled` when it was."""
        if self.cancelled.is_set():
            raise Cancelled


class Jobs:
    """The jobs of this server: a few at a time, and the last ones remembered."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, verb: Verb, total: int, work: Callable[[Job], None]) -> Job:
        """Begin one.

        Raises
        ------
        Refused
            When enough are running already.
        """
        job = Job(uuid.uuid4().hex, verb, total)
        with self._lock:
            if sum(one.state == "running" for one in self._jobs.values()) >= _AT_A_TIME:
                raise Refused(f"{_AT_A_TIME} jobs are running already: wait for one to end, or cancel it")
            ended = [one.id for one in self._jobs.values() if one.state != "running"]
            for old in ended[: max(0, len(self._jobs) + 1 - _KEPT)]:
                del self._jobs[old]
            self._jobs[job.id] = job
        threading.Thread(target=_run, args=(job, work), daemon=True, name=f"jupyter-ckpt-{verb}").start()
        return job

    def find(self, wanted: str) -> Job:
        """One by its id.

        Raises
        ------
        UnknownName
            When there is none, or not any more.
        """
        job = self._jobs.get(wanted)
        if job is None:
            raise UnknownName("there is no such job: it ended long ago, or the server was restarted")
        return job

    def cancel(self, wanted: str) -> Job:
        """Ask one to end, which it does after the block it is at; see `find`."""
        job = self.find(wanted)
        job.cancelled.set()
        return job

    def cancel_all(self) -> None:
        """The server stops."""
        for job in list(self._jobs.values()):
            job.cancelled.set()


def _run(job: Job, work: Callable[[Job], None]) -> None:
    try:
        work(job)
    except Cancelled:
        job.state = "cancelled"
    except Exception as error:  # noqa: BLE001 - a thread's last frame: the page shows what it was
        job.error = message_of(error)
        job.state = "failed"
    else:
        job.done = job.total
        job.state = "done"
