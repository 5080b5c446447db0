"""A model on one line: ``SimpleNet (fc1: 784→128, fc2: 128→10)``, a ResNet as ``layer1…4: 16 Bottleneck``.

Modules are walked through what lies in them (``_modules``, ``_parameters``): nothing of the user's is run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.optim.swa_utils import AveragedModel

from jupyter_ckpt.state.description_settings import attributes
from jupyter_ckpt.state.wrappers import inner_name

_LONGEST = 150
_DEEPEST = 4
_MOST_MODULES = 20_000
_SECONDS = 0.03
_NUMBERED = re.compile(r"(.*?)_?(\d+)")
_LISTS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
_WRAPPERS = {"OptimizedModule": "compiled"}


@dataclass
class _Part:
    """A child that is worth telling: its name, its text, and what repeated siblings are told by."""

    name: str
    text: str
    block: str = ""
    count: int = 1


@dataclass
class Counted:
    """What the parameters of a model are, each counted once however often it is tied."""

    parameters: int = 0
    frozen: int = 0
    lazy: bool = False
    tied: bool = False
    quantized: bool = False
    whole: bool = True
    dtypes: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)


def describe_model(name: str, model: nn.Module) -> dict[str, Any]:
    """A model in short, its parameters and where they lie; plain JSON.

    Parameters
    ----------
    name : str
        The user's name for it.
    model : nn.Module
        With its wrappers.
    """
    inner, wrapped = _unwrapped(model)
    counted = count_parameters(inner)
    found: dict[str, Any] = {"name": name, "class": type(inner).__name__, "text": model_text(inner)}
    if counted.whole and not counted.lazy:
        found.update(parameters=counted.parameters, frozen=counted.frozen)
    found.update({key: True for key in ("lazy", "tied", "quantized") if getattr(counted, key)})
    if wrapped:
        found["wrapped"] = wrapped
    found["dtypes"], found["devices"] = sorted(counted.dtypes), sorted(counted.devices)
    return found


def _unwrapped(model: nn.Module) -> tuple[nn.Module, list[str]]:
    """The model itself, also out of an `AveragedModel`, and what was around it."""
    names: list[str] = []
    while len(names) < 8:
        attribute = inner_name(model)
        inner = model._modules.get(attribute) if attribute else None
        if inner is None:
            break
        cls = type(model).__name__
        names.append(_WRAPPERS.get(cls, "moving average" if isinstance(model, AveragedModel) else cls))
        model = inner
    return model, names


def count_parameters(model: nn.Module) -> Counted:
    """Count the parameters of all submodules."""
    found = Counted()
    seen: set[int] = set()
    until = time.perf_counter() + _SECONDS
    for number, module in enumerate(_walk(model)):
        if number >= _MOST_MODULES or (number % 64 == 63 and time.perf_counter() > until):
            found.whole = False
            break
        found.quantized |= "quantized" in type(module).__module__ or type(module).__name__.startswith("Linear4bit")
        for parameter in module._parameters.values():
            if parameter is None:
                continue
            if id(parameter) in seen:
                found.tied = True
                continue
            seen.add(id(parameter))
            if isinstance(parameter, (UninitializedParameter, UninitializedBuffer)):
                found.lazy = True
                continue
            count = parameter.numel()
            found.parameters += count
            found.frozen += 0 if parameter.requires_grad else count
            found.dtypes.add(str(parameter.dtype).removeprefix("torch."))
            found.devices.add(str(parameter.device))
    return found


def _walk(model: nn.Module) -> Iterator[nn.Module]:
    seen: set[int] = set()
    waiting: list[nn.Module] = [model]
    while waiting:
        module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield module
        waiting += [child for child in reversed(list(module._modules.values())) if child is not None]


def model_text(model: nn.Module) -> str:
    """The model on one line of at most about 150 characters: as deep as that allows."""
    until = time.perf_counter() + _SECONDS
    text = type(model).__name__
    own = _known(model)
    if own is not None:
        return f"{text} ({own})" if own else text
    best = text
    for depth in range(1, _DEEPEST + 1):
        parts = _parts(model, depth, until)
        found = f"{text} ({_joined(parts)})" if parts else text
        if depth == 1 and len(found) > _LONGEST:
            return f"{text} ({_joined(_cut(parts, _LONGEST - len(text) - 3))})"
        if len(found) > _LONGEST or time.perf_counter() > until:
            break
        best = found
    return best


def _parts(module: nn.Module, depth: int, until: float) -> list[_Part]:
    """What a module is made of, neighbours of one kind as one."""
    listed = isinstance(module, _LISTS)
    found: list[_Part] = []
    for name, child in module._modules.items():
        if child is None or time.perf_counter() > until:
            continue
        part = _part("" if listed and name.isdigit() else name, child, depth, until)
        if part is None:
            continue
        if found and _joins(found[-1], part):
            found[-1] = _join(found[-1], part)
        else:
            found.append(part)
    only = found[0].text if len(found) == 1 else ""
    if only.startswith("(") and only.endswith(")"):  # all that the module has is one list
        return [_Part("", only[1:-1])]
    return found


def _part(name: str, child: nn.Module, depth: int, until: float) -> _Part | None:
    known = _known(child)
    cls = type(child).__name__
    if known is not None:
        return _Part(name, known) if known else None
    repeated = _repeated(child)
    if repeated is not None:
        block, count = repeated
        return _Part(name, "", block, count)
    if depth > 1:
        inside = _parts(child, depth - 1, until)
        if not inside:
            return None if _is_plain(child) else _Part(name, cls)
        text = _joined(inside)
        return _Part(name, f"({text})" if isinstance(child, _LISTS) else f"{cls} ({text})")
    if isinstance(child, _LISTS):
        count = sum(1 for one in child._modules.values() if one is not None and not _is_plain(one))
        return _Part(name, f"{count} layers" if count != 1 else "1 layer") if count else None
    return None if _is_plain(child) else _Part(name, "", cls, 1)


def _repeated(module: nn.Module) -> tuple[str, int] | None:
    """``("Bottleneck", 3)`` for a list of blocks of one class."""
    if not isinstance(module, _LISTS):
        return None
    children = [child for child in module._modules.values() if child is not None]
    classes = {type(child) for child in children}
    if len(classes) != 1 or not children:
        return None
    known = {_known(child) for child in children}
    if known == {None}:
        return type(children[0]).__name__, len(children)
    text = next(iter(known))
    if len(known) == 1 and text and len(children) > 1:
        return f"{type(children[0]).__name__} {text}", len(children)
    return None


def _joins(one: _Part, other: _Part) -> bool:
    if one.block and one.block == other.block:
        return _stem(one.name) == _stem(other.name)
    return bool(one.text and one.text == other.text and one.name and _stem(one.name) == _stem(other.name))


def _join(one: _Part, other: _Part) -> _Part:
    last = _NUMBERED.fullmatch(other.name)
    name = f"{one.name.partition('…')[0]}…{last[2]}" if last else one.name
    return _Part(name, one.text, one.block, one.count + other.count)


def _stem(name: str) -> str:
    found = _NUMBERED.fullmatch(name.partition("…")[0])
    return found[1] if found else name


def _joined(parts: list[_Part]) -> str:
    shown = []
    for part in parts:
        text = part.text
        if part.block:
            text = f"{part.count} {part.block}" if part.count > 1 else part.block
        shown.append(f"{part.name}: {text}" if part.name else text)
    return ", ".join(shown)


def _cut(parts: list[_Part], room: int) -> list[_Part]:
    """The first and the last ones that fit."""
    kept = list(parts)
    while len(kept) > 3 and len(_joined(kept)) + 3 > room:
        del kept[len(kept) // 2]
    if len(kept) == len(parts):
        return parts
    middle = (len(kept) + 1) // 2
    return [*kept[:middle], _Part("", "…"), *kept[middle:]]


def _is_plain(module: nn.Module) -> bool:
    """Nothing is learned in it: activations, dropout, pooling, a container of those."""
    return all(not one._parameters for one in _walk(module)) and not _known(module)


def _known(module: nn.Module) -> str | None:
    """What torch's own layers say; empty for those that are left out, None for modules of other kinds."""
    held = attributes(module)
    kind = (
        type(module).__name__.removeprefix("Lazy").removeprefix("Quantized").removeprefix("NonDynamicallyQuantizable")
    )
    get = held.get
    if "in_features" in held and "out_features" in held:
        return f"{_size(get('in_features'))}→{_size(get('out_features'))}"
    if "in1_features" in held:
        return f"{get('in1_features')}·{get('in2_features')}→{get('out_features')}"
    if "in_channels" in held and "kernel_size" in held:
        return _convolution(kind, held)
    if "num_embeddings" in held:
        return f"{get('num_embeddings')}×{get('embedding_dim')}"
    if isinstance(module, nn.RNNBase):
        layers = f" ×{get('num_layers')}" if get("num_layers") != 1 else ""
        both = ", bidirectional" if get("bidirectional") else ""
        return f"{kind if kind != 'RNNBase' else get('mode')} {get('input_size')}→{get('hidden_size')}{layers}{both}"
    if isinstance(module, nn.RNNCellBase):
        return f"{kind} {get('input_size')}→{get('hidden_size')}"
    if "embed_dim" in held and "num_heads" in held and isinstance(module, nn.MultiheadAttention):
        return f"attention {get('embed_dim')}, {get('num_heads')} heads"
    if isinstance(module, (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)):
        return _transformer_layer(module)
    if isinstance(module, (nn.TransformerEncoder, nn.TransformerDecoder)):
        return _transformer(module)
    return "" if type(module).__module__.startswith("torch.nn.modules.") and _is_left_out(module) else None


