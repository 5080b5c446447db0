"""The loop over epochs that resumes itself: ``for epoch in epochs(30)``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, Protocol

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.state.loop_exit import Consumer, consumer_of, left_on_purpose


class EpochKeeper(Protocol):
    """Keeps account of the epochs (`jupyter_ckpt.session.training_loop.TrainingLoop`)."""

    def begin(self, epoch: int, epochs: TrainingEpochs) -> None:
        """An epoch is about to be handed out."""

    def done(self, epoch: int, epochs: TrainingEpochs) -> int:
        """The loop asks for the next one: a clean boundary, where saves happen; returns the epoch to go on with."""

    def leave(self, epoch: int) -> None:
        """The loop was left by ``break`` or ``return``: its epoch counts as finished."""


class TrainingEpochs:
    """The epochs of a training, from where it stopped; each time the loop comes back for the next one, one is done.

    Parameters
    ----------
    keeper : EpochKeeper
        Keeps account.
    first, end : int
        As in ``range``.
    spacing : int or None
        After how many epochs a save is due.
    """

    def __init__(self, keeper: EpochKeeper, first: int, end: int, spacing: int | None) -> None:
        self.first = first
        self.end = end
        self.spacing = spacing
        self._keeper = keeper
        self._next = first
        self._running: int | None = None
        self._handing = False  # an exception in here holds the loop's iterator, and may drop it anywhere
        self._consumer: Consumer = ()

    def __iter__(self) -> Iterator[int]:
        # not self: a progress bar under a name would hold us beyond a `break`
        return _Loop(self)

    def __next__(self) -> int:
        self._consumer = consumer_of(sys._getframe(1))
        return self.step()

    def step(self) -> int:
        """The next epoch."""
        self._handing = True
        if self._running is not None:
            epoch, self._running = self._running, None
            self._next = self._keeper.done(epoch, self)
        if self._next >= self.end:
            self._handing = False
            raise StopIteration
        epoch = self._next
        self._keeper.begin(epoch, self)
        self._next += 1
        self._running = epoch
        self._handing = False
        return epoch

    @property
    def is_running(self) -> bool:
        """An epoch was handed out, and the loop's body has it still."""
        return self._running is not None

    def is_run_by(self, frame: FrameType | None) -> bool:
        """True when this frame, or one that called it, is the body of this very loop."""
        while self.is_running and not self._handing and frame is not None:
            if id(frame) in self._consumer:
                return True
            frame = frame.f_back
        return False

    def is_due(self, epoch: int) -> bool:
        """A save comes after this epoch."""
        return self.spacing is not None and ((epoch + 1) % self.spacing == 0 or epoch + 1 == self.end)

    def dropped(self, consumer: Consumer) -> None:
        """The loop has let go of its iterator."""
        if self._running is None or self._handing:
            return
        epoch, self._running = self._running, None
        if left_on_purpose(sys._getframe(2), consumer):
            self._keeper.leave(epoch)

    def __len__(self) -> int:
        """Epochs still to come, for progress bars."""
        return max(self.end - self._next, 0)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # at the interpreter's end anything may be gone
            self.dropped(self._consumer)


class _Loop:
    """What a ``for`` holds."""

    def __init__(self, epochs: TrainingEpochs) -> None:
        self._epochs = epochs

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        self._epochs._consumer = consumer_of(sys._getframe(1))
        return self._epochs.step()

    def __len__(self) -> int:
        return len(self._epochs)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self._epochs.dropped(self._epochs._consumer)


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
