"""How fast a store grows, and when its volume will be full at that rate."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from jupyter_ckpt.store.checkpoint import seconds
from jupyter_ckpt.store.index import IndexedRun
from jupyter_ckpt.store.record import timestamp

_WINDOW_S = 3 * 86400.0
_FEWEST = 3
_SHORTEST_S = 1200.0
_FARTHEST_DAYS = 3650.0


def growth_of(runs: Iterable[IndexedRun], free: int | None, now: float) -> dict[str, float | str | None] | None:
    """``{bytes_per_day, full_at}`` from the checkpoints of the last days that are still there.

    What was pruned does not count, and the time since those runs began does: a run that keeps its last three hardly
    grows however often it saves.

    Parameters
    ----------
    runs : iterable of IndexedRun
        Of the store.
    free : int or None
        Bytes left on its volume; None when that is not known.
    now : float
        Seconds since 1970.

    Returns
    -------
    dict or None
        None with fewer than three saves or less than twenty minutes to go by: a rate of seconds says nothing of days.
        ``full_at`` is None when the room is not known, nothing grows, or it lasts for ten years.
    """
    since = now - _WINDOW_S
    saves: list[tuple[float, int]] = []
    begin = now
    for indexed in runs:
        recent = [(one.order[0], one.size) for one in indexed.checkpoints if since <= one.order[0] <= now]
        if recent:
            saves += recent
            begin = min(begin, *(moment for moment, _ in recent), _began(indexed, since, now))
    span = now - max(begin, since)
    if len(saves) < _FEWEST or span < _SHORTEST_S:
        return None
    rate = sum(size for _, size in saves) / span * 86400
    days = free / rate if free is not None and rate > 0 else None
    if days is None or days > _FARTHEST_DAYS:
        return {"bytes_per_day": rate, "full_at": None}
    moment = datetime.datetime.fromtimestamp(now + days * 86400, datetime.timezone.utc)
    return {"bytes_per_day": rate, "full_at": timestamp(moment)}


def _began(indexed: IndexedRun, since: float, now: float) -> float:
    try:
        return max(since, seconds(indexed.run.created or ""))
    except ValueError:
        return now
