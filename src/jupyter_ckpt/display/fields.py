"""Nested plain data of a record as a block of names and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_ckpt.display.blocks import Cell, Facts
from jupyter_ckpt.display.numbers import value_text
from jupyter_ckpt.store.fields import flat


def facts(caption: str, data: Mapping[str, Any]) -> list[Facts]:
    """A block of `flat` values, or nothing when there are none."""
    rows = [(name, Cell(value_text(value))) for name, value in flat(data).items()]
    return [Facts(caption, rows)] if rows else []
