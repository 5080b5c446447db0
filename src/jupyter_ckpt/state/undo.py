"""Remembering an object so that a failed restore can put it back, bit for bit.

Each function returns the way back. Copies of tensors are kept on the CPU: a resume must not need more GPU memory
than training does.
"""

from __future__ import annotations

import collections
import copy
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from jupyter_ckpt.state.arrays import is_array
from jupyter_ckpt.state.inplace import overlaps, overwrite, refill

Undo = Callable[[], None]
_DEPTH = 6
_BUDGET = 200_000


def remember_module(module: nn.Module) -> Undo:
    """Parameters, buffers (persistent or not) and the attributes of every submodule.

    ``load_state_dict`` may be the user's own and do anything to these.
    """
    undo = [_remember_tensor(tensor) for tensor in _tensors(module)]
    for child in module.modules():
        undo.append(_remember_attributes(child, deep=False))
        for holder in (child._parameters, child._buffers, child._modules):
            undo.append(_refill(holder, dict(holder)))
        if type(child).get_extra_state is not nn.Module.get_extra_state:
            undo.append(_remember_attributes(child, deep=True))
    return _all(undo)


def remember_optimizer(optimizer: Any) -> Undo:
    """Groups and per-parameter state.

    torch's own ``load_state_dict`` puts new dicts and tensors in the place of the old ones, which therefore need
    no copy; one that somebody else wrote may write into them.
    """
    undo = [_remember_attributes(optimizer, deep=False)]
    for group in optimizer.param_groups:
        undo.append(_refill(group, dict(group)))
        undo += [_remember_tensor(v) for k, v in group.items() if k != "params" and isinstance(v, torch.Tensor)]
    groups = list(optimizer.param_groups)
    param_groups = optimizer.param_groups
    undo.append(lambda: param_groups.__setitem__(slice(None), groups))
    state = getattr(optimizer, "state", None)
    if isinstance(state, dict):
        for child in state.values():
            if isinstance(child, dict):
                undo.append(_refill(child, dict(child)))
        undo.append(_refill(state, dict(state)))
        own = not isinstance(optimizer, Optimizer) or type(optimizer).load_state_dict is not Optimizer.load_state_dict
        if own:
            undo.append(_remember_contents(state, _DEPTH, [_BUDGET], set()))
    return _all(undo)


def remember_object(obj: Any, *, deep: bool = True) -> Undo:
    """Attributes of an object of any class.

    With ``deep`` also what these hold, as far as it is plain containers, tensors or objects of the same sort (a
    `ChainedScheduler` holds schedulers). An object without attributes of Python's takes its own state back.
    """
    if deep and not isinstance(getattr(obj, "__dict__", None), dict):
        state = copy.deepcopy(obj.state_dict())
        return lambda: obj.load_state_dict(state)
    return _remember_attributes(obj, deep=deep)


def _tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    seen: set[int] = set()
    for tensor in (*module.parameters(), *module.buffers()):
        if id(tensor) not in seen:
            seen.add(id(tensor))
            yield tensor


def _remember_tensor(tensor: torch.Tensor) -> Undo:
    if is_lazy(tensor):
        return _remember_lazy(tensor)
    if tensor.device.type == "meta":
        return lambda: None
    data = tensor.data
    requires_grad = tensor.requires_grad
    before = tensor.detach().to("cpu", copy=True)

    def undo() -> None:
        tensor.data = data  # it may have been moved or replaced
        if not overlaps(data):
            overwrite(data, before)
        if tensor.is_leaf and tensor.requires_grad != requires_grad:
            tensor.requires_grad_(requires_grad)

    return undo


def _remember_lazy(tensor: Any) -> Undo:
    """A lazy parameter becomes an ordinary one by changing its class; this changes it back."""
    cls = type(tensor)
    device, dtype = tensor.data.device, tensor.data.dtype

    def undo() -> None:
        if not is_lazy(tensor):
            tensor.data = torch.empty(0, device=device, dtype=dtype)
            tensor.__class__ = cls

    return undo


def _remember_attributes(obj: Any, *, deep: bool) -> Undo:
    attributes = getattr(obj, "__dict__", None)
    if not isinstance(attributes, dict):
        return lambda: None
    if not deep:
        return _refill(attributes, dict(attributes))
    return _remember_contents(attributes, _DEPTH, [_BUDGET], {id(obj)})


def _remember_contents(holder: Any, depth: int, budget: list[int], seen: set[int]) -> Undo:
    """What a container holds, and what those hold; very large ones (a data set's files) are left alone."""
    if id(holder) in seen or depth < 0:
        return lambda: None
    seen.add(id(holder))
    if isinstance(holder, torch.Tensor):
        return _remember_tensor(holder)
    if is_array(holder):
        before = holder.copy()
        return (lambda: holder.__setitem__(..., before)) if holder.flags.writeable else (lambda: None)
    if not isinstance(holder, (dict, list, set, tuple, collections.deque)):
        return _remember_contents(vars(holder), depth - 1, budget, seen) if _is_small_object(holder) else lambda: None
    budget[0] -= len(holder)
    if budget[0] < 0:
        return lambda: None
    children = list(holder.values()) if isinstance(holder, dict) else list(holder)
    undo = [_remember_contents(child, depth - 1, budget, seen) for child in children if _has_content(child)]
    if not isinstance(holder, tuple):
        undo.append(_refill(holder, holder.copy()))
    return _all(undo)


def _has_content(obj: Any) -> bool:
    kinds = (dict, list, set, tuple, collections.deque, torch.Tensor)
    return isinstance(obj, kinds) or is_array(obj) or _is_small_object(obj)


def _is_small_object(obj: Any) -> bool:
    """An object that belongs to its holder; not one with a life of its own (a model, an optimizer, a data set)."""
    own_life = (nn.Module, Optimizer, torch.utils.data.Dataset, torch.Generator)
    code = (type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)
    return not isinstance(obj, (*own_life, *code)) and isinstance(getattr(obj, "__dict__", None), dict)


def _refill(holder: Any, content: Any) -> Undo:
    return lambda: refill(holder, content)


def _all(undo: list[Undo]) -> Undo:
    def run() -> None:
        for step in undo:
            step()

    return run
