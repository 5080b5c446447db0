"""From a checkpoint's plain data back to the things it stands for: the inverse of `jupyter_ckpt.state.values`.

What is made here is always new: it shares nothing with the checkpoint, so that the file may be closed, and
training on does not write into what was loaded.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping
from typing import Any

import torch

from jupyter_ckpt.errors import Mismatch
from jupyter_ckpt.state.arrays import array_from_plain, scalar_from_plain
from jupyter_ckpt.state.tensors import sparse_from_parts
from jupyter_ckpt.state.values import FACTORIES, MAX_DEPTH, TAG


class _Absent:
    """Stands where the checkpoint has nothing, because it could not be saved."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()

_PAIRS = ("dict", "OrderedDict", "defaultdict", "Counter")

TensorFrom = Callable[[torch.Tensor], torch.Tensor]


def revive_values(data: Mapping[str, Any], *, device: torch.device | None = None) -> dict[str, Any]:
    """Inverse of `ValueEncoder`: every value of a checkpoint; what they share stays shared.

    Parameters
    ----------
    data : mapping
        Plain data of each value, by name.
    device : torch.device, optional
        Where tensors go; without it where they were, as far as that device is here, else the CPU.

    Raises
    ------
    Mismatch
        When the data is not something that we wrote.
    """
    reviver = _Reviver(lambda tensor: tensor.detach().clone(), device)
    return {name: reviver.revive(value, None, 0) for name, value in data.items()}


def revive_state(data: Any, live: Any, take: TensorFrom) -> Any:
    """Inverse of `encode_state`, for ``load_state_dict``.

    Parameters
    ----------
    data : Any
        Plain data of a checkpoint.
    live : Any
        The live object's own ``state_dict()``: fills in what could not be saved.
    take : callable
        Makes the new tensor of a checkpoint's one (moves it, copies it).

    Raises
    ------
    Mismatch
        When the data is not something that we wrote.
    """
    return _Reviver(take, None).revive(data, live, 0)


def absences(data: Any) -> list[str]:
    """Where a checkpoint's plain data stands for something that could not be saved: dotted paths."""
    found: list[str] = []
    seen: set[int] = set()
    pending = [("", data)]
    while pending:
        path, node = pending.pop()
        if not isinstance(node, (dict, list, tuple)) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict) and node.get(TAG) == "absent":
            found.append(path)
            continue
        children: Any = enumerate(node)
        if isinstance(node, dict):
            pairs = TAG in node and node[TAG] in _PAIRS and isinstance(node.get("items"), list)
            children = [pair for pair in node["items"] if len(pair) == 2] if pairs else node.items()
        pending += [(f"{path}.{key}" if path else str(key), child) for key, child in children]
    return sorted(found)


class _Reviver:
    def __init__(self, take: TensorFrom, device: torch.device | None) -> None:
        self._take = take
        self._device = device
        self._done: dict[int, Any] = {}

    def revive(self, data: Any, live: Any, depth: int) -> Any:
        if not isinstance(data, (list, tuple, dict, torch.Tensor)) or isinstance(data, torch.Size):
            return data
        if id(data) in self._done:
            return self._done[id(data)]
        if depth > 2 * MAX_DEPTH:
            raise Mismatch("the checkpoint's values are nested too deeply")
        made = self._make(data, live, depth)
        self._done[id(data)] = made
        return made

    def _make(self, data: Any, live: Any, depth: int) -> Any:
        if isinstance(data, torch.Tensor):
            return self._take(data)
        if isinstance(data, dict):
            if TAG not in data:
                pairs = ((key, self.revive(child, _entry(live, key), depth + 1)) for key, child in data.items())
                return collections.OrderedDict(pairs) if isinstance(data, collections.OrderedDict) else dict(pairs)
            try:
                return self._thing(data, live, depth)
            except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
                raise Mismatch(f"the checkpoint holds a {data[TAG]!r} that makes no sense: {error}") from error
        items = [self.revive(child, _entry(live, i), depth + 1) for i, child in enumerate(data)]
        return tuple(items) if isinstance(data, tuple) else items

    def _thing(self, data: dict[str, Any], live: Any, depth: int) -> Any:
        tag = data[TAG]
        if tag == "absent":
            return ABSENT if live is None else live
        if tag in ("tensor", "parameter"):
            return self._tensor(data)
        if tag == "sparse":
            return self._take(sparse_from_parts(data))
        if tag == "ndarray":
            return array_from_plain(data["dtype"], data["data"])
        if tag == "scalar":
            return scalar_from_plain(data["dtype"], data["value"])
        if tag == "scalars":
            return [scalar_from_plain(data["dtype"], value) for value in data["values"]]
        if tag == "bytearray":
            return bytearray(data["data"] or b"")
        if tag == "bytes":
            return b""
        if tag == "int":
            return int(data["hex"], 16)
        if tag == "range":
            return range(*data["items"])
        items = [self.revive(item, None, depth + 1) for item in data["items"]]
        if tag == "deque":
            return collections.deque(items, data["maxlen"])
        if tag in ("set", "frozenset"):
            return set(items) if tag == "set" else frozenset(items)
        pairs: list[tuple[Any, Any]] = [(key, child) for key, child in items]
        if tag == "defaultdict":
            return collections.defaultdict(FACTORIES.get(data["factory"] or ""), pairs)
        if tag == "Counter":
            return collections.Counter(dict(pairs))
        if tag in ("dict", "OrderedDict"):
            return dict(pairs) if tag == "dict" else collections.OrderedDict(pairs)
        raise ValueError("this jupyter-ckpt does not know it; a newer one may")

    def _tensor(self, data: dict[str, Any]) -> torch.Tensor:
        inner = data["data"]
        made = self._take(sparse_from_parts(inner) if isinstance(inner, dict) else inner)
        made = made.to(self._device or device_here(data["device"]))
        if data[TAG] == "parameter":
            return torch.nn.Parameter(made, requires_grad=bool(data["requires_grad"]))
        return made.requires_grad_(bool(data["requires_grad"]))


def _entry(live: Any, key: Any) -> Any:
    """What the live state has at the same place; None when it has nothing."""
    if isinstance(live, dict):
        return live.get(key)
    if isinstance(live, (list, tuple)) and isinstance(key, int) and key < len(live):
        return live[key]
    return None


def device_here(name: str) -> torch.device:
    """The device of that name, or the nearest one on this machine."""
    device = torch.device(name)
    if device.type == "cpu":
        return device
    backend = getattr(torch, device.type, None)
    if backend is None or not backend.is_available():
        return torch.device("cpu")
    return device if (device.index or 0) < backend.device_count() else torch.device(device.type)
