"""Checkpoints that others made, brought into our form: the tutorials' dicts, Lightning's, a bare state dict."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.state.capture import FORMAT, STATE_SUFFIX
from jupyter_ckpt.state.fit import enumerate_keys
from jupyter_ckpt.state.plain_models import State, is_state_dict, place_models
from jupyter_ckpt.state.tracked import Kind, Tracked

_SUFFIX = re.compile(r"_?(state_?dict|states?|weights|wts|dict)$")
_EPOCHS = ("epoch", "current_epoch", "epochs", "last_epoch")
_NEXT_EPOCHS = ("next_epoch", "start_epoch")
_STEPS = ("global_step", "step", "steps", "iteration", "iter", "iter_num", "n_iter", "global_iter", "num_updates")
_WORDS = {
    Kind.OPTIMIZER: ("optim", "opt"),
    Kind.SCHEDULER: ("scheduler", "sched"),
    Kind.SCALER: ("scaler", "amp"),
    Kind.EMA: ("ema", "averaged", "swa"),
}


@dataclass
class Adopted:
    """A checkpoint of others in our form.

    Parameters
    ----------
    tree : dict
        For `plan_restore`. Its tensors are those that were given.
    epoch, step : int or None
        As the file has them.
    next_epoch : int
        The epoch to go on with; 0 when the file has none.
    metrics : dict of str to float
        Numbers that lay beside the states (``loss``, ``best_acc``).
    remarks : list of str
        One line for each thing that was taken to mean something, and for what was not used.
    """

    tree: dict[str, Any]
    epoch: int | None = None
    step: int | None = None
    next_epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def adopt_plain(tree: Any, tracked: Iterable[Tracked]) -> Adopted:
    """Understand a checkpoint that others made.

    Parameters
    ----------
    tree : Any
        What ``torch.load(path, weights_only=True)`` gave.
    tracked : iterable of Tracked
        The live objects: they decide under which names things are filed, and which prefix is no part of the keys.

    Raises
    ------
    UsageProblem
        When nothing in it is a state; the message has the keys that there are.
    """
    tracked = list(tracked)
    if not isinstance(tree, Mapping):
        raise UsageProblem(f"the file holds a {type(tree).__name__}, not a dict with the states of a training")
    if is_state_dict(tree):
        tree = {"model": tree}
    elif _kind("", tree) is Kind.OPTIMIZER:
        tree = {"optimizer": tree}
    values = {one.name for one in tracked if one.kind is Kind.VALUE}
    found = _Sorted()
    for key, value in tree.items():
        if key in values:
            found.rest[key] = value
        else:
            found.add(str(key), value)
    if not found.states:
        keys = enumerate_keys(map(str, tree)) or "none at all"
        raise UsageProblem(f"nothing in this file is the state of a model or optimizer; its keys: {keys}")
    adopted = Adopted({"format": FORMAT, "tracked": {}, "values": {}, "generators": {}, "rng": {}, "data": {}})
    for placed in place_models([s for s in found.states if s.kind in (Kind.MODEL, Kind.EMA)], tracked):
        name = placed.name or _unused(adopted, placed.state.base)
        _file(adopted, name, placed.state.kind, placed.entries)
        if placed.remark:
            adopted.remarks.append(placed.remark)
    _file_others(adopted, found, tracked)
    _take_numbers(adopted, found, tracked)
    return adopted


class _Sorted:
    """The entries of a file by what they are."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.rest: dict[str, Any] = {}

    def add(self, key: str, value: Any) -> None:
        """Sort one entry in; a list of states (Lightning) is several."""
        several = isinstance(value, (list, tuple)) and len(value) > 0
        kinds = [_kind(key, one) for one in value] if several else [_kind(key, value)]
        if any(kind is None for kind in kinds):
            self.rest[key] = value
            return
        for number, (kind, one) in enumerate(zip(kinds, value if several else [value], strict=True)):
            assert kind is not None
            base = _SUFFIX.sub("", key) or "model"
            if several:
                base = base.rstrip("s") + (str(number) if number else "")
            self.states.append(State(f"{key}.{number}" if several else key, kind, one, base))


