"""Pictures of a metric."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from shown import Page

from jupyter_ckpt.display.chart import MOST_POINTS, Series, sparkline, svg


def test_a_point_for_every_value_that_is_finite() -> None:
    points = [(float(x), 1 / (x + 1)) for x in range(9)] + [(9.0, math.nan), (10.0, math.inf), (11.0, 0.05)]
    series = Series("val_loss", points, best=points[-1])
    page = Page(svg(series))
    assert len(page.all("circle")) == 10
    (line,) = page.all("polyline")  # the point after the gap stands alone
    assert len(str(line["points"]).split()) == 9
    (picture,) = page.all("svg")
    assert picture["role"] == "img"
    assert picture["aria-label"] == (
        "val_loss over 10 checkpoints, from 1 at epoch 0 to 0.05 at epoch 11; best 0.05 at epoch 11; 2 not finite"
    )


def test_no_spike_of_a_long_run_is_lost() -> None:
    points = [(float(x), 9.0 if x == 7777 else 1.0) for x in range(10_000)]
    page = Page(svg(Series("loss", points)))
    assert 100 < len(page.all("circle")) <= MOST_POINTS
    assert "epoch 7777: 9" in page.text


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=30))
def test_any_numbers_can_be_drawn(points: list[tuple[float, float]]) -> None:
    series = Series("<b>", points)
    drawn = svg(series)
    page = Page(drawn)
    assert len(page.all("circle")) == len(series.finite)
    for dot in page.all("circle"):
        assert 0 <= float(str(dot["cx"])) <= 420
        assert 0 <= float(str(dot["cy"])) <= 120
    assert len(sparkline([y for _, y in points], 12)) == min(len(points), 12)


def test_sparkline() -> None:
    assert sparkline([1, 2, 3, math.nan, 8]) == "▁▂▃·█"
    assert sparkline([5, 5]) == "▅▅"
    assert sparkline([math.nan]) == "·"
    assert len(sparkline(list(range(1000)), 40)) == 40
