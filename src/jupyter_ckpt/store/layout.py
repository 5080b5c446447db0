"""Names on disk: checkpoints, runs, and where they lie in a store."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RUN_FILE = "run.json"
TRASH = ".trash"
_LONGEST = 80
_SHORT = {
    "learning_rate": "lr",
    "batch_size": "bs",
    "weight_decay": "wd",
    "momentum": "mom",
    "hidden_size": "hid",
    "dropout": "drop",
    "num_layers": "layers",
    "optimizer": "opt",
    "seed": "seed",
}


def store_id(store: Path) -> str:
    """12 hex digits that name a store in URLs and messages."""
    import xxhash

    return xxhash.xxh3_64_hexdigest(str(store).encode("utf-8", "surrogateescape"))[:12]


def checkpoint_name(epoch: int | None, step: int | None, moment: datetime.datetime) -> str:
    """``epoch-0008_step-00012500_20260405-142301``; a part that is not known is left out."""
    parts = []
    if epoch is not None:
        parts.append(f"epoch-{epoch:04d}")
    if step is not None:
        parts.append(f"step-{step:08d}")
    parts.append(moment.strftime("%Y%m%d-%H%M%S"))
    return "_".join(parts)


def run_id(title: str, hyperparameters: Mapping[str, Any], moment: datetime.datetime) -> str:
    """``resnet18_lr0.001_bs64_20260405-142301``: model, the telling hyper-parameters, local time.

    Parameters
    ----------
    title : str
        Usually the model's class name.
    hyperparameters : mapping
        In the order in which they were given; what does not fit in 80 characters is in ``run.json`` anyway.
    moment : datetime
        Of the start.
    """
    stem = plain(title.lower()) or "run"
    for key, value in hyperparameters.items():
        text = _value(value)
        if text is None:
            continue
        part = plain(f"{_SHORT.get(key, key)}{text}")
        if part and len(stem) + 1 + len(part) <= _LONGEST:
            stem += f"_{part}"
    return f"{stem}_{moment.strftime('%Y%m%d-%H%M%S')}"


def plain(text: str) -> str:
    """``text`` with everything but letters, digits and ``.+=-`` taken out, fit for a file name."""
    return re.sub(r"[^A-Za-z0-9.+=-]+", "-", text).lstrip("-.+=")[:_LONGEST].rstrip("-.")


def _value(value: Any) -> str | None:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (int, str)):
        return str(value)
    return None
