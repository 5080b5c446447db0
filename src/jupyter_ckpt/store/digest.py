"""The two checksums of the format: xxh3-128 to find damage, CRC-32 because the zip format wants it.

xxh3-128 runs at twice memcpy's speed and sees every flipped bit that torch's own reader lets through; it is no
defence against somebody who forges a file on purpose (`weights_only=True` is). CRC-32 comes from ISA-L where
it is installed (8 times zlib's speed), else from zlib: the values are the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import xxhash

_crc32: Callable[..., int]
try:
    from isal import isal_zlib

    _crc32 = isal_zlib.crc32
except ImportError:  # no wheel for this machine: slower, the same values
    _crc32 = zlib.crc32

BLOCK = 1 << 20
"""Bytes hashed at a time: both checksums are taken while the block is in the processor's cache."""


def xxh3(data: bytes | memoryview) -> str:
    """xxh3-128 of ``data``, 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(data)


def crc32(data: bytes | memoryview, start: int = 0) -> int:
    """CRC-32 (zip's) of ``data``, continuing from ``start``."""
    return _crc32(data, start)


class Checksums:
    """Running CRC-32 and xxh3-128 over blocks of bytes, each block read once."""

    def __init__(self) -> None:
        self._xxh3 = xxhash.xxh3_128()
        self.crc32 = 0

    def update(self, data: memoryview) -> None:
        """Take in the next bytes (one-dimensional, format ``B``)."""
        for start in range(0, len(data), BLOCK):
            block = data[start : start + BLOCK]
            self._xxh3.update(block)
            self.crc32 = _crc32(block, self.crc32)

    @property
    def digest(self) -> str:
        """xxh3-128 so far, 32 hex digits."""
        return self._xxh3.hexdigest()
