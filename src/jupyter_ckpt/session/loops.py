"""The loop over epochs that resumes itself: ``for epoch in epochs(30)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jupyter_ckpt.errors import UsageProblem


class TrainingEpochs:
    """An iterator over epoch numbers; each time the loop comes back for the next one, an epoch is done.

    Parameters
    ----------
    first, end : int
        As in ``range``.
    begin : callable
        Called with the epoch's number before it is handed out.
    done : callable
        Called with the epoch's number when the loop asks for the next one: a clean boundary, where saves happen.
    """

    def __init__(self, first: int, end: int, begin: Callable[[int], None], done: Callable[[int], None]) -> None:
        self.first = first
        self.end = end
        self._next = first
        self._running: int | None = None
        self._begin = begin
        self._done = done

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self._running is not None:
            epoch, self._running = self._running, None
            self._done(epoch)
        if self._next >= self.end:
            raise StopIteration
        epoch = self._next
        self._begin(epoch)
        self._next += 1
        self._running = epoch
        return epoch

    def __len__(self) -> int:
        """Epochs still to come, for progress bars."""
        return max(self.end - self._next, 0)


def every(number: Any, what: str) -> int | None:
    """A positive whole number, or None when nothing was asked for.

    Raises
    ------
    UsageProblem
        For anything else.
    """
    if number is None or number is False or number == 0:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise UsageProblem(f"{what} is a whole number of 1 or more, not {str(number)[:40]!r}")
    return number
