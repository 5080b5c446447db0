"""What can be part of a training state, and as what."""

from __future__ import annotations

import enum
import inspect
import types
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from jupyter_ckpt.state.arrays import is_array, is_scalar
from jupyter_ckpt.state.generators import is_generator


class Kind(str, enum.Enum):
    """What a tracked object is; the value is the word in receipts and for ``--only``."""

    MODEL = "model"
    OPTIMIZER = "optimizer"
    SCHEDULER = "scheduler"
    SCALER = "scaler"
    EMA = "ema"
    LOADER = "loader"
    GENERATOR = "generator"
    STATEFUL = "stateful"
    VALUE = "value"


@dataclass
class Tracked:
    """One object of the training state.

    Parameters
    ----------
    name : str
        The user's name for it; its state is saved as ``<name>_state_dict``.
    obj : Any
        The object when it was tracked; see `current`.
    kind : Kind
        What it is.
    rebind : callable, optional
        Gives the name a new object: how numbers and strings come back.
    fetch : callable, optional
        The object that the name stands for at present. Raises ``KeyError`` when it stands for nothing any more.
    unbind : callable, optional
        Takes the name away again: a failed restore leaves no name behind that was not there.
    """

    name: str
    obj: Any
    kind: Kind
    rebind: Callable[[Any], None] | None = None
    fetch: Callable[[], Any] | None = None
    unbind: Callable[[], None] | None = None

    def current(self) -> Any:
        """The object that the name stands for now (a cell may have made it anew)."""
        return self.obj if self.fetch is None else self.fetch()


_VALUE_TYPES = (
    type(None), bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, deque, range,
    torch.Tensor, torch.Size, torch.dtype, torch.device,
)  # fmt: skip


def classify(name: str, obj: Any) -> Kind | None:
    """What ``obj`` would be tracked as; None when it cannot be (see `explain`).

    Parameters
    ----------
    name : str
        A module called ``ema`` (``ema_model``, ``model_ema``) is a moving average, whatever its class.
    obj : Any
        Only its type is looked at: no code of an instance's ``__getattr__`` runs.
    """
    if isinstance(obj, (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        return None
    if isinstance(obj, nn.Module):
        return Kind.EMA if isinstance(obj, AveragedModel) or _says_ema(name) else Kind.MODEL
    if isinstance(obj, Optimizer):
        return Kind.OPTIMIZER
    if is_generator(obj):
        return Kind.GENERATOR
    if isinstance(obj, torch.amp.GradScaler):
        return Kind.SCALER
    if has_state(obj):
        return _kind_of_stateful(name, obj)
    if isinstance(obj, _VALUE_TYPES) or is_array(obj) or is_scalar(obj):
        return Kind.VALUE
    return None


def explain(obj: Any) -> str:
    """Why `classify` gives None for ``obj``, for the end of a sentence that begins with its name."""
    if isinstance(obj, type):
        return f"is the class {obj.__name__}, not an object of it"
    if isinstance(obj, types.ModuleType):
        return "is a module of Python"
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        return "is a function"
    if isinstance(obj, DataLoader):
        return "is a DataLoader, which has no state of its own: loop over jupyter_ckpt.batches(loader) instead"
    return f"is a {type(obj).__name__}, which has no state_dict() and load_state_dict()"


def has_state(obj: Any) -> bool:
    """True for torch's *stateful* protocol: ``state_dict()`` and ``load_state_dict()`` in the object's class."""
    return all(callable(inspect.getattr_static(type(obj), name, None)) for name in ("state_dict", "load_state_dict"))


def is_optimizer(obj: Any) -> bool:
    """True for an optimizer, of torch or of somebody else."""
    if isinstance(obj, Optimizer):
        return True
    return has_state(obj) and _has_method(obj, "step") and isinstance(_attribute(obj, "param_groups"), list)


def optimizers_of(scheduler: Any) -> set[int]:
    """``id`` of each optimizer that a scheduler, or one within it, drives."""
    optimizer = _attribute(scheduler, "optimizer")
    found = set() if optimizer is None else {id(optimizer)}
    for inner in _attribute(scheduler, "_schedulers") or ():
        found |= optimizers_of(inner)
    return found


def class_name(obj: Any) -> str:
    """The class as a user knows it: ``torch.optim.adamw.AdamW``; without ``__main__``."""
    cls = type(obj)
    return cls.__qualname__ if cls.__module__ in ("__main__", "builtins") else f"{cls.__module__}.{cls.__qualname__}"


def _kind_of_stateful(name: str, obj: Any) -> Kind:
    if is_optimizer(obj):
        return Kind.OPTIMIZER
    if isinstance(obj, LRScheduler) or (_has_method(obj, "step") and is_optimizer(_attribute(obj, "optimizer"))):
        return Kind.SCHEDULER
    if isinstance(obj, DataLoader) or _has_method(obj, "__iter__"):
        return Kind.LOADER
    return Kind.EMA if _says_ema(name) or _says_ema(type(obj).__name__) else Kind.STATEFUL


def _says_ema(name: str) -> bool:
    return "ema" in name.lower().split("_") or name.startswith(("EMA", "Ema")) or "MovingAverage" in name


def _has_method(obj: Any, name: str) -> bool:
    return callable(inspect.getattr_static(type(obj), name, None))


def _attribute(obj: Any, name: str) -> Any:
    """An attribute that lies in the instance or is a property of its class; None without running ``__getattr__``."""
    if inspect.getattr_static(obj, name, None) is None:
        return None
    return getattr(obj, name, None)
