"""Measured values as a reader of a record wants them: ``98.2 %``, and a row of bars."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from jupyter_ckpt.display.numbers import count_text, metric_text

_SHARES = frozenset(["acc", "accuracy", "accs", "accuracies", "top1", "top5", "wer", "cer"])
_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 16
_FEWEST_BARS = 4


def measured(name: str, value: float, *, unit: bool) -> str:
    """One value of a metric.

    Parameters
    ----------
    name : str
        ``val_acc`` is shown in percent, ``loss`` is not.
    value : float
        As measured.
    unit : bool
        All its values lie between 0 and 1, so that 0.98 means 98 %.
    """
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    if _SHARES & set(re.split(r"[^a-z0-9]+", plain)) and math.isfinite(value):
        share = 100 * value if unit else value
        if 0 <= share <= 100:
            return f"{_digits(share)} %"
    return metric_text(value)


def _digits(share: float) -> str:
    """``98.2``, and what makes 99.97 no 100."""
    return f"{share:.1f}" if share in (0, 100) or 0.05 <= share < 99.95 else f"{share:.2f}"


def bars(values: Sequence[float]) -> str:
    """A row of bars; empty where there is nothing to see."""
    found = [value for value in values if math.isfinite(value)]
    if len(found) < _FEWEST_BARS:
        return ""
    if len(found) > _MOST_BARS:
        edges = [round(i * len(found) / _MOST_BARS) for i in range(_MOST_BARS + 1)]
        found = [found[end - 1] for end in edges[1:]]
    low, high = min(found), max(found)
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return ""
    return "".join(_BARS[min(7, int((value - low) / span * 8))] for value in found)


def amount(number: int) -> str:
    """``101,770``, ``25.6 M``."""
    return f"{number:,}" if abs(number) < 1_000_000 else count_text(number)
