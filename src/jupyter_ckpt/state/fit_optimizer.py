"""A saved optimizer state against a live optimizer.

torch's own ``load_state_dict`` accepts any state whose groups are of the right sizes, takes flags such as
``capturable`` and ``fused`` from the checkpoint (a GPU's do not work on a CPU), casts state that is kept in
another precision than its parameter, and keeps the checkpoint's tensors where it need not move them. Here the
state is checked against the parameters it belongs to, the live optimizer decides where things go and how steps are
computed, and what has another precision keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.optim import Optimizer

from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.fit import Fit, conversions, dtype_text, lost_items, shape_text
from jupyter_ckpt.state.revive import ABSENT, revive_state
from jupyter_ckpt.state.sure_copy import Copy, takes
from jupyter_ckpt.state.tracked import Kind, class_name
from jupyter_ckpt.state.undo import remember_optimizer

_HOW_NOT_WHAT = ("foreach", "fused", "capturable", "differentiable")
_NEWER_OPTIONS = frozenset((
    *_HOW_NOT_WHAT, "maximize", "amsgrad", "decoupled_weight_decay", "initial_lr", "max_lr", "min_lr",
    "base_momentum", "max_momentum", "param_names", "params", "name",
))  # fmt: skip
_ONE_PER_PARAMETER = frozenset((
    "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "square_avg", "grad_avg", "acc_delta", "exp_inf",
    "sum", "prev", "ax",
))  # fmt: skip


def fit_optimizer(name: str, optimizer: Any, saved: Any, details: Mapping[str, Any], params: list[str]) -> Fit:
    """Check an optimizer's saved state.

    Parameters
    ----------
    name : str
        Of the tracked object.
    optimizer : Optimizer
        The live one.
    saved : Any
        What the checkpoint has for it.
    details : mapping
        What the checkpoint says about it: ``class``, ``params`` (names in order), ``shapes``, ``dtypes``,
        ``devices``.
    params : list of str
        Names of the live optimizer's parameters in order, as far as its models are known.
    """
    fit = Fit(name, Kind.OPTIMIZER, remember=lambda: remember_optimizer(optimizer))
    problem = _shape_of_saved(saved)
    if problem:
        fit.other.append(problem)
        return fit
    live_groups = optimizer.param_groups
    groups = saved["param_groups"]
    here = [p for group in live_groups for p in group["params"]]
    saved_class = details.get("class")
    if saved_class and _last(saved_class) != type(optimizer).__name__:
        fit.other.append(f"checkpoint {_last(saved_class)}, this is {type(optimizer).__name__}")
    elif not saved_class and (lacking := _lacking(live_groups, groups)):
        fit.other.append(f"of another kind of optimizer: its groups have no {', '.join(lacking)}")
    if len(groups) != len(live_groups):
        fit.other.append(f"checkpoint {len(groups)} parameter groups, this has {len(live_groups)}")
    else:
        for number, (theirs, mine) in enumerate(zip(groups, live_groups, strict=True)):
            if len(theirs["params"]) != len(mine["params"]):
                sizes = f"checkpoint {len(theirs['params'])} parameters, this has {len(mine['params'])}"
                fit.other.append(f"group {number}: {sizes}")
    if fit.other:
        return fit
    # other people's optimizers may keep a state of another shape than its parameter (low rank, factored)
    states = saved["state"] if type(optimizer).__module__.startswith("torch.optim.") else {}
    _check_parameters(fit, here, groups, states, details, params)
    if not fit.fits:
        return fit
    copies = fit.copies  # not the fit itself: a cycle would keep the file mapped until the next garbage collection
    fit.apply = lambda: _load(optimizer, saved, here, details, copies)
    count = len(saved["state"])
    what = f"state of {count} parameters" if count else "no state yet"
    converted = conversions(_devices(details, here) + _dtypes(details, here))
    outcome = Outcome.CONVERTED if converted else Outcome.RESTORED
    fit.items = [Item(name, Kind.OPTIMIZER.value, outcome, f"{what}, {converted}" if converted else what)]
    fit.items += lost_items(name, Kind.OPTIMIZER, saved)
    return fit


def _shape_of_saved(saved: Any) -> str:
    """Why this is no optimizer state at all; empty when it is."""
    if (
        not isinstance(saved, Mapping)
        or not isinstance(saved.get("param_groups"), list)
        or not isinstance(saved.get("state"), Mapping)
    ):
        return "the checkpoint holds no optimizer state for it"
    if not all(
        isinstance(group, Mapping) and isinstance(group.get("params"), (list, tuple))
        for group in saved["param_groups"]
    ):
        return "the checkpoint's parameter groups make no sense"
    return ""


def _lacking(live: list[dict[str, Any]], saved: list[Any]) -> list[str]:
    """Options that this kind of optimizer has had in every version, and the checkpoint's has not."""
    if not live or not saved:
        return []
    return [key for key in live[0] if key not in saved[0] and key not in _NEWER_OPTIONS]


