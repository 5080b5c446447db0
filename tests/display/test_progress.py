"""Progress shows itself only when the work is long, and never disturbs it."""

from __future__ import annotations

import importlib.util
import io
import threading
import time
from collections.abc import Callable

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
    began = time.perf_counter()
    progress(20, 100)
    assert time.perf_counter() - began < 5
    go_on.set()
    thread.join(10)
    progress.close()


_CELL = """
import threading, time
from jupyter_ckpt.display.progress import Progress
class Clock:
    now = 0.0
    def __call__(self): return self.now
clock = Clock()
def write(progress):
    for clock.now in (0.1, 1.0, 2.0):
        progress(int(clock.now * 40), 100)
with Progress("saving <x>", 100, clock=clock) as progress:
    thread = threading.Thread(target=write, args=(progress,))
    thread.start()
    thread.join()
try:
    with Progress("loading", 100, clock=clock) as progress:
        clock.now = 9.0
        progress(45, 100)
        raise RuntimeError
except RuntimeError:
    pass
"""


def test_one_display_in_a_notebook(need: Callable[[object, str], None]) -> None:
    need(importlib.util.find_spec("ipykernel"), "ipykernel is not installed")
    need(importlib.util.find_spec("jupyter_client"), "jupyter-client is not installed")
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=60)
    sent = []
    try:
        client.execute_interactive(_CELL, timeout=60, output_hook=sent.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    shown = [message for message in sent if message["msg_type"] in ("display_data", "update_display_data")]
    assert not [message for message in sent if message["msg_type"] in ("stream", "error")]
    updates = [message["msg_type"] == "update_display_data" for message in shown]
    assert updates == [False, True, True, False, True]
    contents = [message["content"] for message in shown]
    assert len({content["transient"]["display_id"] for content in contents}) == 2
    pages, texts = ([content["data"][kind] for content in contents] for kind in ("text/html", "text/plain"))
    assert "<progress" in pages[0]
    assert "saving &lt;x&gt;" in pages[0]
    assert "<progress" not in pages[2]
    assert texts[2] == "saving <x>: 80 bytes in 2.00 s"
    assert texts[4] == "loading: stopped at 45%"
