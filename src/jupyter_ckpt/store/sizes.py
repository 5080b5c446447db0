"""Amounts of bytes as people write and read them."""

from __future__ import annotations

import math
import re

from jupyter_ckpt.errors import UsageProblem

_UNITS = {"": 1, "b": 1, "byte": 1, "bytes": 1}
for _power, _letter in enumerate("kmgtp", start=1):
    _UNITS |= {_letter: 1000**_power, f"{_letter}b": 1000**_power, f"{_letter}ib": 1024**_power}
_SIZE = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{0,5})\s*")


def parse_size(text: str | int) -> int:
    """Bytes from ``20GB``, ``1.5 GiB``, ``500M`` or a plain number of bytes.

    Decimal units are powers of 1000 as on a drive's label, ``KiB``, ``MiB``, … powers of 1024.

    Raises
    ------
    UsageProblem
        For anything else, and for zero.
    """
    found = _SIZE.fullmatch(str(text)) if not isinstance(text, bool) else None
    factor = _UNITS.get(found[2].lower()) if found else None
    if found is None or factor is None:
        raise UsageProblem(f"{str(text)[:40]!r} is not a size: write it like 20GB, 1.5GiB or 500MB")
    size = math.floor(float(found[1]) * factor)
    if size < 1:
        raise UsageProblem(f"{str(text)[:40]!r}: a size must be at least one byte")
    return size


def size_text(size: int) -> str:
    """``1.2 GB``: three significant digits at most, powers of 1000."""
    amount, units = float(abs(size)), ["bytes", "kB", "MB", "GB", "TB", "PB"]
    while amount >= 999.5 and len(units) > 1:
        amount /= 1000
        del units[0]
    digits = 0 if units[0] == "bytes" or amount >= 99.95 else 1
    return f"{'-' if size < 0 else ''}{amount:.{digits}f} {units[0]}"
