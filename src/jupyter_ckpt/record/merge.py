"""A person's words in a cell of ours stay, and what they changed or removed is not written again.

The page does the same in TypeScript; ``tests/record/merge_cases.json`` holds the two together. The rules:

1. The cell's text is split into lines (``\\r\\n`` and ``\\r`` end lines too; the result has ``\\n``).
2. A line is ours when it is matched with a slot: first along the longest common subsequence of the lines' hashes and
   the slots' hashes (`_in_order`, which also says how ties are broken), then, for lines that are not empty and were
   moved, with the first slot left that has its hash.
3. When no line of ours that is not empty is left, the text is the person's: nothing changes.
4. A line of ours is replaced in place by the new text of its key, or removed when its key is gone.
5. A slot without a line was changed or removed by the person: it is not written, and stays as it is in the slots; an
   empty one whose key is gone is forgotten.
6. A line with a new key goes after the nearest line before it that is in the cell, and after the person's lines that
   follow that one without an empty line between; when there is none, before the nearest line after it, else on top.
7. The new slots are in the order of the new lines; those whose key is gone follow in their old order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

_LINE_END = re.compile("\r\n|\r|\n")

Slot = tuple[str, str]
"""A key and the `line_hash` of what was last written for it."""


@dataclass(frozen=True)
class Line:
    """One line of a record.

    Parameters
    ----------
    key : str
        What it says, unique in a record: ``model``, ``best``.
    text : str
        Markdown without line ends. Two keys never have the same text, unless it is empty.
    """

    key: str
    text: str


@dataclass(frozen=True)
class Merged:
    """What a cell becomes: its source, and the slots for its metadata."""

    source: str
    slots: list[Slot]


def line_hash(text: str) -> str:
    """The first ten hex digits of the SHA-1 of the text."""
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:10]


def cell_hash(source: str) -> str:
    """What a code cell is known by, whatever surrounds its text."""
    return line_hash("\n".join(line.rstrip() for line in _LINE_END.split(source.strip())))


_EMPTY = line_hash("")


@dataclass
class _Row:
    """A line of the cell; ``key`` when it is ours."""

    text: str
    key: str | None = None


def merge(source: str, slots: Sequence[Slot], lines: Sequence[Line]) -> Merged:
    """Put new lines into a cell.

    Parameters
    ----------
    source : str
        The cell's text as it is.
    slots : sequence of (key, hash)
        From the cell's metadata: what was written there last.
    lines : sequence of Line
        What is to be written.

    Returns
    -------
    Merged
        With the same ``source`` when nothing is to be done, apart from its line ends.
    """
    if not source and not slots:
        return Merged("\n".join(line.text for line in lines), [(line.key, line_hash(line.text)) for line in lines])
    rows = [_Row(text) for text in _LINE_END.split(source)]
    _claim(rows, slots)
    ours = {row.key for row in rows if row.key is not None and row.text}
    if slots and not ours:
        return Merged("\n".join(row.text for row in rows), list(slots))
    texts = {line.key: line.text for line in lines}
    written = {row.key for row in rows if row.key is not None}
    rows = [
        _Row(texts[row.key], row.key) if row.key is not None else row
        for row in rows
        if row.key is None or row.key in texts
    ]
    known = dict(slots)
    for number, line in enumerate(lines):
        if line.key not in known:
            rows.insert(_place(rows, lines, number), _Row(line.text, line.key))
            written.add(line.key)
    fresh = [
        (line.key, line_hash(line.text) if line.key in written else known.get(line.key, _EMPTY)) for line in lines
    ]
    gone = [(key, digest) for key, digest in slots if key not in texts and key not in written and digest != _EMPTY]
    return Merged("\n".join(row.text for row in rows), fresh + gone)


def _claim(rows: Sequence[_Row], slots: Sequence[Slot]) -> None:
    """Find out which rows are ours."""
    hashes = [line_hash(row.text) for row in rows]
    left = list(range(len(slots)))
    for place, number in _in_order(hashes, [digest for _, digest in slots]):
        rows[place].key = slots[number][0]
        left.remove(number)
    for row, digest in zip(rows, hashes, strict=True):
        if row.key is None and digest != _EMPTY:
            number = next((number for number in left if slots[number][1] == digest), -1)
            if number >= 0:
                row.key = slots[number][0]
                left.remove(number)


def _in_order(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """A longest common subsequence, as pairs of places.

    ``length[i][j]`` is that of ``first[i:]`` and ``second[j:]``. From the front: equal ones are a pair; else
    ``first`` goes on where that loses nothing, ``second`` otherwise.
    """
    length = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i in reversed(range(len(first))):
        for j in reversed(range(len(second))):
            same = first[i] == second[j]
            length[i][j] = length[i + 1][j + 1] + 1 if same else max(length[i + 1][j], length[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(first) and j < len(second):
        if first[i] == second[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif length[i + 1][j] >= length[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _place(rows: Sequence[_Row], lines: Sequence[Line], number: int) -> int:
    """Where the new line ``lines[number]`` goes."""
    at = {row.key: place for place, row in enumerate(rows) if row.key is not None}
    for before in reversed(lines[:number]):
        if before.key in at:
            place = at[before.key] + 1
            while place < len(rows) and rows[place].key is None and rows[place].text:
                place += 1
            return place
    return next((at[after.key] for after in lines[number + 1 :] if after.key in at), 0)
