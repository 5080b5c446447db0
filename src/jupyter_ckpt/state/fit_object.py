"""Saved states of schedulers, gradient scalers, averages, loaders, generators and anything else with
``load_state_dict``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.fit import Fit, enumerate_keys, lost_items
from jupyter_ckpt.state.generators import check_generator_state, generator_state, set_generator_state
from jupyter_ckpt.state.revive import ABSENT, device_here, revive_state
from jupyter_ckpt.state.tracked import Kind
from jupyter_ckpt.state.undo import Undo, remember_object


def fit_object(name: str, kind: Kind, obj: Any, saved: Any, details: Mapping[str, Any]) -> Fit:
    """Check the saved state of an object whose inside only its own class knows."""
    fit = Fit(name, kind, remember=lambda: remember_object(obj, deep=kind is not Kind.LOADER))
    theirs = details.get("class")
    mine = type(obj).__qualname__
    if isinstance(theirs, str) and theirs.rsplit(".", 1)[-1] != mine.rsplit(".", 1)[-1]:
        fit.other.append(f"checkpoint {theirs.rsplit('.', 1)[-1]}, this is {mine}")
        return fit
    # asking a loader for its state may start it
    live = None if kind is Kind.LOADER else obj.state_dict()
    if kind is Kind.SCALER and (remark := _scaler_remark(obj, saved)):
        fit.items = [Item(name, kind.value, Outcome.SKIPPED, remark)]
        fit.apply = lambda: None
        return fit
    if not theirs and kind is Kind.SCHEDULER and isinstance(live, Mapping) and isinstance(saved, Mapping):
        lacking = [key for key in live if key not in saved and not key.startswith("_")]
        if lacking:
            fit.other.append(f"of another kind of scheduler: it has no {enumerate_keys(lacking)}")
            return fit
    state = _revived(saved, live, details.get("devices"))
    lost = [key for key, value in state.items() if value is ABSENT] if isinstance(state, dict) else []
    for key in lost:
        del state[key]
    fit.apply = lambda: _load(obj, kind, state)
    fit.items = [Item(name, kind.value, Outcome.RESTORED)]
    fit.items += lost_items(name, kind, saved)
    return fit


def _load(obj: Any, kind: Kind, state: Any) -> None:
    obj.load_state_dict(state)
    if kind is Kind.LOADER and getattr(obj, "next_iter_state", None):
        # torchdata draws a random number when a pass starts, which this one had done before it was saved: start it
        # now, before the random states are put back
        obj.state_dict()


def fit_generator(name: str, generator: Any, saved: Any) -> Fit:
    """Check the saved state of one random generator."""

    def remember() -> Undo:
        before = generator_state(generator)
        return lambda: set_generator_state(generator, before)

    fit = Fit(name, Kind.GENERATOR, remember=remember)
    problem = check_generator_state(generator, saved)
    if problem:
        fit.other.append(problem)
        return fit
    fit.apply = lambda: set_generator_state(generator, saved)
    fit.items = [Item(name, Kind.GENERATOR.value, Outcome.RESTORED)]
    return fit


def _scaler_remark(scaler: Any, saved: Any) -> str:
    """torch raises on the first and ignores the second; both are what a machine without a GPU does to a run."""
    enabled = getattr(scaler, "is_enabled", lambda: True)()
    if enabled and isinstance(saved, Mapping) and not saved:
        return "was switched off when the checkpoint was saved: it starts anew"
    if not enabled and saved:
        return "is switched off here"
    return ""


def _revived(saved: Any, live: Any, there: Any) -> Any:
    """A new state; its tensors on the devices of the live state's ones at the same places.

    A tensor that the live state has not got yet goes where all of them were, if there is such a device here.
    """
    devices: dict[int, torch.device] = {}
    _collect_devices(saved, live, devices, 0)
    one = there[0] if isinstance(there, list) and len(there) == 1 and isinstance(there[0], str) else "cpu"

    def take(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.detach().to(devices.get(id(tensor)) or device_here(one), copy=True)

    return revive_state(saved, live, take)


def _collect_devices(saved: Any, live: Any, devices: dict[int, torch.device], depth: int) -> None:
    if isinstance(saved, torch.Tensor):
        if isinstance(live, torch.Tensor):
            devices[id(saved)] = live.device
    elif depth < 50 and isinstance(saved, Mapping) and isinstance(live, Mapping):
        for key, child in saved.items():
            if key in live:
                _collect_devices(child, live[key], devices, depth + 1)
    elif depth < 50 and isinstance(saved, (list, tuple)) and isinstance(live, (list, tuple)):
        for child, other in zip(saved, live, strict=False):
            _collect_devices(child, other, devices, depth + 1)
