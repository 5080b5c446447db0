"""Work on several things at a time: whoever returns leaves nobody at work behind."""

from __future__ import annotations

import threading
import time

import pytest

from jupyter_ckpt.store.parallel import parallel


def test_an_interrupt_while_threads_are_started_leaves_none_of_them_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    start, started, at_work = threading.Thread.start, [], []

    def start_one(thread: threading.Thread) -> None:
        if started:
            raise KeyboardInterrupt
        started.append(thread)
        start(thread)

    def work(number: int) -> None:
        at_work.append(number)
        time.sleep(0.3)
        at_work.remove(number)

    monkeypatch.setattr(threading.Thread, "start", start_one)
    with pytest.raises(KeyboardInterrupt):
        parallel(work, range(20), 3)
    assert started
    assert not at_work
    time.sleep(0.4)
    assert not at_work


def test_where_no_thread_can_be_started_the_calling_one_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert parallel(lambda number: number + 1, range(5), 3) == [1, 2, 3, 4, 5]
