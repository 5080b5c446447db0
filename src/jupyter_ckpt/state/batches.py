"""The iterator of a resumable loop: ``for batch in position.batches(loader)``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, Protocol

from jupyter_ckpt.state.loader_run import Run
from jupyter_ckpt.state.loop_exit import Consumer, consumer_of, left_on_purpose


class Keeper(Protocol):
    """Keeps account of the passes (`jupyter_ckpt.state.position.Position`)."""

    def enter(self, batches: Batches) -> bool:
        """A pass begins; False when it is one that was finished before the resume."""

    def open(self, batches: Batches) -> Run:
        """The loader is asked for its first batch."""

    def boundary(self, batches: Batches) -> None:
        """The loop asks for another batch."""

    def finish(self, batches: Batches) -> None:
        """There are no more batches."""

    def leave(self, batches: Batches) -> None:
        """The loop was left by ``break`` or ``return``."""


class Batches:
    """The batches of one pass through a loader, from where a resumed training stopped.

    Attribute access goes to the loader (``.dataset``, ``.batch_size``). Wrap it as you would the loader:
    ``tqdm(batches, initial=batches.done)``, ``enumerate(batches, batches.done)``; without these, a progress bar and
    ``enumerate`` count from 0 again after a resume.

    Parameters
    ----------
    keeper : Keeper
        Keeps account.
    loader : iterable
        The user's.
    name : str
        How it is called in checkpoints.
    done : int
        Batches of this pass that were done before a resume; 0 in a fresh one.
    """

    def __init__(self, keeper: Keeper, loader: Any, name: str, done: int) -> None:
        self.name = name
        self.done = done
        self.loader = loader
        self.run: Run | None = None
        """The pass; None before the first batch and after the last."""
        self._keeper = keeper
        self._handed = done
        self._entered = False
        self._ended = False
        self._raised = False  # the traceback holds the loop's iterator then, and may drop it anywhere
        self._consumer: Consumer = ()

    @property
    def number(self) -> int:
        """Number of the last batch in its pass, from 0, whether resumed or not; -1 before the first."""
        return self._handed - 1

    def __iter__(self) -> Iterator[Any]:
        # not self: a progress bar under a name would hold us beyond a `break`
        return _Loop(self)

    def __next__(self) -> Any:
        self._consumer = consumer_of(sys._getframe(1))
        return self.step()

    def step(self) -> Any:
        """The next batch."""
        if not self._entered and not self._ended:
            self._entered = True
            self._ended = not self._keeper.enter(self)
        if self._ended:
            raise StopIteration
        self._raised = True
        self._keeper.boundary(self)
        if self.run is None:
            self.run = self._keeper.open(self)
        try:
            batch = self.run.step()
        except StopIteration:
            self._ended = True
            self._keeper.finish(self)
            self.run = None
            raise
        self._raised = False
        self._handed = self.run.done
        return batch

    def close(self) -> None:
        """Leave the pass, as ``break`` does: it counts as finished."""
        if self._entered and not self._ended:
            self._keeper.leave(self)
        self._ended = True
        if self.run is not None:
            self.run.release()

    def __len__(self) -> int:
        """Batches of the whole pass, as the loader says."""
        return len(self.loader)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "loader":
            raise AttributeError(name)
        return getattr(self.loader, name)

    def dropped(self, consumer: Consumer) -> None:
        """The loop has let go of its iterator."""
        if self._entered and not self._ended and not self._raised and left_on_purpose(sys._getframe(2), consumer):
            self._keeper.leave(self)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # at the interpreter's end anything may be gone
            self.dropped(self._consumer)
            if self.run is not None:
                self.run.release()


class _Loop:
    """What a ``for`` holds."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._consumer: Consumer = ()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._consumer = consumer_of(sys._getframe(1))
        return self._batches.step()

    def __len__(self) -> int:
        return len(self._batches)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            if self._consumer:
                self._batches.dropped(self._consumer)
