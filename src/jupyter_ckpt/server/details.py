"""Everything that one checkpoint's commit record says, cut to what a page can show."""

from __future__ import annotations

import math
from typing import Any

from jupyter_ckpt.display.show import load_snippet
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.shapes import row_of
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.fields import sources
from jupyter_ckpt.store.record import CommitRecord, TensorSpec, read_record

MOST_TENSORS = 2000
_MOST_ITEMS = 500
_MODELS = ("model", "ema")
_BYTES = {"bool": 1, "uint8": 1, "int8": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2, "complex64": 8}
_BYTES |= {"int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8, "complex128": 16}


def details_of(store: OpenStore, run: str, name: str) -> dict[str, Any]:
    """The answer to GET checkpoints/{run}/{name}; touches files.

    Raises
    ------
    UnknownName
        When there is no such checkpoint.
    CorruptCheckpoint, OSError
        When its record cannot be read any more.
    """
    checkpoint = store.checkpoint(run, name)
    record = read_record(checkpoint.record_path)
    tensors = sorted(record.tensors, key=lambda spec: -math.prod(spec.shape))[:MOST_TENSORS]
    return {
        **row(store, checkpoint),
        "parameters": _parameters(record),
        "tensors": [_tensor(spec) for spec in tensors],
        "tensors_total": len(record.tensors),
        "tracked": record.tracked,
        "items": record.items[:_MOST_ITEMS],
        "hyperparameters": record.hyperparameters,
        "environment": record.environment,
        "code": [{"name": source.name, "text": source.text} for source in sources(record.code)],
        "storage": record.storage,
        "durations": record.durations,
        "parent": record.parent,
        "snippet": load_snippet(checkpoint, record),
        "resume": f"%ckpt resume {checkpoint.ref}",
    }


def row(store: OpenStore, checkpoint: Checkpoint) -> dict[str, Any]:
    """IRow of a checkpoint that was just looked up."""
    there = store.look().runs.get(checkpoint.run)
    return row_of(store, checkpoint, there is not None and there.best == checkpoint.name)


def _parameters(record: CommitRecord) -> int | None:
    counts = [about.get("parameters") for about in record.tracked.values() if about.get("kind") in _MODELS]
    whole = [count for count in counts if isinstance(count, int) and not isinstance(count, bool)]
    return sum(whole) if whole else None


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    size = _BYTES.get(spec.dtype)
    return {
        "name": spec.name,
        "dtype": spec.dtype,
        "shape": list(spec.shape),
        "bytes": math.prod(spec.shape) * size if size is not None else None,
    }