def _is_left_out(module: nn.Module) -> bool:
    """torch's own modules without children: norms, activations, pooling, dropout, losses."""
    return not module._modules and not isinstance(module, _LISTS)


def _convolution(kind: str, held: Any) -> str:
    kernel, stride = held.get("kernel_size"), held.get("stride")
    text = f"{_size(held.get('in_channels'))}→{_size(held.get('out_channels'))}"
    if isinstance(kernel, (tuple, list)):
        text += f" {'×'.join(str(one) for one in kernel)}"
    if isinstance(stride, (tuple, list)) and any(one != 1 for one in stride):
        text += f" /{stride[0]}"
    groups = held.get("groups")
    if isinstance(groups, int) and groups > 1:
        text += f", {groups} groups"
    return f"transposed {text}" if "Transpose" in kind else text


def _transformer_layer(module: nn.Module) -> str:
    attention = module._modules.get("self_attn")
    first = module._modules.get("linear1")
    held = attributes(attention)
    return f"d {held.get('embed_dim')}, {held.get('num_heads')} heads, ff {attributes(first).get('out_features')}"


def _transformer(module: nn.Module) -> str:
    layers = module._modules.get("layers")
    one = next(iter(layers._modules.values()), None) if layers is not None else None
    if layers is None or one is None:
        return ""
    inside = _known(one)
    return f"{len(layers._modules)} × {type(one).__name__}" + (f" ({inside})" if inside else "")


def _size(value: Any) -> str:
    """A size; ``?`` for a lazy module that has not seen data."""
    return str(value) if isinstance(value, int) and value else "?"


def precision_of(models: list[dict[str, Any]]) -> str:
    """``bfloat16`` when the weights are not ordinary floats."""
    kinds = {kind for one in models for kind in one.get("dtypes", []) if kind.startswith(("float", "bfloat"))}
    return ", ".join(sorted(kinds)) if kinds - {"float32"} else ""


def device_names(models: list[dict[str, Any]]) -> list[str]:
    """``cuda:0 NVIDIA H200``, each device once."""
    names = []
    for device in dict.fromkeys(device for one in models for device in one.get("devices", [])):
        name = device
        if device.startswith("cuda") and torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            name = f"{device} {torch.cuda.get_device_name(device)}"
        names.append(name)
    return names
