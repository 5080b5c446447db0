"""A training in short, for people: read from the tracked objects, the loaders and the notebook's names.

Nothing is asked of the user, nothing of theirs is called but the length of a map-style data set, no random number is
drawn, and whatever cannot be described is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from jupyter_ckpt.state import description_data as data
from jupyter_ckpt.state import description_model as models
from jupyter_ckpt.state import description_training as training
from jupyter_ckpt.state.tracked import Kind, Tracked

_MOST = 6
_LAST_CELLS = 60
_LONGEST_CELL = 50_000
_SHELL_NAMES = frozenset(("In", "Out", "exit", "quit", "get_ipython", "open"))
_log = logging.getLogger(__name__)
_T = TypeVar("_T")

Description = dict[str, Any]


def describe(
    tracked: Sequence[Tracked],
    names: Mapping[str, Any],
    cells: Sequence[str] | None = None,
    *,
    epochs: int | None = None,
    environment: Mapping[str, Any] | None = None,
) -> Description:
    """Describe a training. Never raises.

    Parameters
    ----------
    tracked : sequence of Tracked
        What is saved.
    names : mapping
        The names that the training sees: criteria, loaders and seeds are among them.
    cells : sequence of str, optional
        The notebook's cells as they were run.
    epochs : int, optional
        How many are planned, when a loop knows; else the notebook's ``epochs``, ``num_epochs``, ….
    environment : mapping, optional
        Versions and git commit, taken over as they are.

    Returns
    -------
    dict
        Plain JSON: ``models``, ``losses``, ``optimizers``, ``schedulers``, ``loaders``, ``transforms`` (lists of
        objects with ``name`` and ``text``), ``batch_size``, ``accumulation``, ``epochs``, ``devices``, ``precision``,
        ``seeds`` and ``environment``. What is not known is left out.
    """
    found: Description = {}
    before = _or(training.random_state, None)
    sources = [cell[:_LONGEST_CELL] for cell in list(cells or [])[-_LAST_CELLS:] if isinstance(cell, str)]
    own = _or(lambda: _objects(names), {})
    live = _or(lambda: _live(tracked), [])
    losses = {name: obj for name, obj in own.items() if _or(partial(training.is_loss, name, obj), False)}
    nets = {name: obj for kind, name, obj in live if kind is Kind.MODEL and name not in losses}
    if not nets:  # what is trained may be a loss with weights
        nets = {name: obj for kind, name, obj in live if kind is Kind.MODEL}
    losses = {name: obj for name, obj in losses.items() if name not in nets}
    loaders = {name: obj for name, obj in own.items() if _or(partial(data.is_loader, obj), False)}
    loaders |= {name: obj for kind, name, obj in live if kind is Kind.LOADER and data.is_loader(obj)}

    found["models"] = _each(nets, models.describe_model)
    found["losses"] = _each(losses, training.describe_loss) or _or(lambda: training.losses_in_code(sources), [])
    found["optimizers"] = _each(_of(live, Kind.OPTIMIZER), training.describe_optimizer)
    found["schedulers"] = _each(_of(live, Kind.SCHEDULER), training.describe_scheduler)
    found["loaders"] = _each(loaders, data.describe_loader)
    found["transforms"] = _or(lambda: data.described_transforms(loaders), [])
    found["batch_size"] = _or(lambda: data.batch_size_of(found["loaders"]), None)
    found["accumulation"] = _or(lambda: training.accumulation(names), None)
    found["epochs"] = epochs if epochs is not None else _or(lambda: training.epochs(names), None)
    found["devices"] = _or(lambda: models.device_names(found["models"]), [])
    weights = _or(lambda: models.precision_of(found["models"]), "")
    scalers = list(_of(live, Kind.SCALER).values())
    found["precision"] = _or(lambda: training.precision(scalers, sources, weights), "")
    found["seeds"] = _or(lambda: training.seeds(names, sources), [])
    if before is not None:
        _or(lambda: training.put_random_state(before), None)
    if environment:
        found["environment"] = dict(environment)
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _live(tracked: Sequence[Tracked]) -> list[tuple[Kind, str, Any]]:
    found = []
    for one in tracked:
        obj = _or(one.current, None)
        if obj is not None:
            found.append((one.kind, one.name, obj))
    return found


def _of(live: Sequence[tuple[Kind, str, Any]], kind: Kind) -> dict[str, Any]:
    return {name: obj for one, name, obj in live if one is kind}


def _objects(names: Mapping[str, Any]) -> dict[str, Any]:
    """The user's names, each object once."""
    seen: set[int] = set()
    found = {}
    for name, obj in list(names.items()):
        if isinstance(name, str) and not name.startswith("_") and name not in _SHELL_NAMES and id(obj) not in seen:
            seen.add(id(obj))
            found[name] = obj
    return found


def _each(objects: Mapping[str, Any], make: Callable[[str, Any], _T]) -> list[_T]:
    made = (_or(partial(make, name, obj), None) for name, obj in list(objects.items())[:_MOST])
    return [one for one in made if one is not None]


def _or(make: Callable[[], Any], otherwise: Any) -> Any:
    """What ``make`` gives, or ``otherwise`` when it fails: a strange object must not end a save."""
    try:
        return make()
    except Exception:  # noqa: BLE001 - the user's objects
        _log.debug("a part of the training could not be described", exc_info=True)
        return otherwise
