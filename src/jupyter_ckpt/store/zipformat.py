"""The bytes of a zip archive around its contents: local headers, central directory, end records.

Only what a torch file needs: stored entries whose sizes are known beforehand, aligned by a padding field, with
Zip64 where 4 GiB are passed. Source: PKWARE's APPNOTE.TXT 6.3.9, sections 4.3 to 4.5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<4sIQI")
_UTF8 = 0x0800
_DOS_DATE = 0x0021  # 1980-01-01: equal states give equal bytes
_LIMIT = 0xFFFFFFFF
_PADDING_ID = 0x4246  # "FB", the field torch itself pads with


@dataclass(frozen=True)
class Slot:
    """Where one entry lies: its local header at ``header``, its ``size`` bytes at ``offset`` of the file."""

    name: str
    header: int
    offset: int
    size: int


def place(name: str, position: int, size: int, alignment: int) -> Slot:
    """The slot of an entry whose header starts at ``position`` and whose bytes must be ``alignment``-aligned."""
    fixed = _LOCAL.size + len(name.encode()) + (20 if size >= _LIMIT else 0)
    start = position + fixed
    if start % alignment:
        # The padding field has a header of 4 bytes of its own.
        start = -(-(start + 4) // alignment) * alignment
    return Slot(name, position, start, size)


def local_header(slot: Slot, crc32: int) -> bytes:
    """All bytes from ``slot.header`` to ``slot.offset``."""
    name = slot.name.encode()
    large = slot.size >= _LIMIT
    extra = struct.pack("<HHQQ", 1, 16, slot.size, slot.size) if large else b""
    gap = slot.offset - slot.header - _LOCAL.size - len(name) - len(extra)
    if gap:
        extra += struct.pack("<HH", _PADDING_ID, gap - 4) + bytes(gap - 4)
    size = _LIMIT if large else slot.size
    version = 45 if large else 20
    fixed = _LOCAL.pack(b"PK\x03\x04", version, _UTF8, 0, 0, _DOS_DATE, crc32, size, size, len(name), len(extra))
    return fixed + name + extra


def directory(slots: list[Slot], crcs: list[int], position: int) -> bytes:
    """Central directory and end records, to be written at ``position``, the end of the last entry."""
    parts = []
    for slot, crc in zip(slots, crcs, strict=True):
        name = slot.name.encode()
        wide = b""
        size, header = slot.size, slot.header
        if slot.size >= _LIMIT:
            wide += struct.pack("<QQ", slot.size, slot.size)
            size = _LIMIT
        if slot.header >= _LIMIT:
            wide += struct.pack("<Q", slot.header)
            header = _LIMIT
        extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
        version = 45 if wide else 20
        parts.append(
            _CENTRAL.pack(
                b"PK\x01\x02", version, version, _UTF8, 0, 0, _DOS_DATE, crc, size, size,
                len(name), len(extra), 0, 0, 0, 0, header,
            )
            + name
            + extra
        )  # fmt: skip
    central = b"".join(parts)
    count, end = len(slots), position + len(central)
    tail = b""
    if count >= 0xFFFF or position >= _LIMIT or len(central) >= _LIMIT:
        tail = _END64.pack(b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(central), position)
        tail += _LOCATOR64.pack(b"PK\x06\x07", 0, end, 1)
    short = min(count, 0xFFFF)
    tail += _END.pack(
        b"PK\x05\x06", 0, 0, short, short, min(len(central), _LIMIT), min(position, _LIMIT), 0
    )  # fmt: skip
    return central + tail
