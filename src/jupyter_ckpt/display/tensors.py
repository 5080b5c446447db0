"""The tensors of a checkpoint, the largest first."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from jupyter_ckpt.display.blocks import Cell, Column, Table
from jupyter_ckpt.display.numbers import count_text
from jupyter_ckpt.store.record import TensorSpec
from jupyter_ckpt.store.sizes import size_text

LIMIT = 20
_BITS = re.compile(r"[0-9]+")


def tensor_bytes(spec: TensorSpec) -> int:
    """Bytes that its elements take up, going by the name of its dtype."""
    if spec.dtype == "bool":
        return spec_elements(spec)
    bits = _BITS.search(spec.dtype)
    return spec_elements(spec) * max(int(bits[0][:4]) // 8, 1) if bits else 0


def spec_elements(spec: TensorSpec) -> int:
    """How many elements it has."""
    return math.prod(spec.shape)


def shape_text(spec: TensorSpec) -> str:
    """``float32 [128, 784]``."""
    return f"{spec.dtype} [{', '.join(map(str, spec.shape))}]"


def tensor_table(specs: Sequence[TensorSpec], limit: int = LIMIT) -> Table:
    """The largest ``limit`` of them, and how many more there are."""
    ordered = sorted(specs, key=lambda spec: (-tensor_bytes(spec), spec.name))
    rows = [
        [Cell(spec.name), Cell(shape_text(spec)), Cell(_count(spec)), Cell(_size(tensor_bytes(spec)))]
        for spec in ordered[:limit]
    ]
    more = ordered[limit:]
    if more:
        rows.append(
            [Cell(f"and {len(more)} more", "muted"), Cell(), Cell(), Cell(_size(sum(map(tensor_bytes, more))))]
        )
    columns = [
        Column("tensor", header=True),
        Column("type and shape"),
        Column("elements", right=True, drop=3),
        Column("size", right=True),
    ]
    return Table("Tensors, largest first", columns, rows)


def _count(spec: TensorSpec) -> str:
    return count_text(spec_elements(spec))


def _size(amount: int) -> str:
    try:
        return size_text(amount)
    except OverflowError:  # a record that claims a shape of hundreds of digits
        return "impossible"
