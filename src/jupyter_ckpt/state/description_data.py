"""The data in short: loaders with their data sets, sizes and batch size, and the transforms.

Nothing is drawn or loaded: a size is the length that a map-style data set tells, or what lies in it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from jupyter_ckpt.state.description_settings import attributes, name_of, settings

_ROLES = (
    ("train", ("train", "trn", "training", "tr")),
    ("val", ("val", "valid", "validation", "dev", "eval")),
    ("test", ("test", "tst", "testing")),
)
_TRANSFORMS = (
    "transform", "transforms", "tfm", "tfms", "augment", "augmentation", "augmentations", "aug", "preprocess",
    "transform_fn",
)  # fmt: skip
_STEPS = 12
_DEEPEST = 4
_LONGEST = 220
_FIRST = frozenset(("size", "p", "degrees", "num_output_channels"))
"""Arguments that are said without their names where they come first."""


def is_loader(obj: Any) -> bool:
    """A DataLoader, of torch or torchdata."""
    return isinstance(obj, DataLoader) or any(base.__name__ == "StatefulDataLoader" for base in type(obj).__mro__)


def describe_loader(name: str, loader: Any) -> dict[str, Any]:
    """One loader; plain JSON.

    Parameters
    ----------
    name : str
        The user's name for it.
    loader : DataLoader
        Not iterated.
    """
    held = attributes(loader)
    dataset = held.get("dataset")
    found: dict[str, Any] = {"name": name, "role": role_of(name), "dataset": dataset_name(dataset)}
    size = size_of(dataset)
    if size is not None:
        found["size"] = size
    elif isinstance(dataset, IterableDataset):
        found["stream"] = True
    batch = held.get("batch_size")
    if batch is None:
        batch = attributes(held.get("batch_sampler")).get("batch_size")
    if isinstance(batch, int):
        found["batch_size"] = batch
    return found


def role_of(name: str) -> str:
    """``train``, ``val``, ``test``, or nothing."""
    words = name.lower().replace("loader", "").replace("dl", "").split("_")
    for role, known in _ROLES:
        if any(word in known for word in words):
            return role
    return next((role for role, _ in _ROLES if name.lower().startswith(role)), "")


def dataset_name(dataset: Any) -> str:
    """Its class, that of what it is a part of, or of its parts."""
    for _ in range(_DEEPEST):
        held = attributes(dataset)
        if type(dataset).__name__ in ("Subset", "_Subset") and "dataset" in held:
            dataset = held["dataset"]
            continue
        parts = held.get("datasets")
        if type(dataset).__name__ in ("ConcatDataset", "ChainDataset") and isinstance(parts, (list, tuple)) and parts:
            return " + ".join(dict.fromkeys(dataset_name(part) for part in list(parts)[:4]))
        break
    return "" if dataset is None else type(dataset).__name__


def size_of(dataset: Any) -> int | None:
    """How many samples there are, when that can be known without reading them."""
    held = attributes(dataset)
    if isinstance(dataset, TensorDataset):
        tensors = held.get("tensors") or ()
        return int(tensors[0].shape[0]) if tensors else None
    if dataset is None or isinstance(dataset, (IterableDataset, Iterator)):
        return None
    # the protocol of a map-style data set, which its loader's sampler has asked for already
    if not callable(inspect.getattr_static(type(dataset), "__len__", None)):
        return None
    if not callable(inspect.getattr_static(type(dataset), "__getitem__", None)):
        return None
    size = len(dataset)
    return size if isinstance(size, int) else None


def transforms_of(dataset: Any) -> str:
    """The transforms of a data set, or of the one that it is a part of; empty without."""
    for _ in range(_DEEPEST):
        held = attributes(dataset)
        for name in _TRANSFORMS:
            if held.get(name) is not None:
                text = transform_text(held[name])
                if text:
                    return text
        inner = held.get("dataset")
        if inner is None or inner is dataset:
            parts = held.get("datasets")
            inner = parts[0] if isinstance(parts, (list, tuple)) and parts else None
        if inner is None:
            return ""
        dataset = inner
    return ""


def transform_text(transform: Any, depth: int = 0) -> str:
    """``RandomCrop(28, padding 4) → ToTensor → Normalize(mean [0.13], std [0.31])``."""
    if depth > _DEEPEST:
        return "…"
    held = attributes(transform)
    if type(transform).__name__ == "StandardTransform":  # torchvision wraps the user's own
        transform = held.get("transform")
        return transform_text(transform, depth + 1) if transform is not None else ""
    steps: list[Any] | None = None
    if isinstance(transform, (list, tuple)):
        steps = list(transform)
    elif isinstance(held.get("transforms"), (list, tuple, nn.ModuleList)):
        inside = held["transforms"]
        steps = list(inside._modules.values()) if isinstance(inside, nn.ModuleList) else list(inside)
    elif isinstance(transform, nn.Sequential):
        steps = list(transform._modules.values())
    elif isinstance(transform, nn.Module) and "transforms" in transform._modules:
        steps = list(attributes(transform._modules["transforms"]).get("_modules", {}).values())
    if steps is None:
        return _step(transform)
    shown = [transform_text(step, depth + 1) for step in steps[:_STEPS]]
    text = " → ".join(part for part in shown if part) + (" → …" if len(steps) > _STEPS else "")
    cls = type(transform).__name__
    if cls in ("Compose", "Sequential", "list", "tuple"):
        return text if depth == 0 or len(shown) == 1 else f"({text})"
    more = settings(transform, leave_out=("transforms",))
    return f"{cls}({'; '.join([text, ', '.join(more)]) if more else text})"


def _step(transform: Any) -> str:
    name = name_of(transform)
    if name == "Lambda":
        return f"Lambda({name_of(attributes(transform).get('lambd'))})"
    parts = settings(transform, leave_out=("inplace", "antialias", "always_apply"))
    if name != type(transform).__name__ or not parts:
        return name
    first, _, value = parts[0].partition(" ")
    if first in _FIRST:
        parts[0] = value
    return f"{name}({', '.join(parts)})"


def described_transforms(loaders: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The transforms of all loaders; those of several loaders once, with the loaders' roles or names."""
    found: dict[str, list[str]] = {}
    for name, loader in loaders.items():
        held = attributes(loader)
        text = transforms_of(held.get("dataset"))
        collate = held.get("collate_fn")
        if collate is not None and not str(getattr(type(collate), "__module__", "")).startswith("torch"):
            custom = name_of(collate)
            module = str(getattr(collate, "__module__", ""))
            if not module.startswith("torch") and custom != "default_collate":
                text = f"{text} → collate: {custom}" if text else f"collate: {custom}"
        if text:
            found.setdefault(text[:_LONGEST], []).append(role_of(name) or name)
    return [{"name": ", ".join(dict.fromkeys(names)), "text": text} for text, names in found.items()]


def batch_size_of(loaders: list[dict[str, Any]]) -> int | None:
    """That of the loader that trains, else of the first."""
    chosen = [one for one in loaders if one.get("role") == "train"] or loaders
    return next((one["batch_size"] for one in chosen if "batch_size" in one), None)