def _kind(key: str, value: Any) -> Kind | None:
    """What state it is; None for none."""
    if not isinstance(value, Mapping) or not value:
        return None
    if isinstance(value.get("param_groups"), list) and "state" in value:
        return Kind.OPTIMIZER
    if is_state_dict(value):
        return Kind.EMA if _says(key, Kind.EMA) else Kind.MODEL
    if {"scale", "growth_factor"} <= set(value):
        return Kind.SCALER
    if "last_epoch" in value or (_says(key, Kind.SCHEDULER) and all(isinstance(k, str) for k in value)):
        return Kind.SCHEDULER
    if _says(key, Kind.EMA) and any(is_state_dict(child) for child in value.values()):
        return Kind.EMA
    return None


def _says(key: str, kind: Kind) -> bool:
    return any(word in key.lower() for word in _WORDS[kind])


def _file(adopted: Adopted, name: str, kind: Kind, content: Any) -> None:
    adopted.tree[name + STATE_SUFFIX] = content
    adopted.tree["tracked"][name] = {"kind": kind.value}


def _file_others(adopted: Adopted, found: _Sorted, tracked: list[Tracked]) -> None:
    """Optimizers, schedulers and scalers under the live ones' names: the same name first, then in order."""
    for kind in (Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER):
        states = [state for state in found.states if state.kind is kind]
        names = [one.name for one in tracked if one.kind is kind]
        same = {state.key: state.base for state in states if state.base in names}
        free = [name for name in names if name not in same.values()]
        for state in states:
            name = same.get(state.key)
            if name is None and free and len(states) - len(same) <= len(free):
                name = free.pop(0)
            _file(adopted, name or _unused(adopted, state.base), kind, state.content)


def _unused(adopted: Adopted, name: str) -> str:
    """The name, or one like it that nothing has yet."""
    number, free = 1, name
    while free + STATE_SUFFIX in adopted.tree:
        number += 1
        free = f"{name}{number}"
    return free


def _take_numbers(adopted: Adopted, found: _Sorted, tracked: list[Tracked]) -> None:
    """Epoch, step, metrics, and the values that are tracked under the same name."""
    rest = dict(found.rest)
    for one in tracked:
        if one.kind is Kind.VALUE and one.name in rest:
            adopted.tree["values"][one.name] = rest[one.name]
    adopted.step = next((n for key in _STEPS if (n := _whole(rest.get(key))) is not None), None)
    epoch_key = next((key for key in _EPOCHS if _whole(rest.get(key)) is not None), None)
    next_key = next((key for key in _NEXT_EPOCHS if _whole(rest.get(key)) is not None), None)
    if epoch_key is not None:
        adopted.epoch = _whole(rest[epoch_key])
    if next_key is not None:
        adopted.next_epoch = max(0, _whole(rest[next_key]) or 0)
    elif adopted.epoch is not None:
        adopted.next_epoch = max(0, adopted.epoch + 1)
        adopted.remarks.append(
            f"{epoch_key} {adopted.epoch} is taken to be done: training goes on with epoch {adopted.next_epoch}"
            f" (start at {adopted.epoch} if the file means the next one)"
        )
    else:
        adopted.remarks.append("the file says no epoch: training goes on with epoch 0")
    for key in (*_EPOCHS, *_NEXT_EPOCHS, *_STEPS):
        if _whole(rest.get(key)) is not None:
            del rest[key]
    numbers = rest.pop("metrics", {})
    for key, value in [*rest.items(), *(numbers.items() if isinstance(numbers, Mapping) else ())]:
        number = _number(value)
        if number is not None:
            adopted.metrics[str(key)] = number
            rest.pop(key, None)
    unused = [key for key in rest if key not in adopted.tree["values"]]
    if unused:
        adopted.remarks.append(f"not used: {enumerate_keys(unused)}")


def _number(value: Any) -> float | None:
    """A finite or infinite number, also one in a tensor or of numpy; None for anything else."""
    if (
        isinstance(value, torch.Tensor)
        and value.numel() == 1
        and not value.is_complex()
        and value.device.type == "cpu"
    ):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return None if math.isnan(value) else float(value)


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and math.isfinite(number) and number == int(number) else None
