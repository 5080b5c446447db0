"""One metric of one run as a picture: an SVG line chart for a page, a row of bars for a terminal."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_ckpt.display.clean import escape
from jupyter_ckpt.display.numbers import metric_text

MOST_POINTS = 240
"""A chart of more would be a black bar and a page of megabytes."""
_BARS = "▁▂▃▄▅▆▇█"
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 420, 120, 56, 12, 10, 22


@dataclass(frozen=True)
class Series:
    """The values of a metric, oldest first.

    Parameters
    ----------
    metric : str
        Its name.
    points : sequence of (float, float)
        Where (``axis``) and what; values that are not finite are gaps.
    axis : str
        ``epoch``, ``step`` or ``checkpoint``.
    best : (float, float), optional
        The point to mark.
    """

    metric: str
    points: Sequence[tuple[float, float]]
    axis: str = "epoch"
    best: tuple[float, float] | None = None

    @property
    def finite(self) -> list[tuple[float, float]]:
        """The points that can be drawn."""
        return [point for point in self.points if all(map(math.isfinite, point))]

    def describe(self) -> str:
        """One sentence: what somebody who cannot see the picture needs."""
        found = self.finite
        if not found:
            return f"{self.metric}: no finite values"
        text = (
            f"{self.metric} over {len(found)} checkpoints, from {metric_text(found[0][1])} at {self.axis}"
            f" {metric_text(found[0][0])} to {metric_text(found[-1][1])} at {self.axis} {metric_text(found[-1][0])}"
        )
        if self.best:
            text += f"; best {metric_text(self.best[1])} at {self.axis} {metric_text(self.best[0])}"
        gaps = len(self.points) - len(found)
        return text + (f"; {gaps} not finite" if gaps else "")


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """Bars from lowest to highest, one a value (an average of several when too many), ``·`` where not finite."""
    if len(values) > width:
        bounds = [len(values) * i // width for i in range(width + 1)]
        values = [_average(values[a:b]) for a, b in itertools.pairwise(bounds)]
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "·" * len(values)
    low, scale = _scale(finite)
    return "".join(
        _BARS[min(int((value / 2 - low) / scale * len(_BARS)), len(_BARS) - 1)] if math.isfinite(value) else "·"
        for value in values
    )


def svg(series: Series) -> str:
    """A chart in the colours of the page, without scripts or resources; empty when nothing is finite."""
    points = _thin(series.points)
    finite = [point for point in points if all(map(math.isfinite, point))]
    if not finite:
        return ""
    (left, x_scale), (low, y_scale) = _scale([x for x, _ in finite]), _scale([y for _, y in finite])

    def place(point: tuple[float, float]) -> tuple[str, str]:
        x = _LEFT + (point[0] / 2 - left) / x_scale * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (point[1] / 2 - low) / y_scale * (_HEIGHT - _TOP - _BOTTOM)
        return f"{x:.1f}", f"{y:.1f}"

    parts = [
        f'<svg role="img" aria-label="{escape(series.describe())}" class="jp-ckpt-Chart"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}">'
    ]
    for edge in (_TOP, _HEIGHT - _BOTTOM):
        parts.append(
            f'<line class="jp-ckpt-axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{edge}" y2="{edge}"></line>'
        )
    for segment in _segments(points):
        if len(segment) > 1:
            path = " ".join(",".join(place(point)) for point in segment)
            parts.append(f'<polyline class="jp-ckpt-curve" points="{path}"></polyline>')
    radius = 2.5 if len(finite) <= 60 else 1.2
    for point in finite:
        x, y = place(point)
        label = f"{series.axis} {metric_text(point[0])}: {metric_text(point[1])}"
        title = f"<title>{escape(label)}</title>"
        parts.append(f'<circle class="jp-ckpt-dot" cx="{x}" cy="{y}" r="{radius}">{title}</circle>')
    if series.best and all(map(math.isfinite, series.best)):
        x, y = place(series.best)
        parts.append(f'<path class="jp-ckpt-best" d="M{x} {y}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0"></path>')
    ys = [y for _, y in finite]
    texts = [(_LEFT - 6, _TOP + 4, "end", metric_text(max(ys)))]
    if min(ys) != max(ys):
        texts.append((_LEFT - 6, _HEIGHT - _BOTTOM + 4, "end", metric_text(min(ys))))
    xs = [x for x, _ in finite]
    texts.append((_LEFT, _HEIGHT - 6, "start", f"{series.axis} {metric_text(min(xs))}"))
    if min(xs) != max(xs):
        texts.append((_WIDTH - _RIGHT, _HEIGHT - 6, "end", metric_text(max(xs))))
    for text_x, text_y, anchor, text in texts:
        parts.append(f'<text x="{text_x}" y="{text_y}" text-anchor="{anchor}">{escape(text)}</text>')
    return "".join(parts) + "</svg>"


def _thin(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `MOST_POINTS`: the lowest and the highest of each stretch, so that no spike is lost."""
    if len(points) <= MOST_POINTS:
        return list(points)
    stretches = MOST_POINTS // 2
    kept = []
    for i in range(stretches):
        stretch = points[len(points) * i // stretches : len(points) * (i + 1) // stretches]
        finite = [place for place, point in enumerate(stretch) if math.isfinite(point[1])]
        ends = {min(finite, key=lambda p: stretch[p][1]), max(finite, key=lambda p: stretch[p][1])} if finite else {0}
        kept += [stretch[place] for place in sorted(ends)]
    return kept


def _segments(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if all(map(math.isfinite, point)):
            found[-1].append(point)
        else:
            found.append([])
    return found


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """Half of the lowest value and half of the spread (halves, because a spread of floats can overflow)."""
    low, high = min(values) / 2, max(values) / 2
    return (low, high - low) if high > low else (low - 0.5, 1.0)


def _average(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return sum(value / len(finite) for value in finite) if finite else math.nan