def _check_parameters(
    fit: Fit,
    here: list[torch.Tensor],
    groups: list[Any],
    state: Mapping[Any, Any],
    details: Mapping[str, Any],
    params: list[str],
) -> None:
    ids = [pid for group in groups for pid in group["params"]]
    theirs = details.get("params")
    if (
        isinstance(theirs, list)
        and len(theirs) == len(params)
        and theirs != params
        and sorted(theirs) == sorted(params)
    ):
        at = next(i for i, (a, b) in enumerate(zip(theirs, params, strict=True)) if a != b)
        order = f"parameter {at} is {theirs[at]} in the checkpoint, {params[at]} here"
        fit.other.append(f"its parameters are in another order: {order}")
        return
    shapes = details.get("shapes")
    for number, (pid, param) in enumerate(zip(ids, here, strict=True)):
        label = params[number] if number < len(params) and params[number] else f"parameter {number}"
        if torch.nn.parameter.is_lazy(param):
            continue
        saved = _saved_shapes(number, state.get(pid), shapes)
        wrong = next((shape for shape in saved if shape != list(param.shape)), None)
        if wrong is not None:
            fit.misshaped.append(f"{label}: checkpoint {shape_text(wrong)}, here {shape_text(param.shape)}")


def _saved_shapes(number: int, state: Any, shapes: Any) -> list[list[int]]:
    """The shapes that a parameter had when it was saved: as it was noted, and as its state shows."""
    found = []
    if isinstance(shapes, list) and number < len(shapes) and isinstance(shapes[number], list):
        found.append(shapes[number])
    if isinstance(state, Mapping):
        for key, value in state.items():
            if key in _ONE_PER_PARAMETER and isinstance(value, torch.Tensor):
                found.append(list(value.shape))
    return found


def _load(
    optimizer: Any, saved: Any, here: list[torch.Tensor], details: Mapping[str, Any], copies: list[Copy]
) -> None:
    own = type(optimizer).load_state_dict is Optimizer.load_state_dict
    held = _held(optimizer, saved, here) if own and not _hooks(optimizer) else {}
    elsewhere = own and all(param.device.type != "cpu" for param in here)
    live_groups = [dict(group) for group in optimizer.param_groups]

    def take(tensor: torch.Tensor) -> torch.Tensor:
        live = held.get(id(tensor))
        if live is not None:  # the optimizer keeps its own tensor, which gets the values at the very end
            copies.append((live, tensor))
            return live
        moved = elsewhere and tensor.device.type == "cpu" and tensor.ndim > 0  # torch does it, which copies
        return tensor.detach() if moved else tensor.detach().clone()

    state = revive_state(saved, optimizer.state_dict(), take)
    _leave_out_absent(state)
    for mine, theirs in zip(live_groups, state["param_groups"], strict=True):
        for option in _HOW_NOT_WHAT:
            if option in mine:
                theirs[option] = mine[option]
    optimizer.load_state_dict(state)
    for mine, now in zip(live_groups, optimizer.param_groups, strict=True):
        _keep_group(mine, now)
    if own:
        _keep_precision(optimizer, state, here, details.get("dtypes"))


def _leave_out_absent(state: Any) -> None:
    """What neither the checkpoint nor the live optimizer has, it makes itself, as in its first step."""
    for holder in (*state["state"].values(), *state["param_groups"]):
        if isinstance(holder, dict):
            for key in [key for key, value in holder.items() if value is ABSENT]:
                del holder[key]


def _hooks(optimizer: Optimizer) -> bool:
    return bool(optimizer._optimizer_load_state_dict_pre_hooks or optimizer._optimizer_load_state_dict_post_hooks)


