"""What the terminal can take: its width, and whether colour is wanted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TextIO

_NARROWEST, _WIDEST = 40, 160


def terminal_width(width: int | None = None) -> int:
    """Columns to write in: ``width`` when given, else the terminal's; 100 where there is none (a notebook)."""
    columns = shutil.get_terminal_size((100, 24)).columns if width is None else width
    return min(max(columns, _NARROWEST), _WIDEST)


def wants_color(out: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """True for a terminal whose user has not said no (``NO_COLOR``, ``TERM=dumb``)."""
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    try:
        return out.isatty()
    except (AttributeError, OSError, ValueError):
        return False
