"""Numbers and times as people read them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shown import NOW

from jupyter_ckpt.display.numbers import count_text, delta_text, metric_text, value_text
from jupyter_ckpt.display.times import absolute, ago, duration_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123456, "0.01235"),
        (1.2e-9, "1.2e-09"),
        (3, "3"),
        (3.0, "3"),
        (98.76543, "98.77"),
        (12345.678, "12345.7"),
        (1234567.8, "1.235e+06"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (10**400, str(10**400)[:399] + "…"),
    ],
)
def test_metrics(value: float, text: str) -> None:
    assert metric_text(value) == text


def test_differences() -> None:
    assert delta_text(2, 1) == "-1 (-50 %)"
    assert delta_text(0, 0.25) == "+0.25"
    assert delta_text(float("nan"), 1) == ""
    assert delta_text(10**400, 1) == ""


def test_counts() -> None:
    assert [count_text(n) for n in (812, 61_706, 124_000_000, 7e9)] == ["812", "61.7 k", "124 M", "7 B"]


@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_any_value_is_one_short_text(value: object) -> None:
    assert len(value_text(value)) <= 400
    assert metric_text(value) is not None
    assert count_text(value) is not None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (30, "30 s ago"),
        (200, "3 min ago"),
        (7300, "2 h ago"),
        (3 * 86400, "3 d ago"),
        (90 * 86400, "2026-01-05"),
        (-3600, "2026-04-05"),
    ],
)
def test_ago(seconds: int, text: str) -> None:
    then = NOW - datetime.timedelta(seconds=seconds)
    assert ago(then.isoformat(), NOW) == text
    assert ago(then.timestamp(), NOW) == text


def test_a_time_that_is_none() -> None:
    assert ago(None) == ago("nonsense") == absolute(None) == absolute(1e300) == ""
    assert absolute("2026-04-05T14:23:01.123Z") == "2026-04-05 14:23:01 UTC"


def test_durations() -> None:
    texts = [duration_text(s) for s in (0.03, 12.4, 200, 7500, float("nan"))]
    assert texts == ["0.03 s", "12.4 s", "3 min 20 s", "2 h 5 min", "? s"]
