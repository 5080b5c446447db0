"""A saved state dict against a live module: checked key by key first, then copied into the parameters in place."""

from __future__ import annotations

import collections
import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.fit import Fit, conversions, dtype_text, lost_items, shape_text
from jupyter_ckpt.state.revive import ABSENT, revive_state
from jupyter_ckpt.state.sure_copy import is_ordinary, takes
from jupyter_ckpt.state.tracked import Kind
from jupyter_ckpt.state.undo import remember_module
from jupyter_ckpt.state.wrappers import clean_keys, clean_paths


def fit_module(
    name: str,
    kind: Kind,
    module: nn.Module,
    saved: Any,
    details: Mapping[str, Any],
    *,
    device: torch.device | None = None,
) -> Fit:
    """Check a model's (or an average's) saved state.

    Parameters
    ----------
    name, kind
        Of the tracked object.
    module : nn.Module
        The live one, wrapped or not.
    saved : Any
        What the checkpoint has for it: keys without wrappers' names.
    details : mapping
        What the checkpoint says about it: ``devices``, ``versions``.
    device : torch.device, optional
        Moves the module there first; without it every tensor stays where the module is.
    """
    fit = Fit(name, kind, remember=lambda: remember_module(module))
    if not isinstance(saved, Mapping) or not all(isinstance(key, str) for key in saved):
        fit.other.append("the checkpoint holds no state dict for it")
        return fit
    live = module.state_dict()
    keys = {clean: key for key, clean in clean_keys(module, live).items()}
    absent = {key for key, value in saved.items() if _is_absent(value)}
    fit.unexpected = [key for key in saved if key not in keys and key not in absent]
    fit.missing = [key for key in keys if key not in saved]
    state: collections.OrderedDict[str, Any] = collections.OrderedDict()
    dtypes = []
    for clean, key in keys.items():
        if clean not in saved or clean in absent:
            continue
        value = revive_state(saved[clean], live[key], lambda tensor: tensor.detach())
        problem = _compare(clean, value, live[key])
        if problem:
            fit.misshaped.append(problem)
            continue
        if isinstance(value, torch.Tensor) and isinstance(live[key], torch.Tensor) and not is_lazy(live[key]):
            dtypes.append((dtype_text(value.dtype), dtype_text(live[key].dtype)))
        elif not isinstance(value, torch.Tensor):
            value = revive_state(saved[clean], live[key], lambda tensor: tensor.detach().clone())
        state[key] = value
    if keys and not state:
        if not fit.misshaped:
            fit.other.append("none of its keys is in the checkpoint")
        return fit
    _set_versions(state, module, saved, details)
    complete = len(state) == len(live)
    moves = device is not None and any(tensor.device != device for tensor in _tensors(live))
    ordinary = not moves and is_ordinary(module, getattr(state, "_metadata", None))
    if ordinary and all(takes(live[key], value) for key, value in state.items()):
        fit.copies = [(live[key], value) for key, value in state.items()]
        fit.apply, fit.remember = lambda: None, lambda: lambda: None
    else:
        fit.apply = lambda: _load(module, state, complete, device)
    fit.items = _items(name, kind, module, state, len(live), dtypes, details, device)
    fit.items += lost_items(name, kind, saved)
    fit.items += _untied(name, kind, live, state)
    return fit


def _tensors(state: Mapping[str, Any]) -> list[torch.Tensor]:
    return [value for value in state.values() if isinstance(value, torch.Tensor)]


def _is_absent(value: Any) -> bool:
    return revive_state(value, None, lambda tensor: tensor) is ABSENT if isinstance(value, dict) else False


