"""Moments that an interrupt (Ctrl-C, a notebook's Stop) must not cut in two: it waits until they are over."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupts:
    """A ``with`` block from some point of which on, an interrupt waits for the block's end.

    Only the main thread is interrupted by the system; in others this does nothing.

    Examples
    --------
    >>> with Interrupts() as interrupts:
    ...     ...  # may be interrupted
    ...     interrupts.hold()
    ...     ...  # is done as a whole; then the interrupt that came, if one did, is raised
    """

    def __init__(self) -> None:
        self._handler: Callable[[int, FrameType | None], Any] | None = None
        self._came: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> Interrupts:
        return self

    def hold(self) -> None:
        """From here on an interrupt waits."""
        if self._handler is not None or threading.current_thread() is not threading.main_thread():
            return
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):  # else it is ignored, ends the process, or belongs to a program that embeds Python
            self._handler = handler
            signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came = (number, frame)

    def __exit__(self, kind: object, *_: object) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        signal.signal(signal.SIGINT, handler)
        if self._came is not None and kind is None:
            handler(*self._came)
