"""What trains a model, in short: loss, optimizers, schedulers, precision and seeds."""

from __future__ import annotations

import inspect
import random
import re
import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.loss import _Loss

from jupyter_ckpt.state.description_settings import (
    attributes,
    defaults,
    name_of,
    number,
    same,
    settings,
    value_text,
    with_settings,
)

_NOT_TOLD = frozenset(
    (
        "params", "param_names", "initial_lr", "foreach", "fused", "capturable", "differentiable", "max_lr", "min_lr",
        "base_momentum", "max_momentum", "swa_lr", "decoupled_weight_decay", "name", "param_group_name", "lr_scale",
    )
)  # fmt: skip
_ALWAYS = ("lr", "momentum", "weight_decay")
_LOSS_NAME = re.compile(r"(?:\w+_)?(?:criterion|loss_fn|loss_func|loss_function|lossfn)(?:_\w+)?", re.IGNORECASE)
_FUNCTIONAL = re.compile(
    r"\b(?:F|functional)\.((?:binary_)?cross_entropy(?:_with_logits)?|\w*nll_loss|mse_loss|l1_loss|smooth_l1_loss"
    r"|huber_loss|kl_div|ctc_loss|cosine_embedding_loss|hinge_embedding_loss|margin_ranking_loss|multi_margin_loss"
    r"|multilabel_margin_loss|multilabel_soft_margin_loss|soft_margin_loss|triplet_margin_loss"
    r"|triplet_margin_with_distance_loss)\s*\("
)
_SEED_NAME = re.compile(r"(?:\w+_)?seed|SEED|RANDOM_STATE|random_state", re.IGNORECASE)
_SEEDED = re.compile(
    r"\b((?:torch\.)?(?:cuda\.)?manual_seed(?:_all)?|(?:np|numpy)\.random\.seed|random\.seed|seed_everything"
    r"|set_seed|set_random_seed|seed_all)\(\s*(\d{1,19})\b"
)
_AUTOCAST = re.compile(r"\bautocast\(([^)]*)\)?")
_UNSEEDED = 67280421310721
"""What torch's generator has for a seed when nobody gave one."""
_ACCUMULATION = (
    "accumulation_steps", "gradient_accumulation_steps", "grad_accumulation_steps", "grad_accum_steps", "accum_steps",
    "accum_iter", "grad_accum", "accumulate_grad_batches",
)  # fmt: skip
_EPOCHS = ("epochs", "num_epochs", "n_epochs", "max_epochs", "total_epochs")


def is_loss(name: str, obj: Any) -> bool:
    """A criterion: of torch, by the name of its class, or by the user's name for it."""
    if isinstance(obj, _Loss):
        return True
    cls = type(obj).__name__
    if isinstance(obj, nn.Module):
        return cls.endswith(("Loss", "Criterion")) or bool(_LOSS_NAME.fullmatch(name))
    function = isinstance(obj, (types.FunctionType, types.BuiltinFunctionType))
    return function and bool(_LOSS_NAME.fullmatch(name))


def describe_loss(name: str, loss: Any) -> dict[str, Any]:
    """``CrossEntropyLoss (label_smoothing 0.1)``."""
    if isinstance(loss, nn.Module):
        held = settings(loss, leave_out=("size_average", "reduce", "weight"))
        weight = attributes(loss).get("_buffers", {}).get("weight")
        held += [f"weight of {weight.numel()} classes"] if isinstance(weight, torch.Tensor) else []
        return {"name": name, "text": with_settings(type(loss).__name__, held)}
    return {"name": name, "text": name_of(loss)}


def losses_in_code(cells: Sequence[str]) -> list[dict[str, Any]]:
    """``F.cross_entropy`` and the like in the last cell that has one."""
    for cell in reversed(cells):
        found = dict.fromkeys(hit[1] for hit in _FUNCTIONAL.finditer(cell))
        if found:
            return [{"name": "", "text": name} for name in found]
    return []


