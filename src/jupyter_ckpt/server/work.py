"""File work off the event loop: a few daemon threads a volume, and an end to waiting for one that hangs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from jupyter_ckpt.errors import CkptError

T = TypeVar("T")
P = ParamSpec("P")
PATIENCE_S = 10.0
"""How long a request waits for a volume."""
_IDLE_S = 30.0
_Task = tuple["concurrent.futures.Future[Any]", Callable[[], Any]]


class NoAnswer(CkptError):
    """A volume did not answer in time, or too much is waiting for it already."""


class Workers:
    """Threads for the files of one store.

    They are daemons: a call that is stuck in the kernel cannot be ended, but it keeps neither the server from
    stopping nor the other stores from being read.

    Parameters
    ----------
    what : str
        Named in errors: the store's path.
    threads, waiting : int
        Calls that run at a time, and that wait.
    """

    def __init__(self, what: str, *, threads: int = 4, waiting: int = 32) -> None:
        self._what = what
        self._threads = threads
        self._most = threads + waiting
        self._queue: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._alive = 0
        self._pending = 0

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a call, or its error, within `PATIENCE_S`.

        Raises
        ------
        NoAnswer
            When it takes longer; the call goes on in its thread.
        """
        return await self.within(PATIENCE_S, call, *args, **kwargs)

    async def within(self, seconds: float, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` with another patience."""
        future = asyncio.wrap_future(self.submit(call, *args, **kwargs))
        done, _ = await asyncio.wait({future}, timeout=seconds)
        if not done:
            future.add_done_callback(_forget)
            raise NoAnswer(
                f"{self._what} gave no answer in {seconds:g} seconds: its volume is slow or gone, try again later"
            )
        return future.result()

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> concurrent.futures.Future[T]:
        """Start a call; NoAnswer when too many are waiting."""
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        with self._lock:
            if self._pending >= self._most:
                raise NoAnswer(f"too much is waiting for {self._what}: its volume is slow or gone, try again later")
            self._pending += 1
            if self._alive < min(self._threads, self._pending):
                self._alive += 1
                threading.Thread(target=self._serve, daemon=True, name="jupyter-ckpt-files").start()
        self._queue.put((future, lambda: call(*args, **kwargs)))
        return future

    def _serve(self) -> None:
        while True:
            try:
                future, call = self._queue.get(timeout=_IDLE_S)
            except queue.Empty:
                with self._lock:
                    if self._pending < self._alive:
                        self._alive -= 1
                        return
                continue
            try:
                if future.set_running_or_notify_cancel():
                    future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - handed to the coroutine that waits
                future.set_exception(error)
            finally:
                with self._lock:
                    self._pending -= 1


def _forget(future: asyncio.Future[Any]) -> None:
    """Nobody waits for its error any more."""
    if not future.cancelled():
        future.exception()
