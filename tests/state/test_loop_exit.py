"""``break`` and ``return`` on one side, exceptions on the other, through everything that may lie in between."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jupyter_ckpt.state.loop_exit import Consumer, consumer_of, left_on_purpose

SAID: list[bool] = []


class Ones:
    """An endless iterator that says how its loop was left."""

    def __init__(self) -> None:
        self.consumer: Consumer = ()

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        self.consumer = consumer_of(sys._getframe(1))
        return 1

    def __del__(self) -> None:
        SAID.append(left_on_purpose(sys._getframe(1), self.consumer))


class Passing:
    """An iterator around another one."""

    def __init__(self, inner: Any) -> None:
        self.inner = iter(inner)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self.inner)


def bar(inner: Any) -> Any:
    for one in inner:  # noqa: UP028 - as progress bars do it
        yield one


def careful_bar(inner: Any) -> Any:
    for one in inner:
        try:
            yield one
        finally:
            str(one)


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda inner: inner,
    "enumerate": enumerate,
    "zip": lambda inner: zip(inner, inner, strict=False),
    "map": lambda inner: map(str, inner),
    "a generator": bar,
    "two generators": lambda inner: careful_bar(bar(inner)),
    "an iterator": Passing,
    "a generator in an iterator": lambda inner: Passing(bar(inner)),
    "an iterator in a generator": lambda inner: bar(Passing(inner)),
}


def plain_break(wrap: Any) -> None:
    for _ in wrap(Ones()):
        break


def break_through_finally(wrap: Any) -> None:
    for _ in wrap(Ones()):
        try:
            break
        finally:
            str(1)


def break_after_a_caught_exception(wrap: Any) -> None:
    kept = []
    for _ in wrap(Ones()):
        try:
            int("x")
        except ValueError as error:
            kept.append(error)
        break


def plain_return(wrap: Any) -> Any:
    for one in wrap(Ones()):
        return one
    return None


def return_out_of_with(wrap: Any) -> Any:
    for _ in wrap(Ones()):
        with contextlib.suppress(KeyError):
            return 5
    return None


def plain_raise(wrap: Any) -> None:
    for _ in wrap(Ones()):
        raise ValueError


def raised_in_a_call(wrap: Any) -> None:
    for _ in wrap(Ones()):
        int("x")


def raised_through_finally(wrap: Any) -> None:
    for _ in wrap(Ones()):
        try:
            int("x")
        finally:
            str(1)


def raised_through_with(wrap: Any) -> None:
    for _ in wrap(Ones()):
        with contextlib.suppress(KeyError):
            int("x")


def raised_again(wrap: Any) -> None:
    for _ in wrap(Ones()):
        try:
            int("x")
        except ValueError:
            raise


def raised_from(wrap: Any) -> None:
    for _ in wrap(Ones()):
        try:
            int("x")
        except ValueError as error:
            raise ValueError from error


ON_PURPOSE = [plain_break, break_through_finally, break_after_a_caught_exception, plain_return, return_out_of_with]
RAISED = [plain_raise, raised_in_a_call, raised_through_finally, raised_through_with, raised_again, raised_from]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("loop", [*ON_PURPOSE, *RAISED])
def test_how_a_loop_was_left(loop: Any, wrapper: str) -> None:
    SAID.clear()
    with contextlib.suppress(ValueError):
        loop(WRAPPERS[wrapper])
    assert [loop in ON_PURPOSE] == SAID


def test_loops_at_the_top_of_a_cell() -> None:
    SAID.clear()
    exec("for _ in Ones(): break", {"Ones": Ones})
    with contextlib.suppress(ZeroDivisionError):
        exec("for _ in Ones(): 1 / 0", {"Ones": Ones})
    assert SAID == [True, False]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timer")
def test_an_interrupt_at_any_instruction_is_an_exception() -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    def loop() -> None:
        for _ in Ones():
            for number in range(50):
                str(number)
                if number > 100:
                    break

    SAID.clear()
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for round_ in range(40):
            with contextlib.suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 0.001 + round_ * 1.7e-5)
                loop()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(SAID) == {False}
    assert len(SAID) > 20, "on a busy machine some come before the loop has begun"
