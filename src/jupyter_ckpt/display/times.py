"""Points in time and durations as people read them."""

from __future__ import annotations

import datetime

from jupyter_ckpt.store.checkpoint import seconds

_UTC = datetime.timezone.utc
_DAY = 86400


def ago(moment: str | float | None, now: datetime.datetime | None = None) -> str:
    """``3 min ago``; a date when it is long past or, by this clock, not yet come; empty when there is none.

    Parameters
    ----------
    moment : str or float or None
        A record's time, or seconds since 1970.
    now : datetime, optional
        For tests.
    """
    then = _seconds(moment)
    if then is None:
        return ""
    past = (now or datetime.datetime.now(_UTC)).timestamp() - then
    if past < -90 or past >= 60 * _DAY:
        return absolute(then)[:10]
    for size, unit in ((_DAY, "d"), (3600, "h"), (60, "min")):
        if past >= size:
            return f"{int(past // size)} {unit} ago"
    return f"{int(past)} s ago" if past >= 5 else "just now"


def absolute(moment: str | float | None) -> str:
    """``2026-04-05 14:23:01 UTC``; empty when there is none."""
    then = _seconds(moment)
    if then is None:
        return ""
    try:
        return datetime.datetime.fromtimestamp(then, _UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return ""


def duration_text(amount: float) -> str:
    """``0.03 s``, ``12.4 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if not 0 <= amount < 1e9:
        return "? s"
    if amount < 9.995:
        return f"{amount:.2f} s"
    if amount < 59.95:
        return f"{amount:.1f} s"
    whole = round(amount)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _seconds(moment: str | float | None) -> float | None:
    if isinstance(moment, str):
        try:
            return seconds(moment)
        except ValueError:
            return None
    return moment
