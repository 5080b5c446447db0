"""Saves that are written while the training goes on: one at a time, in order, each durable before it is told."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from jupyter_ckpt.errors import CkptError, UsageProblem
from jupyter_ckpt.interrupts import Interrupts
from jupyter_ckpt.receipt import SaveReceipt
from jupyter_ckpt.session.memory import memory_left
from jupyter_ckpt.store.direct import WORTH_IT
from jupyter_ckpt.store.sizes import size_text

if TYPE_CHECKING:
    from jupyter_ckpt.store.image import Image, Staging

BLOCKING_VARIABLE = "JUPYTER_CKPT_BLOCKING"
Done = Callable[[SaveReceipt | CkptError], None]
_HEADROOM = 1.25
"""Times the new memory that must be free: a save must not be what the system kills a training for."""


class InFlight:
    """A save under way.

    Parameters
    ----------
    ref : str
        ``run/name`` that it will have.
    """

    def __init__(self, ref: str) -> None:
        self.ref = ref
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._listeners: list[Done] = []
        self._outcome: SaveReceipt | CkptError | None = None

    def wait(self) -> SaveReceipt:
        """Until it is durable.

        Raises
        ------
        CkptError
            When it failed.
        """
        self._ended.wait()
        if isinstance(self._outcome, SaveReceipt):
            return self._outcome
        assert self._outcome is not None
        raise self._outcome

    @property
    def has_ended(self) -> bool:
        """It is durable, or has failed."""
        return self._ended.is_set()

    def when_done(self, listener: Done) -> None:
        """Call ``listener`` with the receipt or the error, from the thread that writes; at once when it is over."""
        with self._lock:
            if self._outcome is None:
                self._listeners.append(listener)
                return
        listener(self._outcome)

    def end(self, outcome: SaveReceipt | CkptError) -> None:
        """It is over."""
        with self._lock:
            self._outcome = outcome
            listeners, self._listeners = self._listeners, []
        try:
            for listener in listeners:
                listener(outcome)
        finally:
            self._ended.set()


class BackgroundSaves:
    """Writes one save after the other in a thread of its own; the process does not end before they are written.

    Parameters
    ----------
    allowed : bool
        False: every save is written at once. So does ``JUPYTER_CKPT_BLOCKING`` in the environment.
    """

    def __init__(self, allowed: bool = True) -> None:
        self._allowed = allowed and not os.environ.get(BLOCKING_VARIABLE)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._pool: ThreadPoolExecutor | None = None
        self._staging: Staging | None = None
        self._preparing: Future[None] | None = None
        self._latest: InFlight | None = None
        self._writer: threading.Thread | None = None

    @property
    def in_flight(self) -> InFlight | None:
        """The save that was begun last, while it is under way."""
        if self._process != os.getpid():  # a fork: what the parent is writing is not ours, nor are its threads here
            self._begin()
        return self._latest if self._latest is not None and not self._latest.has_ended else None

    @property
    def memory(self) -> int:
        """Bytes kept for copies."""
        return self._staging.nbytes if self._staging is not None else 0

    def image(self, nbytes: int, wait: bool | None, interrupts: Interrupts) -> tuple[Image | None, str]:
        """Memory to copy a state into, and a remark; None when it is to be written at once.

        Waits until the save before has been written: there is memory for one copy.

        Parameters
        ----------
        nbytes : int
            What the file will have.
        wait : bool, optional
            As given to ``save``. Without it a small state is written at once, and a large one as well until there is
            memory for its copy, which is prepared meanwhile: memory that was never touched takes longer than writing.
        interrupts : Interrupts
            Held when there is an image: between here and `start` nobody else would give it back.

        Raises
        ------
        UsageProblem
            In the thread that writes: the training goes on meanwhile, and its state is no moment's.
        """
        if self.in_flight is not None and threading.current_thread() is self._writer:
            raise UsageProblem(
                "not saved: what is told of a save cannot save itself, for the training goes on meanwhile;"
                " requests.ask('save', ...) has it done at the next boundary"
            )
        self.settle()
        if wait or (not self._allowed and wait is None):
            return None, ""
        if wait is None and nbytes < WORTH_IT:
            return None, ""
        if nbytes > self.memory:
            if not self._has_room(nbytes):
                return None, (
                    f"memory is short: states are written while the training waits (a copy takes {size_text(nbytes)})"
                )
            if wait is None:
                self.prepare(nbytes)
                return None, ""
        if not self._can_start():
            return None, ""
        if self._preparing is not None:
            self._preparing.result()
        interrupts.hold()
        try:
            return self._memory_for_copies().take(nbytes), ""
        except (MemoryError, OSError) as error:
            return None, f"no memory for a copy of the state ({error}): it is written while the training waits"

    def prepare(self, nbytes: int) -> None:
        """Get the memory for a copy ready in the background, if it is worth it and there is enough."""
        if self._allowed and nbytes >= WORTH_IT and nbytes > self.memory and self._has_room(nbytes):
            staging = self._memory_for_copies()
            with contextlib.suppress(RuntimeError):  # the interpreter is ending
                self._preparing = self._thread().submit(staging.prepare, nbytes)

    def give_back(self) -> None:
        """The image is free for the next save."""
        self._memory_for_copies().give_back()

    def start(self, ref: str, write: Callable[[], SaveReceipt]) -> InFlight:
        """Write in the background, and give the image back.

        Parameters
        ----------
        ref : str
            ``run/name`` that it will have.
        write : callable
            Does it, and gives the receipt once it is durable.
        """
        flight = InFlight(ref)

        def run() -> None:
            self._writer = threading.current_thread()
            outcome: SaveReceipt | CkptError
            try:
                outcome = write()
            except CkptError as error:
                outcome = error
            except BaseException as error:  # noqa: BLE001 - nobody else would ever hear of it
                outcome = CkptError(f"{ref} was not saved: {type(error).__name__}: {error}")
            self.give_back()
            flight.end(outcome)

        self._latest = flight
        try:
            self._thread().submit(run)
        except RuntimeError:  # the interpreter has begun to end in this very moment
            run()
        return flight

    def wait(self) -> None:
        """Until nothing is under way; raises what the save under way failed with."""
        flight = self.in_flight
        if flight is not None and threading.current_thread() is not self._writer:
            flight.wait()

    def settle(self) -> None:
        """Until nothing is under way, whatever becomes of it."""
        with contextlib.suppress(CkptError):  # told by the session, which listens
            self.wait()

    def _can_start(self) -> bool:
        """False when the interpreter is ending: then nothing new can be done beside what it still does."""
        try:
            self._thread().submit(lambda: None)
        except RuntimeError:
            return False
        return True

    def _has_room(self, nbytes: int) -> bool:
        left = memory_left()
        return left is None or nbytes * _HEADROOM <= left + self.memory

    def _memory_for_copies(self) -> Staging:
        if self._staging is None:
            from jupyter_ckpt.store.image import Staging

            self._staging = Staging()
        return self._staging

    def _thread(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ckpt-save")
        return self._pool
