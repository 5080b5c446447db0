"""What a commit record says about each tensor and each zip entry of its data file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TensorSpec:
    """Where one tensor lies and what it must hash to.

    Parameters
    ----------
    name : str
        Dotted path in the saved tree: ``model_state_dict.fc1.weight``.
    dtype : str
        Torch's name without the prefix: ``float32``.
    shape : tuple of int
        Its shape.
    entry : str
        The zip entry of its storage: ``data/12``.
    offset : int
        First element within the storage, in elements.
    stride : tuple of int
        In elements.
    digest : str
        xxh3-128 of its elements in C order, hex.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    entry: str
    offset: int
    stride: tuple[int, ...]
    digest: str

    def to_json(self) -> list[Any]:
        """A short list, not a dict: a record has hundreds of these."""
        return [
            self.name,
            self.dtype,
            list(self.shape),
            self.entry,
            self.offset,
            list(self.stride),
            self.digest,
        ]

    @classmethod
    def from_json(cls, row: Any) -> TensorSpec:
        """Inverse of `to_json`; raises ``ValueError``/``TypeError`` for anything else."""
        name, dtype, shape, entry, offset, stride, digest = row
        return cls(
            str(name),
            str(dtype),
            tuple(int(n) for n in shape),
            str(entry),
            int(offset),
            tuple(int(n) for n in stride),
            str(digest),
        )


@dataclass(frozen=True)
class EntrySpec:
    """One entry of the data file's zip archive: ``name``, ``offset`` of its bytes, ``size``, ``crc32`` (of the
    zip format) and ``digest`` (xxh3-128, hex)."""

    name: str
    offset: int
    size: int
    crc32: int
    digest: str

    def to_json(self) -> list[Any]:
        """A short list."""
        return [self.name, self.offset, self.size, self.crc32, self.digest]

    @classmethod
    def from_json(cls, row: Any) -> EntrySpec:
        """Inverse of `to_json`; raises ``ValueError``/``TypeError`` for anything else."""
        name, offset, size, crc32, digest = row
        return cls(str(name), int(offset), int(size), int(crc32), str(digest))
