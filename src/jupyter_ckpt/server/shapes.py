"""Runs, checkpoints and stores as the page gets them: plain JSON data, described in ``openapi.yaml``."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Mapping
from typing import Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.server.growth import growth_of
from jupyter_ckpt.server.known_stores import Known
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.index import IndexedRun
from jupyter_ckpt.store.record import timestamp
from jupyter_ckpt.store.space import free
from jupyter_ckpt.store.trash import TrashEntry
from jupyter_ckpt.volumes import Durability

_DURABILITIES = frozenset(one.value for one in Durability)
_WHY = {"trashed": "removed by hand", "pruned": "thinned out", "collected": "a file that no record names"}
_MOST_METRICS = 64
_MOST_SETTINGS = 64


def row_of(store: OpenStore, checkpoint: Checkpoint, best: bool) -> dict[str, Any]:
    """IRow."""
    summary = checkpoint.summary
    durability = summary.storage.get("durability")
    return {
        "ref": checkpoint.ref,
        "run": checkpoint.run,
        "store": store.id,
        "name": checkpoint.name,
        "epoch": checkpoint.epoch,
        "step": checkpoint.step,
        "next_epoch": summary.next_epoch,
        "mid_epoch": summary.mid_epoch,
        "time": checkpoint.time,
        "size": checkpoint.size,
        "metrics": _first(checkpoint.metrics, _MOST_METRICS),
        "tags": list(checkpoint.tags),
        "note": checkpoint.note,
        "pinned": checkpoint.pinned,
        "verified": checkpoint.verified,
        "verified_at": checkpoint.verified_at,
        "reason": summary.reason,
        "own": checkpoint.own,
        "best": best,
        "durability": durability if durability in _DURABILITIES else None,
        "path": str(checkpoint.path),
    }


def run_of(store: OpenStore, indexed: IndexedRun, places: Places, notebook: str | None) -> dict[str, Any]:
    """IRun; ``notebook`` is the API path of the one that is open."""
    run = indexed.run
    newest = indexed.checkpoints[0] if indexed.checkpoints else None
    names = dict.fromkeys(name for one in indexed.checkpoints[:200] for name in one.metrics)
    path = places.api_path(run.origin.get("path")) if run.origin.get("kind") == "notebook" else None
    return {
        "id": run.id,
        "store": store.id,
        "created": run.created,
        "last": run.last,
        "checkpoints": run.checkpoints,
        "size": run.size,
        "origin": {key: _text(run.origin.get(key)) for key in ("kind", "path", "host")},
        "notebook": path,
        "mine": notebook is not None and path == notebook,
        "parent": run.parent,
        "hyperparameters": _first(run.hyperparameters, _MOST_SETTINGS),
        "best": {
            metric: {"value": best.value, "mode": best.mode, "name": best.name}
            for metric, best in _first(run.best, _MOST_METRICS).items()
        },
        "metrics": list(names)[:_MOST_METRICS],
        "metric": indexed.metric,
        "latest": None
        if newest is None
        else {
            "name": newest.name,
            "epoch": newest.epoch,
            "step": newest.step,
            "time": newest.time,
            "metrics": _first(newest.metrics, _MOST_METRICS),
        },
    }


def store_of(known: Known) -> dict[str, Any]:
    """IStore; touches files."""
    store = known.store
    problems: list[str] = []
    runs: Mapping[str, IndexedRun] = {}
    try:
        runs = store.look().runs
    except StoreError as error:
        problems.append(str(error))
    verdict = store.assessment()
    left = total = None
    with contextlib.suppress(StoreError):
        space = free(store.path)
        if space.trusted:
            left, total = space.free_bytes, space.total
    return {
        **_head(known),
        "durability": verdict.durability.value,
        "reason": verdict.reason,
        "safe": verdict.durability is Durability.PERSISTENT,
        "free": left,
        "total": total,
        "read_only": verdict.read_only,
        "size": sum(one.run.size for one in runs.values()),
        "checkpoints": sum(one.run.checkpoints for one in runs.values()),
        "growth": growth_of(runs.values(), left, time.time()),
        "problems": problems,
    }


def silent_store_of(known: Known, why: str) -> dict[str, Any]:
    """IStore of one that gives no answer."""
    return {
        **_head(known),
        "durability": "unknown",
        "reason": "Its volume gives no answer.",
        "safe": False,
        "free": None,
        "total": None,
        "read_only": False,
        "size": 0,
        "checkpoints": 0,
        "growth": None,
        "problems": [why],
    }


def _head(known: Known) -> dict[str, Any]:
    return {
        "id": known.store.id,
        "path": str(known.store.path),
        "how": known.how,
        "warnings": list(known.warnings),
    }


def trash_row_of(entry: TrashEntry, event: str | None) -> dict[str, Any]:
    """One line of the trash; ``event`` is the last one of the run's journal about it."""
    try:
        moment = datetime.datetime.fromtimestamp(entry.at, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):  # a time stamp that no calendar has
        moment = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
    return {
        "ref": entry.ref,
        "run": entry.run,
        "name": entry.name,
        "size": entry.size,
        "time": timestamp(moment),
        "why": _WHY.get(event or "", ""),
    }


def _first(mapping: Mapping[str, Any], most: int) -> dict[str, Any]:
    return dict(list(mapping.items())[:most])


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
