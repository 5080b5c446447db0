"""Plain data for a checkpoint: what a value becomes so that ``torch.load(weights_only=True)`` takes it.

Lists, tuples, dicts, numbers, text and tensors stay what they are, so that any reader sees them as they are.
What has no such form but a simple meaning (a numpy array, a set, a deque) becomes a small dict that says so under
the key ``__ckpt__``; `jupyter_ckpt.state.revive` makes the thing of it again. Objects that occur twice stay one
object. Nothing is copied but the containers, and nothing is changed.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from jupyter_ckpt.state.arrays import Unsaveable, array_to_plain, is_array, is_scalar, scalar_to_plain
from jupyter_ckpt.state.tensors import is_sparse, sparse_parts, strided

TAG = "__ckpt__"
"""Key of a dict that stands for something else; its value says for what."""
MAX_NODES = 4_000_000
MAX_DEPTH = 80
"""Containers within containers; the readers' and writers' own recursion ends not far beyond."""
FACTORIES = {f.__name__: f for f in (list, dict, set, tuple, int, float, str, bool, collections.Counter)}
_ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.Size))
_KEYS = frozenset((type(None), bool, int, float, str))
_MAX_BITS = 2000  # the weights_only reader takes integers of up to 255 bytes


@dataclass
class Encoded:
    """``data`` to be written, and the ``problems``: (path, reason) of each part that had to be left out."""

    data: Any
    problems: list[tuple[str, str]] = field(default_factory=list)


class ValueEncoder:
    """Makes plain data of values, one after the other; what two of them share stays shared."""

    def __init__(self) -> None:
        self._encoder = _Encoder(as_state=False)

    def encode(self, value: Any) -> Encoded:
        """Plain form of a user's value.

        An entry of a dict that cannot be saved is left out and named in the problems; anything else that cannot be
        saved makes the whole value unsaveable. A tensor that is not an ordinary one on the CPU keeps a note of its
        device and whether it requires a gradient.

        Raises
        ------
        Unsaveable
            When nothing of it can be saved; with the path within the value.
        """
        self._encoder.problems = []
        data = self._encoder.encode(value, "", 0)
        return Encoded(data, self._encoder.problems)


def encode_state(state: Any) -> Encoded:
    """Plain form of what a ``state_dict()`` returned.

    Whatever cannot be saved is replaced by a mark wherever it stands, since the live object can fill it in again.

    Raises
    ------
    Unsaveable
        When nothing of it can be saved.
    """
    encoder = _Encoder(as_state=True)
    data = encoder.encode(state, "", 0)
    if _is_absent(data) or (isinstance(data, dict) and data and all(map(_is_absent, data.values()))):
        path, reason = encoder.problems[0]
        raise Unsaveable(reason, path)
    return Encoded(data, encoder.problems)


def _is_absent(data: Any) -> bool:
    return isinstance(data, dict) and data.get(TAG) == "absent"


class _Encoder:
    def __init__(self, as_state: bool) -> None:
        self._as_state = as_state
        self._done: dict[int, tuple[Any, Any]] = {}  # the original is kept: an id is of use while its object lives
        self._open: set[int] = set()
        self._nodes = 0
        self.problems: list[tuple[str, str]] = []

    def encode(self, obj: Any, path: str, depth: int) -> Any:
        kind = type(obj)
        if kind in _ATOMS and _is_plain_atom(obj):
            return obj
        found = self._done.get(id(obj))
        if found is not None:
            return found[1]
        try:
            self._count(1, depth)
            if id(obj) in self._open:
                raise Unsaveable("contains itself")
            self._open.add(id(obj))
            try:
                data = self._encode_new(obj, path, depth)
            finally:
                self._open.discard(id(obj))
        except Unsaveable as error:
            error.path = error.path or path
            if not self._as_state:
                raise
            return self._absent(obj, error)
        self._done[id(obj)] = (obj, data)
        return data

    def _absent(self, obj: Any, error: Unsaveable) -> dict[str, Any]:
        self.problems.append((error.path, error.reason))
        return {TAG: "absent", "type": type(obj).__name__}

    def _count(self, nodes: int, depth: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Unsaveable(f"holds more than {MAX_NODES:,} values: make a tensor of them")
        if depth > MAX_DEPTH:
            raise Unsaveable(f"is nested more than {MAX_DEPTH} levels deep")

    def _encode_new(self, obj: Any, path: str, depth: int) -> Any:
        if isinstance(obj, torch.Tensor):
            return self._tensor(obj)
        kind = type(obj)
        if kind is list or kind is tuple or (self._as_state and isinstance(obj, list)):
            if kind is list and (scalars := _uniform_scalars(obj)) is not None:
                return scalars
            items = self._items(obj, path, depth)
            return tuple(items) if kind is tuple else items
        if isinstance(obj, dict):
            return self._dict(obj, path, depth)
        if kind in (set, frozenset):
            return {TAG: kind.__name__, "items": self._items(obj, path, depth)}
        if kind is collections.deque:
            return {TAG: "deque", "items": self._items(obj, path, depth), "maxlen": obj.maxlen}
        if is_array(obj):
            dtype, data = array_to_plain(obj)
            return {TAG: "ndarray", "dtype": dtype, "data": data}
        if is_scalar(obj):
            dtype, value = scalar_to_plain(obj)
            return {TAG: "scalar", "dtype": dtype, "value": value}
        if kind is range:
            return {TAG: "range", "items": [obj.start, obj.stop, obj.step]}
        if kind is bytearray:
            return {TAG: "bytearray", "data": bytes(obj) or None}
        if kind is bytes:
            return {TAG: "bytes", "data": None}
        if kind is int:
            return {TAG: "int", "hex": hex(obj)}
        raise Unsaveable(f"{_full_name(kind)} objects can only be saved with pickle")

    def _tensor(self, tensor: torch.Tensor) -> Any:
        data: Any = {TAG: "sparse", **sparse_parts(tensor)} if is_sparse(tensor) else strided(tensor)
        if self._as_state:
            return data
        parameter = isinstance(tensor, torch.nn.Parameter)
        if tensor.device.type == "cpu" and not tensor.requires_grad and not parameter:
            return data
        note = {"device": str(tensor.device), "requires_grad": tensor.requires_grad and tensor.is_leaf}
        return {TAG: "parameter" if parameter else "tensor", "data": data, **note}

    def _items(self, items: Iterable[Any], path: str, depth: int) -> list[Any]:
        items = list(items)
        self._count(len(items), depth)
        kinds = set(map(type, items))
        if kinds <= _ATOMS and (kinds.isdisjoint((int, bytes)) or all(map(_is_plain_atom, items))):
            return items  # a long history costs little
        return [self.encode(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(items)]

    def _dict(self, obj: dict[Any, Any], path: str, depth: int) -> Any:
        kind = type(obj)
        if (
            kind not in (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
            and not self._as_state
        ):
            raise Unsaveable(f"{_full_name(kind)} objects can only be saved with pickle")
        self._count(len(obj), depth)
        pairs = []
        for key, child in list(obj.items()):
            where = f"{path}.{key}" if path else str(key)
            try:
                pairs.append((key, self.encode(child, where, depth + 1)))
            except Unsaveable as error:
                error.path = error.path or where
                pairs.append((key, self._absent(child, error)))
        simple = all(_is_simple_key(key) for key, _ in pairs) and TAG not in obj
        if kind is collections.OrderedDict and simple:
            return collections.OrderedDict(pairs)
        if kind is collections.defaultdict or kind is collections.Counter or not simple:
            data: dict[str, Any] = {TAG: kind.__name__ if kind in _DICTS else "dict"}
            data["items"] = [[self.encode(key, path, depth + 1), child] for key, child in pairs]
            if isinstance(obj, collections.defaultdict):
                data["factory"] = _factory_name(obj.default_factory)
                if data["factory"] is None:
                    why = "its default_factory is not saved: it is kept where the name holds a defaultdict again"
                    self.problems.append((path, why))
            return data
        return dict(pairs)


_DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)


def _is_plain_atom(obj: Any) -> bool:
    """False for the two that the weights_only reader does not take: enormous integers and empty bytes."""
    if type(obj) is int:
        return obj.bit_length() <= _MAX_BITS
    return obj != b"" if type(obj) is bytes else True


def _is_simple_key(key: Any) -> bool:
    if type(key) is tuple:
        return all(_is_simple_key(part) for part in key)
    return type(key) in _KEYS and _is_plain_atom(key)


def _uniform_scalars(items: list[Any]) -> dict[str, Any] | None:
    """A list of numpy scalars of one dtype (losses collected without ``float()``) as one node."""
    if not items or not is_scalar(items[0]) or len(set(map(type, items))) != 1:
        return None
    plain = [scalar_to_plain(item) for item in items]
    if len({dtype for dtype, _ in plain}) != 1:
        return None
    return {TAG: "scalars", "dtype": plain[0][0], "values": [value for _, value in plain]}


def _factory_name(factory: Any) -> str | None:
    if factory is None:
        return ""
    return next((name for name, known in FACTORIES.items() if known is factory), None)


def _full_name(kind: type) -> str:
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