def describe_optimizer(name: str, optimizer: Any) -> dict[str, Any]:
    """``SGD (lr 0.1, momentum 0.9, nesterov True)``; settings that differ between groups as ``0.1 / 0.01``."""
    groups = attributes(optimizer).get("param_groups")
    groups = [group for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []
    usual = defaults(type(optimizer))
    parts = []
    keys = dict.fromkeys([*(key for key in _ALWAYS), *(key for group in groups for key in group)])
    for key in keys:
        if not isinstance(key, str) or key in _NOT_TOLD:
            continue
        values = [_given(group, key) for group in groups]
        if not values or not any(_is_told(key, value, usual) for value in values):
            continue
        texts = list(dict.fromkeys(_number_text(value) for value in values))
        if any(text is None for text in texts):
            continue
        more = " / …" if len(texts) > 3 else ""
        parts.append(f"{key} {' / '.join(str(text) for text in texts[:3])}{more}")
    if len(groups) > 1:
        parts.append(f"{len(groups)} groups")
    return {"name": name, "text": with_settings(type(optimizer).__name__, parts)}


def _given(group: Mapping[str, Any], key: str) -> Any:
    """A setting as it was given, where a scheduler moves it."""
    if key == "lr":
        return group.get("max_lr", group.get("initial_lr", group.get("lr")))
    return None if key in ("momentum", "betas") and "max_momentum" in group else group.get(key)


def _is_told(key: str, value: Any, usual: Mapping[str, Any]) -> bool:
    if value is None:
        return False
    if key in _ALWAYS:
        return key == "lr" or bool(_number(value))
    return not same(value, usual.get(key, inspect.Parameter.empty)) and value not in (False, 0)


def _number(value: Any) -> Any:
    """A learning rate that is a tensor is read only where that waits for no device."""
    if isinstance(value, torch.Tensor):
        return value.item() if value.device.type == "cpu" and value.numel() == 1 else None
    return value


def _number_text(value: Any) -> str | None:
    plain = _number(value)
    return number(plain) if isinstance(plain, float) else value_text(plain)


def describe_scheduler(name: str, scheduler: Any) -> dict[str, Any]:
    """``StepLR (step_size 5, gamma 0.5)``; a sequence of them with arrows."""
    return {"name": name, "text": _scheduler_text(scheduler, 0)}


def _scheduler_text(scheduler: Any, depth: int) -> str:
    held = attributes(scheduler)
    inner = held.get("_schedulers")
    if isinstance(inner, (list, tuple)) and inner and depth < 4:
        texts = [_scheduler_text(one, depth + 1) for one in inner]
        if type(scheduler).__name__ != "SequentialLR":
            return " × ".join(texts)
        places = value_text(list(held.get("_milestones") or []))
        return " → ".join(texts) + (f" at step {places.strip('()')}" if places else "")
    parts = settings(scheduler, leave_out=("optimizer", "last_epoch", "verbose", "lr_lambda"))
    parts = [part for part in parts if not part.startswith("milestones")]
    milestones = held.get("milestones")
    if isinstance(milestones, (dict, list)):
        text = value_text(sorted(milestones))
        parts += [f"milestones {text}"] if text else []
    functions = held.get("lr_lambdas")
    if isinstance(functions, list):
        parts += list(dict.fromkeys(name_of(one) for one in functions))
    if type(scheduler).__name__ == "OneCycleLR":
        groups = attributes(held.get("optimizer")).get("param_groups") or [{}]
        peak = groups[0].get("max_lr") if isinstance(groups[0], dict) else None
        parts = [
            f"max_lr {number(peak)}" if isinstance(peak, float) else "",
            f"total_steps {held.get('total_steps')}",
        ]
    return with_settings(type(scheduler).__name__, parts)


def precision(scalers: Iterable[Any], cells: Sequence[str], weights: str) -> str:
    """``AMP float16, GradScaler``: what the cells ask autocast for, and what scales the gradients."""
    kind = ""
    for cell in reversed(cells):
        found = _AUTOCAST.search(cell)
        if found:
            kind = next((word for word in ("bfloat16", "float16") if word in found[1]), "autocast")
            break
    enabled = [one for one in scalers if attributes(one).get("_enabled", True)]
    parts = [f"AMP {kind}".removesuffix(" autocast")] if kind else ["AMP"] if enabled else []
    parts += ["GradScaler"] if enabled else []
    return ", ".join([*parts, *([weights] if weights else [])])


def seeds(names: Mapping[str, Any], cells: Sequence[str]) -> list[list[Any]]:
    """Names of the notebook that hold a seed, calls that set one, and torch's own when somebody set it."""
    found: dict[str, int] = {}
    for name, value in list(names.items()):
        if isinstance(name, str) and not name.startswith("_") and type(value) is int and _SEED_NAME.fullmatch(name):
            found[name] = value
    for cell in cells:
        for hit in _SEEDED.finditer(cell):
            found[hit[1]] = int(hit[2])
    initial = torch.initial_seed()
    if initial != _UNSEEDED and initial not in found.values() and initial < 1 << 40:
        found["torch"] = initial
    return [[name, value] for name, value in list(found.items())[:6]]


def whole_number(names: Mapping[str, Any], known: Sequence[str]) -> int | None:
    """The first of some well-known names, in any case, that holds a whole number above zero."""
    by_lower = {name.lower(): name for name in names if isinstance(name, str)}
    for name in known:
        value = names[by_lower[name]] if name in by_lower else None
        if type(value) is int and value > 0:
            return value
    return None


def accumulation(names: Mapping[str, Any]) -> int | None:
    """Over how many batches gradients are accumulated, when the notebook has a name for it."""
    return whole_number(names, _ACCUMULATION)


def epochs(names: Mapping[str, Any]) -> int | None:
    """How many epochs are planned, when the notebook has a name for it."""
    return whole_number(names, _EPOCHS)


def random_state() -> tuple[Any, ...]:
    """Every global random state that a data set's ``__len__`` could move."""
    numpy = sys.modules.get("numpy")
    return random.getstate(), torch.get_rng_state(), numpy.random.get_state() if numpy is not None else None


def put_random_state(states: tuple[Any, ...]) -> None:
    """Undo what has moved since `random_state`."""
    if random.getstate() != states[0]:
        random.setstate(states[0])
    if not torch.equal(torch.get_rng_state(), states[1]):
        torch.set_rng_state(states[1])
    if states[2] is not None:
        sys.modules["numpy"].random.set_state(states[2])
