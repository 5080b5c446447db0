"""A page of a run's journal, newest first, without parsing what is not shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_ckpt.store.journal import Journal, parse_line


def journal_page(folder: Path, offset: int, limit: int) -> dict[str, Any]:
    """``{total, offset, events}``; lines that are not whole are left out of the page.

    Raises
    ------
    StoreError
        When the journal cannot be read.
    """
    lines = [line for line in Journal(folder).raw().split(b"\n") if line.strip()]
    last = len(lines) - offset
    chosen = lines[max(0, last - limit) : max(0, last)]
    events = [event for event in map(parse_line, reversed(chosen)) if event is not None]
    return {"total": len(lines), "offset": offset, "events": events}
