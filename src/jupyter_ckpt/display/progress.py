"""How far a long write or read is: one line in a terminal, one display in a notebook, nothing elsewhere.

The only part of `display` that shows something by itself, because the caller is busy writing.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TextIO

from jupyter_ckpt.display.clean import clean, escape
from jupyter_ckpt.display.columns import cut, display_width, pad
from jupyter_ckpt.display.style import ROOT, STYLE
from jupyter_ckpt.display.terminal import terminal_width
from jupyter_ckpt.display.times import duration_text
from jupyter_ckpt.store.sizes import size_text

APPEARS_AFTER = 0.5
BETWEEN = 0.1
_BAR = 20


class _Place(Protocol):
    def show(self, text: str, share: float | None) -> None: ...
    def end(self, text: str) -> None: ...


class Progress:
    """A callback ``(done, total)`` in bytes, from any thread, that shows what it is told.

    It appears only when the work takes longer than half a second, and never disturbs it: when the output fails it
    switches itself off, and a thread that finds another one writing does not wait.

    Parameters
    ----------
    label : str
        What is being done: ``saving``.
    total : int
        Bytes in all, as far as known; the callback's own figure goes first.
    out : TextIO, optional
        A terminal's stream to write to; by default a notebook's display, or stderr. Nothing is written to a stream
        that is no terminal.
    clock : callable, optional
        Seconds, for tests.
    """

    def __init__(
        self,
        label: str,
        total: int = 0,
        *,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label = clean(label)
        self.total = total
        self.done = 0
        self._clock = clock
        self._began = clock()
        self._shown_at: float | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._place = _place(out)

    def __call__(self, done: int, total: int = 0) -> None:
        """Say how far it is; cheap enough to be called for every block."""
        self.done, self.total = done, total or self.total
        now = self._clock()
        if now - self._began < APPEARS_AFTER or self._place is None:
            return
        if self._shown_at is not None and now - self._shown_at < BETWEEN:
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self._closed:
                self._shown_at = now
                self._try(lambda place: place.show(self._text(now), self._share()))
        finally:
            self._lock.release()

    def close(self, message: str | None = None) -> None:
        """End it: a terminal's line goes, a notebook's display keeps one short line (``message``)."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._shown_at is None:
                return
            seconds = duration_text(max(self._clock() - self._began, 0.0))
            text = f"{self.label}: {size_text(self.done)} in {seconds}" if message is None else clean(message)
            self._try(lambda place: place.end(text))

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        share = self._share()
        stopped = f"{self.label}: stopped at {'an unknown share' if share is None else f'{share:.0%}'}"
        self.close(None if kind is None else stopped)

    def _try(self, action: Callable[[_Place], None]) -> None:
        if self._place is None:
            return
        try:
            action(self._place)
        except Exception:  # noqa: BLE001 - a dead terminal or front end must not cost a checkpoint
            self._place = None

    def _share(self) -> float | None:
        return min(max(self.done / self.total, 0.0), 1.0) if self.total > 0 else None

    def _text(self, now: float) -> str:
        share, seconds = self._share(), now - self._began
        rate = self.done / seconds if seconds > 0 else 0.0
        if share is None:
            return f"{self.label} {size_text(self.done)}, {size_text(int(rate))}/s"
        text = (
            f"{self.label} {share:4.0%}  {size_text(self.done)} of {size_text(self.total)}, {size_text(int(rate))}/s"
        )
        left = (self.total - self.done) / rate if rate > 0 else None
        return text if left is None or share >= 1 else f"{text}, {_left(left)} left"


class _Terminal:
    """One line, written over itself."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._length = 0

    def show(self, text: str, share: float | None) -> None:
        width = min(shutil.get_terminal_size((80, 24)).columns, terminal_width()) - 1
        bar = "" if share is None else f"[{'#' * round(share * _BAR):{_BAR}}] "
        if display_width(bar) + display_width(text) > width:
            bar = ""
        line = cut(bar + text, width)
        self._out.write("\r" + pad(line, self._length))
        self._out.flush()
        self._length = display_width(line)

    def end(self, text: str) -> None:
        self._out.write("\r" + " " * self._length + "\r")
        self._out.flush()


class _Notebook:
    """One display, updated in place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str, share: float | None) -> None:
        value = "" if share is None else f' value="{share:.3f}"'
        bar = f'<progress max="1"{value} aria-label="{escape(text)}"></progress>'
        self._send(text, f'<p class="jp-ckpt-Line">{bar} {escape(text)}</p>')

    def end(self, text: str) -> None:
        self._send(text, f'<p class="jp-ckpt-Line jp-ckpt-muted">{escape(text)}</p>')

    def _send(self, text: str, html: str) -> None:
        from IPython.display import display

        html = f'<div class="{ROOT}"><style>\n{STYLE}\n</style>{html}</div>'
        data = {"text/plain": text, "text/html": html}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


def _place(out: TextIO | None) -> _Place | None:
    if out is None and in_kernel():
        return _Notebook()
    stream = sys.stderr if out is None else out
    try:
        return _Terminal(stream) if stream.isatty() else None
    except (AttributeError, OSError, ValueError):
        return None


def in_kernel() -> bool:
    """True in a Jupyter kernel; IPython is not imported to find out."""
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = ask() if ask is not None else None
    return getattr(shell, "kernel", None) is not None


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else duration_text(seconds)
