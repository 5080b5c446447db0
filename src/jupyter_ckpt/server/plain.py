"""What a browser's JSON can hold: numbers that are none as words, text that has bytes, nothing absurdly deep."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

_DEPTH = 40
_LONGEST_TEXT = 200_000
_MOST_ITEMS = 20_000
_SAFE_INTEGER = 2**53


def encode(value: Any) -> bytes:
    """JSON text in UTF-8."""
    return json.dumps(plain(value), allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def plain(value: Any, depth: int = _DEPTH) -> Any:
    """The value with what JSON lacks replaced: NaN is ``"NaN"``, an infinity ``"Infinity"`` or ``"-Infinity"``.

    Integers that a browser would round become numbers with a fraction, those without one the infinities' words.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (int, float)):
        return number(value)
    if depth <= 0:
        return "…"
    if isinstance(value, Mapping):
        return {_text(str(key)): plain(one, depth - 1) for key, one in list(value.items())[:_MOST_ITEMS]}
    if isinstance(value, (list, tuple)):
        return [plain(one, depth - 1) for one in value[:_MOST_ITEMS]]
    return _text(str(value))


def number(value: float) -> float | str:
    """One number, see `plain`."""
    if isinstance(value, int):
        if -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
            return value
        try:
            value = float(value)
        except OverflowError:
            return "Infinity" if value > 0 else "-Infinity"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _text(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")
