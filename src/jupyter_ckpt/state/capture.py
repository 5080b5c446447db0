"""The training state as one plain tree of live tensors: nothing is copied, nothing is changed, no random number is
drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.arrays import Unsaveable
from jupyter_ckpt.state.fit_optimizer import optimizer_details
from jupyter_ckpt.state.generators import generator_state
from jupyter_ckpt.state.rng import capture_rng
from jupyter_ckpt.state.tensors import devices_of
from jupyter_ckpt.state.tracked import Kind, Tracked, class_name, classify, explain, is_optimizer
from jupyter_ckpt.state.values import Encoded, ValueEncoder, encode_state
from jupyter_ckpt.state.wrappers import clean_keys, clean_paths, unwrap

FORMAT = 1
STATE_SUFFIX = "_state_dict"
_SHOWN = 5


@dataclass
class Capture:
    """What was captured.

    Parameters
    ----------
    tree : dict
        ``format``, one ``<name>_state_dict`` per object, ``values``, ``generators``, ``rng`` and ``tracked`` (what
        a restore checks: kinds, classes, the parameters of each optimizer). Its tensors are the live ones,
        detached: write or copy them before training goes on.
    items : list of Item
        What was saved and what was not, and why.
    meta : dict
        For the commit record: ``kind``, ``class``, and for models the number of ``parameters``.
    """

    tree: dict[str, Any]
    items: list[Item] = field(default_factory=list)
    meta: dict[str, dict[str, Any]] = field(default_factory=dict)


def capture(tracked: Iterable[Tracked]) -> Capture:
    """Capture the state of the tracked objects and of the global random generators.

    An object that cannot be saved is an item of its own; the rest is captured.
    """
    tracked = list(tracked)
    tree: dict[str, Any] = {"format": FORMAT, "values": {}, "generators": {}, "rng": capture_rng(), "tracked": {}}
    done = Capture(tree)
    present = []
    for one in tracked:
        obj, problem = _present(one)
        if problem:
            done.items.append(Item(one.name, one.kind.value, Outcome.NOT_SAVED, problem))
        else:
            present.append((one, obj))
    names = parameters_by_id({one.name: obj for one, obj in present})
    values = ValueEncoder()
    for one, obj in present:
        try:
            encoded = _capture_one(one, obj, tree, values)
        except Unsaveable as error:
            where = f"{error.path}: " if error.path else ""
            done.items.append(Item(one.name, one.kind.value, Outcome.NOT_SAVED, where + error.reason))
            continue
        except CkptError:
            raise
        except Exception as error:  # noqa: BLE001 - the user's own state_dict() may raise anything
            why = f"its state_dict() failed: {type(error).__name__}: {error}"
            done.items.append(Item(one.name, one.kind.value, Outcome.NOT_SAVED, why))
            continue
        done.meta[one.name] = _meta(one, obj)
        tree["tracked"][one.name] = _details(one, obj, names, encoded.data)
        done.items += _items(one, encoded)
    return done


def parameters_by_id(objects: Mapping[str, Any]) -> dict[int, str]:
    """``id`` of every parameter of the modules among ``objects`` → its name, without wrappers; the model's name
    comes first when there are
    several models."""
    modules = {name: unwrap(obj) for name, obj in objects.items() if isinstance(obj, nn.Module)}
    found: dict[int, str] = {}
    for name, module in modules.items():
        named = dict(module.named_parameters())
        for key, clean in clean_keys(module, named).items():
            found.setdefault(id(named[key]), clean if len(modules) == 1 else f"{name}.{clean}")
    return found


def _present(one: Tracked) -> tuple[Any, str]:
    """The object now, and why it cannot be saved."""
    try:
        obj = one.current()
    except KeyError:
        return None, "is not defined any more"
    kind = classify(one.name, obj)
    if kind is None:
        return obj, explain(obj)
    if kind is not one.kind and (Kind.VALUE in (kind, one.kind) or Kind.GENERATOR in (kind, one.kind)):
        return obj, f"was a {one.kind.value} when it was tracked and is of type {class_name(obj)} now"
    return obj, ""


def _capture_one(one: Tracked, obj: Any, tree: dict[str, Any], values: ValueEncoder) -> Encoded:
    if one.kind is Kind.VALUE:
        encoded = values.encode(obj)
        tree["values"][one.name] = encoded.data
        return encoded
    if one.kind is Kind.GENERATOR:
        tree["generators"][one.name] = generator_state(obj)
        return Encoded(None)
    state = _loader_state(obj) if one.kind is Kind.LOADER else obj.state_dict()
    if isinstance(obj, nn.Module) and isinstance(state, Mapping):
        clean = clean_keys(obj, state)
        state = {clean[key]: value for key, value in state.items()}
    encoded = encode_state(state)
    tree[one.name + STATE_SUFFIX] = encoded.data
    return encoded


def _loader_state(loader: Any) -> Any:
    """torchdata's loader starts when it is asked for its state, which draws a random number; ``{}`` means afresh."""
    fresh = object()
    if getattr(loader, "_iterator", fresh) is None and hasattr(loader, "next_iter_state"):
        return loader.next_iter_state or {}
    return loader.state_dict()


def _items(one: Tracked, encoded: Encoded) -> list[Item]:
    items = [Item(one.name, one.kind.value, Outcome.SAVED)]
    for path, reason in encoded.problems[:_SHOWN]:
        items.append(Item(f"{one.name}.{path}" if path else one.name, one.kind.value, Outcome.NOT_SAVED, reason))
    more = len(encoded.problems) - _SHOWN
    if more > 0:
        items.append(Item(one.name, one.kind.value, Outcome.NOT_SAVED, f"and {more} more entries of it"))
    return items


def _meta(one: Tracked, obj: Any) -> dict[str, Any]:
    inner = unwrap(obj)
    meta: dict[str, Any] = {"kind": one.kind.value, "class": class_name(inner)}
    if isinstance(inner, nn.Module):
        meta["parameters"] = count_parameters(inner)
        meta["module"] = type(inner).__module__
    return meta


def _details(one: Tracked, obj: Any, names: Mapping[int, str], data: Any) -> dict[str, Any]:
    """What a restore wants to know; plain data, in the file itself so that it needs no record."""
    details: dict[str, Any] = {"kind": one.kind.value, "class": class_name(unwrap(obj))}
    if isinstance(obj, nn.Module):
        details["devices"] = sorted({str(t.device) for t in (*obj.parameters(), *obj.buffers())})
        paths = clean_paths(obj)
        versions = {paths[path]: child._version for path, child in obj.named_modules() if child._version != 1}
        details["versions"] = {path: version for path, version in versions.items() if isinstance(version, int)}
    elif is_optimizer(obj):
        details |= optimizer_details(obj, names)
    elif devices := devices_of(data):
        details["devices"] = devices
    return details


def count_parameters(module: nn.Module) -> int:
    """Elements of all parameters, tied ones once; uninitialised ones count nothing."""
    return sum(p.numel() for p in module.parameters() if not torch.nn.parameter.is_lazy(p))
