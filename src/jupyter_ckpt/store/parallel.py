"""The same work on many things, several at a time, in plain threads.

Not an executor of `concurrent.futures`: those take no more work once the interpreter has begun to end, and that is
just when the last save of a training may still be written.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def parallel(work: Callable[[Thing], Result], things: Iterable[Thing], threads: int) -> list[Result]:
    """``[work(thing) for thing in things]``, by ``threads`` threads; the calling one is one of them.

    Raises
    ------
    BaseException
        What the first failing call raised, once the calls under way have ended; no more are begun after it.
    """
    waiting = list(things)
    results: list[Result | None] = [None] * len(waiting)
    failed: list[BaseException] = []
    lock = threading.Lock()
    numbers = iter(range(len(waiting)))

    def run() -> None:
        while True:
            with lock:
                number = None if failed else next(numbers, None)
            if number is None:
                return
            try:
                results[number] = work(waiting[number])
            except BaseException as error:  # noqa: BLE001 - raised by the calling thread
                with lock:
                    failed.append(error)
                return

    others = [threading.Thread(target=run, name=f"ckpt-{number}") for number in range(1, min(threads, len(waiting)))]
    interrupt: BaseException | None = None
    try:
        with contextlib.suppress(RuntimeError):  # no threads any more, the interpreter is ending: one does it all
            for other in others:
                other.start()
        run()
    except BaseException as error:  # noqa: BLE001 - between two calls: the others are waited for all the same
        interrupt = error
        with lock:
            failed.append(error)
    for other in others:
        while other.is_alive():
            try:
                other.join()
            except BaseException as error:  # noqa: BLE001 - memory that they use must not be given back under them
                interrupt = error
                with lock:
                    failed.append(error)
    if interrupt is not None:
        raise interrupt
    if failed:
        raise failed[0]
    return results  # type: ignore[return-value]
