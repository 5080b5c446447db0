"""Settings of an object in short: what its constructor was given, as far as the object still shows it.

Only what lies in the instance is read, never a property; so no code of the user's runs.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterable, Mapping
from typing import Any

import torch

_LONGEST = 60
_MOST_VALUES = 6


def attributes(obj: Any) -> Mapping[str, Any]:
    """What lies in the instance itself."""
    try:
        found = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return {}
    return found if isinstance(found, dict) else {}


def name_of(obj: Any) -> str:
    """A class's or function's name as its user calls it."""
    if isinstance(obj, functools.partial):
        return name_of(obj.func)
    if isinstance(obj, types.LambdaType) and obj.__name__ == "<lambda>":
        return "lambda"
    if isinstance(obj, (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        return str(obj.__name__)
    return type(obj).__name__


def defaults(cls: type[Any]) -> Mapping[str, Any]:
    """The parameters of a class's constructor with their defaults (`inspect.Parameter.empty` where there is none)."""
    # a class may be defined anew many times in a notebook: those of it are not kept alive
    known: Any = _defaults
    found: Mapping[str, Any] = known.__wrapped__(cls) if cls.__module__ == "__main__" else known(cls)
    return found


@functools.lru_cache(maxsize=512)
def _defaults(cls: Any) -> Mapping[str, Any]:
    try:
        parameters = inspect.signature(cls.__init__).parameters.values()
    except (TypeError, ValueError):
        return {}
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {one.name: one.default for one in list(parameters)[1:] if one.kind not in kinds}


def settings(obj: Any, *, leave_out: Iterable[str] = ()) -> list[str]:
    """``["size 28", "padding 4"]``: the constructor's arguments that differ from their defaults."""
    found = []
    held = attributes(obj)
    for name, default in defaults(type(obj)).items():
        if name in leave_out or name not in held:
            continue
        text = value_text(held[name])
        if text is not None and not same(held[name], default):
            found.append(f"{name} {text}")
    return found


def same(value: Any, default: Any) -> bool:
    """True when it is the default, told without comparing tensors or the user's objects."""
    if value is default:
        return True
    if isinstance(value, torch.Tensor) or isinstance(default, torch.Tensor):
        return False
    plain = (bool, int, float, str, tuple, list, type(None))
    return type(value) in plain and type(default) in plain and bool(value == default)


def with_settings(name: str, parts: Iterable[str]) -> str:
    """``StepLR (step_size 5, gamma 0.5)``."""
    shown = [part for part in parts if part]
    return f"{name} ({', '.join(shown)})" if shown else name


def value_text(value: Any) -> str | None:
    """A plain value in short; None for what is none."""
    if value is None or isinstance(value, bool):
        return str(value)
    if type(value) is float:
        return number(value)
    if type(value) in (int, str):
        text = str(value)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    if isinstance(value, (torch.dtype, torch.device)):
        return str(value).removeprefix("torch.")
    if isinstance(value, torch.Tensor):
        return f"{value.numel()} values" if value.numel() > 1 else "a tensor"
    if type(value) in (tuple, list):
        return _sequence(value)
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, functools.partial)):
        return name_of(value)
    # members of an enumeration, such as InterpolationMode.BILINEAR
    word = attributes(value).get("_value_")
    return word if isinstance(word, str) else None


def number(value: float) -> str:
    """``0.001``, ``1e-05``."""
    return f"{value:.6g}"


def _sequence(values: Any) -> str | None:
    texts = [value_text(one) for one in values[:_MOST_VALUES]]
    if not texts or any(text is None for text in texts):
        return None
    if len(texts) == len(values) == 1:
        return texts[0]
    if len(set(texts)) == 1 and len(values) in (2, 3) and all(type(one) is int for one in values):
        return "×".join(str(text) for text in texts)
    more = ", …" if len(values) > _MOST_VALUES else ""
    return f"({', '.join(str(text) for text in texts)}{more})"
