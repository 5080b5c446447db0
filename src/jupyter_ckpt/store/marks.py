"""What was said about checkpoints after they were saved: pins, tags, notes and verifications.

A commit record never changes, so these are events in the journal; this module folds them, in the order in which
they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_ckpt.store.journal import Journal

MARK_EVENTS = frozenset({"pinned", "unpinned", "tagged", "untagged", "noted", "verified", "corrupt"})
_READABLE_EVENT = re.compile(rb'\{"time": "[^"]{1,40}", "event": "([a-z_]+)"')
_WORD = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._=+-]*")


@dataclass
class Mark:
    """What the journal says about one checkpoint."""

    pinned: bool = False
    tagging: list[tuple[bool, str]] = field(default_factory=list)
    """Tags put on (True) and taken off, in order."""
    note: str | None = None
    verified: Literal["ok", "corrupt"] | None = None
    verified_at: str | None = None

    def tags(self, recorded: Iterable[str]) -> tuple[str, ...]:
        """The tags in force, given those of the record."""
        now = dict.fromkeys(recorded)
        for put_on, tag in self.tagging:
            if put_on:
                now[tag] = None
            else:
                now.pop(tag, None)
        return tuple(now)


def fold_marks(events: Iterable[Mapping[str, Any]]) -> dict[str, Mark]:
    """Checkpoint name → its marks. Events with fields of the wrong type say nothing."""
    marks: dict[str, Mark] = {}
    for event in events:
        kind, name = event.get("event"), event.get("name")
        if kind not in MARK_EVENTS or not isinstance(name, str):
            continue
        mark = marks.setdefault(name, Mark())
        if kind in ("pinned", "unpinned"):
            mark.pinned = kind == "pinned"
        elif kind in ("tagged", "untagged"):
            tags = event.get("tags")
            for tag in tags if isinstance(tags, list) else []:
                if isinstance(tag, str):
                    mark.tagging.append((kind == "tagged", tag))
        elif kind == "noted":
            note = event.get("note")
            mark.note = note if isinstance(note, str) else mark.note
        else:
            mark.verified, mark.verified_at = ("ok" if kind == "verified" else "corrupt"), event["time"]
    return marks


def perhaps_pinned(torn: Iterable[bytes], names: Iterable[str]) -> set[str]:
    """Names in damaged journal lines that may have been pins.

    A line whose event can still be read and is another one is no pin; of the rest, one must assume it. (A pin
    torn while it was written was never reported as set, so its name may be missing from the line.)
    """
    doubtful = []
    for line in torn:
        event = _READABLE_EVENT.match(line)
        if event is None or event[1] == b"pinned":
            doubtful.append(line)
    # Whole words only: ``epoch-1`` is no mention in ``epoch-10``.
    words = {word.decode() for line in doubtful for word in _WORD.findall(line)}
    return words & set(names)


def pin(journal: Journal, name: str) -> None:
    """Keep a checkpoint whatever the policy; StoreError when the journal cannot be written."""
    journal.append("pinned", name=name)


def unpin(journal: Journal, name: str) -> None:
    """Undo `pin`."""
    journal.append("unpinned", name=name)


def tag(journal: Journal, name: str, *tags: str) -> None:
    """Put tags on a checkpoint."""
    journal.append("tagged", name=name, tags=list(tags))


def untag(journal: Journal, name: str, *tags: str) -> None:
    """Take tags off, those of the record too."""
    journal.append("untagged", name=name, tags=list(tags))


def note(journal: Journal, name: str, text: str) -> None:
    """Replace a checkpoint's note."""
    journal.append("noted", name=name, note=text)


def mark_verified(journal: Journal, name: str, *, ok: bool, why: str = "") -> None:
    """Remember what a verification found."""
    if ok:
        journal.append("verified", name=name)
    else:
        journal.append("corrupt", name=name, why=why)