def _held(optimizer: Optimizer, saved: Any, here: list[torch.Tensor]) -> dict[int, torch.Tensor]:
    """Saved tensor (by ``id``) → the live one at its place, where torch would keep that one as it is."""
    ids = [pid for group in saved["param_groups"] for pid in group["params"]]
    found: dict[int, torch.Tensor] = {}
    places: set[tuple[Any, ...]] = set()
    for pid, param in zip(ids, here, strict=True):
        theirs, mine = saved["state"].get(pid), optimizer.state.get(param)
        if not isinstance(theirs, Mapping) or not isinstance(mine, dict):
            continue
        for key, value in theirs.items():
            live = mine.get(key)
            if not isinstance(value, torch.Tensor) or not isinstance(live, torch.Tensor):
                continue
            if not takes(live, value) or live.dtype != value.dtype:
                continue
            kept = key == "step" or (live.device == param.device and live.dtype == param.dtype)
            place = (live.device, live.untyped_storage().data_ptr(), live.storage_offset())
            if kept and id(value) not in found and place not in places:
                found[id(value)] = live
                places.add(place)
    return found


def _keep_group(mine: dict[str, Any], now: dict[str, Any]) -> None:
    """A tensor ``lr`` stays the tensor that a captured graph reads, a number a number; what only we have stays."""
    for key, before in mine.items():
        if key == "params":
            continue
        if key not in now:
            now[key] = before
        elif isinstance(before, torch.Tensor):
            after = now[key]
            with torch.no_grad():
                if not isinstance(after, torch.Tensor) and isinstance(after, (int, float)):
                    before.fill_(after)
                elif isinstance(after, torch.Tensor) and after.shape == before.shape:
                    before.copy_(after)
                else:
                    continue
            now[key] = before
        elif isinstance(now[key], torch.Tensor) and isinstance(before, (int, float)) and now[key].numel() == 1:
            now[key] = now[key].item()


def _keep_precision(optimizer: Optimizer, state: Any, here: list[torch.Tensor], dtypes: Any) -> None:
    """Undo torch's cast of state to its parameter's dtype, where that dtype is the one it was saved with."""
    ids = [pid for group in state["param_groups"] for pid in group["params"]]
    for number, (pid, param) in enumerate(zip(ids, here, strict=True)):
        same = isinstance(dtypes, list) and number < len(dtypes) and dtypes[number] == dtype_text(param.dtype)
        theirs = state["state"].get(pid)
        now = optimizer.state.get(param)
        if not same or not isinstance(theirs, dict) or not isinstance(now, dict):
            continue
        for key, value in theirs.items():
            loaded = now.get(key)
            if isinstance(value, torch.Tensor) and isinstance(loaded, torch.Tensor) and loaded.dtype != value.dtype:
                now[key] = value.detach().to(loaded.device, copy=True)


def _devices(details: Mapping[str, Any], here: list[torch.Tensor]) -> list[tuple[Any, Any]]:
    there = details.get("devices")
    mine = sorted({str(param.device) for param in here})
    return [(there[0], mine[0])] if isinstance(there, list) and len(there) == len(mine) == 1 else []


def _dtypes(details: Mapping[str, Any], here: list[torch.Tensor]) -> list[tuple[Any, Any]]:
    there = details.get("dtypes")
    if not isinstance(there, list) or len(there) != len(here):
        return []
    return [(theirs, dtype_text(param.dtype)) for theirs, param in zip(there, here, strict=True)]


def parameter_names(optimizer: Any, names: Mapping[int, str]) -> list[str]:
    """Names of the optimizer's parameters in order; ``names`` by ``id`` of the parameter; empty where unknown."""
    return [names.get(id(param), "") for group in optimizer.param_groups for param in group["params"]]


def optimizer_details(optimizer: Any, names: Mapping[int, str]) -> dict[str, Any]:
    """What a checkpoint says about an optimizer, so that a wrong one is told from the right one."""
    params = [param for group in optimizer.param_groups for param in group["params"]]
    return {
        "class": class_name(optimizer),
        "params": parameter_names(optimizer, names),
        "shapes": [None if torch.nn.parameter.is_lazy(param) else list(param.shape) for param in params],
        "dtypes": [dtype_text(param.dtype) for param in params],
        "devices": sorted({str(param.device) for param in params}),
    }


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]
