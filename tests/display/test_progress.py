"""Progress shows itself only when the work is long, and never disturbs it."""

from __future__ import annotations

import io
import subprocess
import sys
import threading

import pytest

from jupyter_ckpt.display.columns import display_width
from jupyter_ckpt.display.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_short_write_shows_nothing() -> None:
    out, clock = Terminal(), Clock()
    with Progress("saving", 100, out=out, clock=clock) as progress:
        clock.now = 0.4
        progress(50, 100)
    assert out.getvalue() == ""


def test_one_line_that_is_gone_at_the_end() -> None:
    out, clock = Terminal(), Clock()
    with Progress("saving", 10**9, out=out, clock=clock) as progress:
        clock.now = 1.0
        progress(25 * 10**7, 10**9)
        first = out.getvalue()
        clock.now = 2.0
        progress(10**9, 10**9)
    assert first == "\r[#####               ] saving  25%  250 MB of 1.0 GB, 250 MB/s, 3 s left"
    assert "\n" not in out.getvalue()
    *_, before, last = out.getvalue().split("\r")
    assert last == ""
    assert before.isspace()
    assert len(before) == display_width(out.getvalue().split("\r")[2].rstrip())


def test_at_most_ten_updates_a_second() -> None:
    out, clock = Terminal(), Clock()
    progress = Progress("saving", 1000, out=out, clock=clock)
    for done in range(1000):
        clock.now = 0.5 + done / 1000
        progress(done, 1000)
    assert 5 <= out.getvalue().count("\r") <= 11


@pytest.mark.parametrize("columns", ["20", "40", "80"])
def test_it_fits_the_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out, clock = Terminal(), Clock()
    progress = Progress("saving 学习率 " * 3, 100, out=out, clock=clock)
    clock.now = 1
    progress(10, 100)
    assert 0 < display_width(out.getvalue().strip("\r")) < int(columns)


def test_no_terminal_no_output() -> None:
    out, clock = io.StringIO(), Clock()
    with Progress("saving", 100, out=out, clock=clock) as progress:
        clock.now = 5
        progress(50, 100)
    assert out.getvalue() == ""


def test_an_output_that_fails_does_not_reach_the_writer() -> None:
    class Broken(Terminal):
        calls = 0

        def write(self, text: str) -> int:
            self.calls += 1
            raise BrokenPipeError("gone")

    out, clock = Broken(), Clock()
    with Progress("saving", 100, out=out, clock=clock) as progress:
        for second in range(1, 9):
            clock.now = second
            progress(second, 100)
    assert out.calls == 1
    closed = Terminal()
    closed.close()
    with Progress("saving", 100, out=closed, clock=clock) as progress:
        clock.now = 20
        progress(50, 100)


def test_an_unknown_total_and_strange_figures() -> None:
    out, clock = Terminal(), Clock()
    progress = Progress("saving", out=out, clock=clock)
    clock.now = 1
    progress(5000)
    assert "saving 5.0 kB, 5.0 kB/s" in out.getvalue()
    clock.now = 2
    progress(500, 100)
    assert "100%" in out.getvalue()
    progress.close()
    progress.close()
    clock.now = 3
    length = len(out.getvalue())
    progress(600, 1000)
    assert len(out.getvalue()) == length


def test_a_thread_does_not_wait_for_a_slow_terminal() -> None:
    writing, go_on = threading.Event(), threading.Event()

    class Slow(Terminal):
        def write(self, text: str) -> int:
            writing.set()
            go_on.wait(10)
            return super().write(text)

    clock = Clock()
    progress = Progress("saving", 100, out=Slow(), clock=clock)
    clock.now = 1
    thread = threading.Thread(target=progress, args=(10, 100))
    thread.start()
    assert writing.wait(10)
    clock.now = 2
    progress(20, 100)  # would hang here
    go_on.set()
    thread.join(10)
    progress.close()


_IN_A_KERNEL = """
import sys, time
from IPython.testing.globalipapp import start_ipython
shell = start_ipython()
shell.kernel = object()
from IPython.core import displayhook, displaypub
class Published(displaypub.DisplayPublisher):
    def publish(self, data, metadata=None, *, transient=None, update=False, **kwargs):
        sent.append((update, (transient or {}).get("display_id"), data))
sent = []
shell.display_pub = Published()
from jupyter_ckpt.display.progress import Progress
class Clock:
    now = 0.0
    def __call__(self): return self.now
clock = Clock()
with Progress("saving <x>", 100, clock=clock) as progress:
    for clock.now in (0.1, 1.0, 2.0):
        progress(int(clock.now * 40), 100)
assert [update for update, _, _ in sent] == [False, True, True], sent
assert len({name for _, name, _ in sent}) == 1 and sent[0][1]
assert "<progress" in sent[0][2]["text/html"] and "saving &lt;x&gt;" in sent[0][2]["text/html"]
assert sent[-1][2]["text/plain"] == "saving <x>: 80 bytes in 2.00 s", sent[-1]
assert "<progress" not in sent[-1][2]["text/html"]
try:
    with Progress("loading", 100, clock=clock) as progress:
        clock.now = 9.0
        progress(45, 100)
        raise RuntimeError
except RuntimeError:
    pass
assert sent[-1][2]["text/plain"] == "loading: stopped at 45%", sent[-1]
"""


def test_one_display_in_a_notebook() -> None:
    done = subprocess.run([sys.executable, "-c", _IN_A_KERNEL], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