def _compare(key: str, saved: Any, live: Any) -> str:
    """Why the saved entry cannot be copied into the live one; empty when it can."""
    if not isinstance(live, torch.Tensor):
        return (
            f"{key}: a tensor in the checkpoint, a {type(live).__name__} in the model"
            if isinstance(saved, torch.Tensor)
            else ""
        )
    if not isinstance(saved, torch.Tensor):
        return f"{key}: a {type(saved).__name__} in the checkpoint, a tensor in the model"
    if is_lazy(live):
        return ""
    if live.device.type == "meta":
        return f"{key}: the model is on the meta device and takes no values: call model.to_empty(device=...) first"
    if saved.shape != live.shape:
        return f"{key}: checkpoint {shape_text(saved.shape)}, model {shape_text(live.shape)}"
    if saved.is_complex() and not live.is_complex():
        return f"{key}: complex numbers in the checkpoint, {dtype_text(live.dtype)} in the model"
    if saved.layout != live.layout:
        return f"{key}: {saved.layout} in the checkpoint, {live.layout} in the model"
    return ""


def _set_versions(state: Any, module: nn.Module, saved: Any, details: Mapping[str, Any]) -> None:
    """Tell torch which version of each submodule's layout this is, or it may "upgrade" what is new already."""
    theirs = getattr(saved, "_metadata", None)  # a file of torch.save has it
    versions = details.get("versions")
    if isinstance(theirs, Mapping):
        state._metadata = {path: theirs.get(clean, {}) for path, clean in clean_paths(module).items()}
    elif isinstance(versions, Mapping):
        numbers = {path: versions.get(clean, 1) for path, clean in clean_paths(module).items()}
        state._metadata = {p: {"version": n if isinstance(n, int) else 1} for p, n in numbers.items()}


def _load(module: nn.Module, state: Any, complete: bool, device: torch.device | None) -> None:
    if device is not None:
        module.to(device)
    takes = inspect.signature(module.load_state_dict).parameters
    if "strict" in takes or any(p.kind is p.VAR_KEYWORD for p in takes.values()):
        module.load_state_dict(state, strict=complete)
    else:
        module.load_state_dict(state)


def _items(
    name: str,
    kind: Kind,
    module: nn.Module,
    state: Mapping[str, Any],
    total: int,
    dtypes: list[tuple[str, str]],
    details: Mapping[str, Any],
    device: torch.device | None,
) -> list[Item]:
    count = f"{len(state)} tensors" if len(state) == total else f"{len(state)} of {total} tensors"
    here = sorted({str(device or t.device) for t in (*module.parameters(), *module.buffers())})
    there = details.get("devices")
    pairs: list[tuple[Any, Any]] = list(dtypes)
    if isinstance(there, list) and len(there) == len(here) == 1:
        pairs.append((str(torch.device(there[0])), str(torch.device(here[0]))))
    converted = conversions(pairs)
    if converted:
        return [Item(name, kind.value, Outcome.CONVERTED, f"{count}, {converted}")]
    return [Item(name, kind.value, Outcome.RESTORED, count)]


def _untied(name: str, kind: Kind, live: Mapping[str, Any], state: Mapping[str, Any]) -> list[Item]:
    """Weights that are one tensor here and differ in the checkpoint: the last one wins, which must be said."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for key in state:
        tensor = live[key]
        if (
            isinstance(tensor, torch.Tensor)
            and not is_lazy(tensor)
            and tensor.layout is torch.strided
            and tensor.numel()
        ):
            place = (tensor.device, tensor.data_ptr(), tuple(tensor.shape), tensor.stride())
            if tensor.device.type != "meta":
                groups.setdefault(place, []).append(key)
    items = []
    for tied in groups.values():
        first = state[tied[0]]
        if any(state[key].data_ptr() != first.data_ptr() and not torch.equal(state[key], first) for key in tied[1:]):
            why = f"{', '.join(tied)} are one tensor here and differ in the checkpoint: {tied[-1]} was taken"
            items.append(Item(name, kind.value, Outcome.NOT_EXACT, why))
    return items


def parse_device(text: str | torch.device) -> torch.device:
    """The device of ``--map-location``, if this machine has it.

    Raises
    ------
    UsageProblem
        When there is no such device here.
    """
    try:
        device = torch.device(text)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageProblem(f"--map-location {text}: no such device on this machine") from error
    if device.type == "meta":
        raise UsageProblem("--map-location meta: that device holds no values, the weights would be lost")
    return device
