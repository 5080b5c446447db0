"""Hyper-parameters of a run: what the user named, else well-known names in the notebook and tracked objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_ckpt.errors import UsageProblem

_KNOWN = (
    "lr", "learning_rate", "base_lr", "batch_size", "bs", "weight_decay", "momentum", "dropout", "hidden_size",
    "hidden_dim", "num_layers", "depth", "width", "epochs", "num_epochs", "n_epochs", "max_epochs", "max_steps",
    "warmup_steps", "warmup_epochs", "grad_clip", "label_smoothing", "gamma", "step_size", "seed",
)  # fmt: skip
_IN_NAME = ("lr", "learning_rate", "base_lr", "batch_size", "bs", "weight_decay", "dropout", "hidden_size", "seed")
_LONGEST_TEXT = 200
_RATES = ("lr", "learning_rate", "base_lr")


def find_hyperparameters(namespace: Mapping[str, Any] | None, optimizers: Iterable[Any] = ()) -> dict[str, Any]:
    """Numbers and short texts under well-known names (in any case), and the learning rate of the optimizer.

    Parameters
    ----------
    namespace : mapping, optional
        The user's.
    optimizers : iterable
        Tracked optimizers; the first one's learning rate is the true one, whatever the names say.
    """
    found: dict[str, Any] = {}
    values = namespace or {}
    by_lower = {name.lower(): name for name in values if isinstance(name, str) and not name.startswith("_")}
    for known in _KNOWN:
        name = by_lower.get(known)
        if name is not None and _is_plain(values[name]):
            found[known] = values[name]
    for optimizer in optimizers:
        groups = getattr(optimizer, "param_groups", None)
        group = groups[0] if isinstance(groups, list) and groups else {}
        found.setdefault("optimizer", type(optimizer).__name__)
        rate = group.get("initial_lr", group.get("lr"))
        if isinstance(rate, float):
            found[next((name for name in _RATES if name in found), "lr")] = rate
        break
    for one in list(values.values()):
        if {"batch_size", "bs"} & found.keys():
            break
        if type(one).__name__.endswith("DataLoader") and isinstance(getattr(one, "batch_size", None), int):
            found["batch_size"] = one.batch_size
    return found


def telling(hyperparameters: Mapping[str, Any], given: Iterable[str] = ()) -> dict[str, Any]:
    """Those that belong into a run's name: all that the user gave, else the few that people compare by."""
    named = list(given)
    chosen = named if named else [name for name in _IN_NAME if name in hyperparameters]
    return {name: hyperparameters[name] for name in chosen if name in hyperparameters}


def check_hyperparameters(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """As given; UsageProblem for an object whose text is another one each time: every start would be a new run."""
    for name, value in given.items():
        if " at 0x" in str(value) or len(str(value)) > _LONGEST_TEXT:
            raise UsageProblem(
                f"{name}: a {type(value).__name__} is no hyper-parameter: give a number, a short text or a list"
            )
    return given


def _is_plain(value: Any) -> bool:
    # by its type: asking an object for its class may run its code, which fails for what a dead proxy stood for
    if issubclass(type(value), str):
        return len(value) <= _LONGEST_TEXT
    return issubclass(type(value), (bool, int, float))
