"""Numbers and plain values as people read them."""

from __future__ import annotations

import json
import math
from typing import Any

_LONGEST = 400
_THOUSANDS = (("k", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12))


def metric_text(value: Any, digits: int = 4) -> str:
    """A measured value with ``digits`` significant ones: ``0.01235``, ``1.2e-05``, ``nan``."""
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        return value_text(value)
    if not math.isfinite(number):
        return str(number)
    if number == int(number) and abs(number) < 1e6:
        return str(int(number))
    if 1e3 <= abs(number) < 1e6:
        return f"{number:.1f}"
    return f"{number:.{digits}g}"


def delta_text(before: float, after: float) -> str:
    """How much ``after`` is above ``before``: ``+0.25 (+12 %)``; empty where that has no meaning."""
    try:
        change = float(after) - float(before)
    except (OverflowError, TypeError, ValueError):
        return ""
    if not math.isfinite(change):
        return ""
    text = ("+" if change > 0 else "") + metric_text(change, 3)
    if before and change:
        share = 100 * change / abs(before)
        text += f" ({share:+.0f} %)" if 0.5 <= abs(share) < 1000 else ""
    return text


def count_text(number: Any) -> str:
    """A number of things: ``812``, ``61.7 k``, ``124 M``."""
    if not isinstance(number, (int, float)) or isinstance(number, bool):
        return value_text(number)
    shown, unit = number, ""
    for letter, size in _THOUSANDS:
        if abs(number) >= size:
            try:
                shown, unit = number / size, f" {letter}"
            except OverflowError:
                return "a number of hundreds of digits"
    return f"{shown:.3g}{unit}" if abs(shown) < 1000 else f"{shown:.0f}{unit}"


def plural(number: int, one: str, many: str = "") -> str:
    """``1 checkpoint``, ``3 checkpoints``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def value_text(value: Any) -> str:
    """A plain value (of JSON) on one line, cut when long."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
