"""One random generator's state as plain ints and tensors, and back, exactly.

`torch.Generator` (any device), `random.Random`, `numpy.random.Generator` and `numpy.random.RandomState`. NumPy's
own state holds arrays, which are what breaks ``torch.load(weights_only=True)``; here they become int64 tensors
or lists of ints. NumPy is never imported: an object of it can only exist when somebody else has done that.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import torch

_LONG_ENOUGH_FOR_A_TENSOR = 64


def is_generator(obj: Any) -> bool:
    """True for a random generator whose state can be had."""
    if isinstance(obj, torch.Generator):
        return True
    if isinstance(obj, random.Random):
        return not isinstance(obj, random.SystemRandom)
    return _is_numpy_generator(obj)


def generator_state(generator: Any) -> dict[str, Any]:
    """The state as a dict of strings, ints, lists and CPU tensors; the generator is not advanced.

    Raises
    ------
    TypeError
        When `is_generator` is false for it.
    """
    if isinstance(generator, torch.Generator):
        return {"type": "torch", "device": generator.device.type, "state": generator.get_state().cpu()}
    if isinstance(generator, random.Random) and is_generator(generator):
        version, internal, gauss = generator.getstate()
        return {
            "type": "python",
            "version": version,
            "state": torch.tensor(internal, dtype=torch.int64),
            "gauss": gauss,
        }
    if _is_numpy_generator(generator):
        return {"type": "numpy", "state": _plain(_numpy_state(generator))}
    raise TypeError(f"a {type(generator).__name__} is not a random generator")


def check_generator_state(generator: Any, state: Any) -> str:
    """Why ``state`` cannot be given to ``generator``; empty when it can."""
    if not isinstance(state, dict) or "state" not in state:
        return "the checkpoint holds no generator state here"
    kind = _kind(generator)
    if state.get("type") != kind:
        return f"the checkpoint holds the state of a {state.get('type')} generator, this is a {kind} one"
    inner = state["state"]
    if kind == "torch":
        if not isinstance(inner, torch.Tensor) or inner.dtype != torch.uint8:
            return "the state is not a byte tensor"
        device = str(generator.device.type)
        if state.get("device", device) != device:
            return f"its state is of a generator on {state['device']}, this one is on {device}"
        size = generator.get_state().numel()
        if inner.numel() != size:
            return f"the state has {inner.numel()} bytes, this generator's has {size}"
        return ""
    if kind == "python":
        fits = isinstance(inner, torch.Tensor) and inner.dtype == torch.int64 and inner.shape == (625,)
        return "" if fits else "the state is not one of Python's random module"
    if not isinstance(inner, dict):
        return "the state is not one of numpy"
    mine = _numpy_state(generator)
    if inner.get("bit_generator") != mine["bit_generator"]:
        return f"its state is of a {inner.get('bit_generator')}, this one is a {mine['bit_generator']}"
    try:
        _numpied(inner, mine)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        return f"the state does not fit: {error}"
    return ""


def set_generator_state(generator: Any, state: dict[str, Any]) -> None:
    """Inverse of `generator_state`; the generator object stays the same one.

    Raises
    ------
    ValueError
        When the state is not one for this generator (see `check_generator_state`); nothing has changed.
    """
    problem = check_generator_state(generator, state)
    if problem:
        raise ValueError(problem)
    inner = state["state"]
    if isinstance(generator, torch.Generator):
        generator.set_state(inner.detach().cpu())
    elif isinstance(generator, random.Random):
        generator.setstate((state["version"], tuple(inner.tolist()), state["gauss"]))
    else:
        _set_numpy_state(generator, _numpied(inner, _numpy_state(generator)))


def _kind(generator: Any) -> str:
    if isinstance(generator, torch.Generator):
        return "torch"
    return "python" if isinstance(generator, random.Random) else "numpy"


def _is_numpy_generator(obj: Any) -> bool:
    numpy_random = sys.modules.get("numpy.random")
    return numpy_random is not None and isinstance(obj, (numpy_random.Generator, numpy_random.RandomState))


def _numpy_state(generator: Any) -> dict[str, Any]:
    if hasattr(generator, "bit_generator"):
        return dict(generator.bit_generator.state)
    return dict(generator.get_state(legacy=False))


def _set_numpy_state(generator: Any, state: dict[str, Any]) -> None:
    if hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)


def _plain(node: Any) -> Any:
    """NumPy's nested state without numpy: scalars as Python's, arrays as int64 tensors or lists of ints."""
    if isinstance(node, dict):
        return {str(key): _plain(child) for key, child in node.items()}
    if hasattr(node, "tolist"):
        numbers = node.tolist()
        if isinstance(numbers, list) and len(numbers) >= _LONG_ENOUGH_FOR_A_TENSOR:
            return torch.tensor(numbers, dtype=torch.int64)
        return numbers
    return node


def _numpied(saved: Any, model: Any) -> Any:
    """Inverse of `_plain`: ``saved`` in the types of the present state ``model``."""
    if isinstance(model, dict):
        return {key: _numpied(saved[key], child) for key, child in model.items()}
    if hasattr(model, "dtype") and hasattr(model, "shape"):
        numbers = saved.tolist() if isinstance(saved, torch.Tensor) else saved
        array = sys.modules["numpy"].array(numbers, dtype=model.dtype)
        if array.shape != model.shape:
            raise ValueError(f"{array.shape} numbers instead of {model.shape}")
        return array
    if isinstance(model, str):
        return str(saved)
    return float(saved) if isinstance(model, float) else int(saved)
