"""Names without wrappers: a state saved from a wrapped model loads in a bare one, and the reverse.

`DataParallel`, `DistributedDataParallel` and `AveragedModel` put ``module.`` into the keys of a state dict,
`torch.compile` puts ``_orig_mod.``, for the whole model or for a submodule of it. The saved keys hold neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.optim.swa_utils import AveragedModel


def inner_name(module: nn.Module) -> str | None:
    """The attribute under which a wrapper holds what it wraps; None when it is no wrapper."""
    if isinstance(module, (DataParallel, DistributedDataParallel, AveragedModel)):
        return "module"
    # by name: importing torch._dynamo takes a second, and nobody who has not used it has such an object
    if type(module).__name__ == "OptimizedModule" and "_orig_mod" in module._modules:
        return "_orig_mod"
    return None


def unwrap(obj: Any) -> Any:
    """The model itself, out of `DataParallel`, DDP and `torch.compile`.

    An `AveragedModel` is not opened: it holds a copy, with a state of its own.
    """
    while isinstance(obj, nn.Module) and not isinstance(obj, AveragedModel):
        name = inner_name(obj)
        if name is None:
            break
        obj = obj._modules[name]
    return obj


def clean_keys(module: nn.Module, keys: Iterable[str]) -> dict[str, str]:
    """Each of the live module's state-dict ``keys`` with its name without wrappers.

    Two keys that would get one name keep their own (an `AveragedModel` of a model with ``n_averaged``).
    """
    wrappers = _wrappers(module)
    if not wrappers:
        return {key: key for key in keys}
    cleaned = {key: _clean(key, wrappers) for key in keys}
    counts: dict[str, int] = {}
    for clean in cleaned.values():
        counts[clean] = counts.get(clean, 0) + 1
    return {key: clean if counts[clean] == 1 else key for key, clean in cleaned.items()}


def clean_paths(module: nn.Module) -> dict[str, str]:
    """The path of each submodule, with and without wrappers; a wrapper and what it holds have the same clean one."""
    wrappers = _wrappers(module)
    return {path: _clean(path, wrappers) if path else "" for path, _ in module.named_modules()}


def _wrappers(module: nn.Module) -> dict[str, str]:
    """Path of each wrapper → the attribute that holds what it wraps."""
    named = module.named_modules(remove_duplicate=False)
    return {path: name for path, child in named if (name := inner_name(child)) is not None}


def _clean(key: str, wrappers: dict[str, str]) -> str:
    """``layers.0._orig_mod.weight`` → ``layers.0.weight``."""
    kept: list[str] = []
    path: list[str] = []
    for part in key.split("."):
        if wrappers.get(".".join(path)) != part:
            kept.append(part)
        path.append(part)
    return ".".join(kept)
