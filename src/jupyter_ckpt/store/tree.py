"""From a state tree to a torch archive's pickle and the memory ranges that hold its tensors.

`torch.save` writes whole storages under the device they were on. Here every tensor's bytes are placed as a range
of memory instead: a small view of a large buffer costs its own bytes only, tied and overlapping tensors still
share one entry, and all locations say ``cpu`` so that a file from a GPU opens on a laptop without
``map_location``.
"""

from __future__ import annotations

import codecs
import collections
import functools
import io
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from jupyter_ckpt.errors import UsageProblem

_PROTOCOL = 2  # the one that torch's weights_only reader was made for
NODE_BUDGET = 5_000_000
"""Values in a tree, one that is met twice counted twice: what is read is walked without looking back."""
DEPTH = 600
"""Levels of containers; `state.values` makes at most half as many."""
FREE_CLAIM = 64 << 20
"""Bytes that a tensor may claim beyond its memory (expanded ones do); the reader refuses more."""
_MAX_BITS = 2000  # the weights_only reader takes integers of up to 255 bytes
_PASSED_THROUGH = (torch.Size, torch.dtype, torch.device, collections.OrderedDict, complex, bytearray)


@dataclass
class Payload:
    """One storage entry of the archive.

    Parameters
    ----------
    key : str
        Its number in the archive: entry ``data/<key>``.
    dtype : torch.dtype
        Element type, the same for every tensor in it.
    source : torch.Tensor
        One-dimensional, contiguous, of ``dtype``, on any device: the range of memory to write. A copy of it may
        take its place.
    """

    key: str
    dtype: torch.dtype
    source: torch.Tensor

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.source.numel() * self.source.element_size()


class Placed(NamedTuple):
    """Where a tensor of the tree lies: dotted ``path``, type and ``shape``, payload, first element, strides."""

    path: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    payload: Payload
    offset: int
    stride: tuple[int, ...]

    @property
    def tensor(self) -> torch.Tensor:
        """The tensor, in whatever memory its payload is now."""
        source = self.payload.source
        return source.as_strided(self.shape, self.stride, int(source.storage_offset()) + self.offset)

    @property
    def is_whole(self) -> bool:
        """True when its bytes in C order are exactly the payload's bytes, so that one digest serves both."""
        if math.prod(self.shape) != self.payload.source.numel():
            return False
        return self.stride == _contiguous_stride(self.shape)


@dataclass
class Flattened:
    """A tree taken apart: ``pickle`` bytes (entry ``data.pkl``), ``payloads`` and every tensor's place."""

    pickle: bytes
    payloads: list[Payload] = field(default_factory=list)
    tensors: list[Placed] = field(default_factory=list)


class _StorageRef:
    """Stands for a payload while pickling; becomes a persistent id."""

    __slots__ = ("payload",)

    def __init__(self, payload: Payload) -> None:
        self.payload = payload


def flatten(tree: Mapping[str, Any]) -> Flattened:
    """Take a tree of plain containers, scalars and tensors apart for writing. Nothing is copied.

    Raises
    ------
    UsageProblem
        When it holds an object that only a pickle could bring back, or is unreasonably large.
    """
    found = _collect(tree)
    payloads, places = _place(found)
    buffer = io.BytesIO()
    try:
        _TreePickler(buffer, places).dump(tree)
    except RecursionError as error:
        raise UsageProblem("the state is nested too deeply to be saved") from error
    return Flattened(buffer.getvalue(), payloads, list(places.values()))


def _collect(tree: Mapping[str, Any]) -> list[tuple[str, torch.Tensor]]:
    """Every distinct tensor object with the first dotted path that leads to it, in order."""
    found: list[tuple[str, torch.Tensor]] = []
    seen: set[int] = set()
    stack: list[tuple[str, Any, int]] = [("", tree, 0)]
    nodes = 0
    while stack:
        path, node, depth = stack.pop()
        nodes += 1
        if depth > DEPTH:
            raise UsageProblem(f"{path[:60]}…: the state is nested more than {DEPTH} levels deep, or holds itself")
        if nodes > NODE_BUDGET:
            raise UsageProblem(f"the state has more than {NODE_BUDGET:,} values: save it as tensors instead")
        if isinstance(node, torch.Tensor):
            if id(node) not in seen:
                seen.add(id(node))
                found.append((path, node))
        elif isinstance(node, (dict, list, tuple)):
            pairs = node.items() if isinstance(node, dict) else enumerate(node)
            prefix = path + "." if path else ""
            stack.extend(reversed([(f"{prefix}{key}", child, depth + 1) for key, child in pairs]))
        elif (type(node) is int and node.bit_length() > _MAX_BITS) or (type(node) is bytes and not node):
            what = "empty bytes" if isinstance(node, bytes) else f"an integer of {node.bit_length():,} bits"
            raise UsageProblem(f"{path}: {what} cannot be read back by torch.load(weights_only=True)")
    return found


class _Seen(NamedTuple):
    """A tensor of the tree, and the first and past-the-end byte that it touches in its storage.

    ``is_lazy``: a conjugate or negative that is yet to be computed, or one value repeated so often that the reader
    would refuse it. Such a tensor is written as what it means.
    """

    path: str
    tensor: torch.Tensor
    start: int
    end: int
    is_lazy: bool


def _place(found: list[tuple[str, torch.Tensor]]) -> tuple[list[Payload], dict[int, Placed]]:
    """Group tensors whose memory overlaps; each group is one payload. Places are keyed by ``id(tensor)``."""
    payloads: list[Payload] = []
    places: dict[int, Placed] = {}
    for cluster in _shared(found):
        first = cluster[0].tensor
        if not cluster[0].is_lazy:
            size = first.element_size()
            start, end = cluster[0].start // size, max(seen.end for seen in cluster) // size
            source = torch.as_strided(first.detach(), (end - start,), (1,), start)
            payload = Payload(str(len(payloads)), first.dtype, source)
            payloads.append(payload)
            for path, t, begin, past, _ in cluster:
                offset = begin // size - start if past else 0
                places[id(t)] = Placed(path, t.dtype, tuple(t.shape), payload, offset, tuple(t.stride()))
            continue
        for path, t, *_ in cluster:
            source = t.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
            shape = tuple(t.shape)
            payload = Payload(str(len(payloads)), t.dtype, source)
            payloads.append(payload)
            places[id(t)] = Placed(path, t.dtype, shape, payload, 0, _contiguous_stride(shape))
    return payloads, places


def _shared(found: list[tuple[str, torch.Tensor]]) -> list[list[_Seen]]:
    """The tensors in groups that share memory, in the order of the tree; most groups are of one.

    A torch file cannot say that one memory is seen as two types, so those are different groups.
    """
    groups: dict[Any, list[_Seen]] = {}
    for number, (path, tensor) in enumerate(found):
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
            raise UsageProblem(f"{path}: a {tensor.layout} tensor on {tensor.device} cannot be saved as it is")
        seen = _look_at(path, tensor)
        pointer = tensor.untyped_storage().data_ptr() if seen.end else 0
        key = (tensor.device, pointer, tensor.dtype, seen.is_lazy) if pointer else number
        groups.setdefault(key, []).append(seen)
    return [cluster for group in groups.values() for cluster in _clusters(group)]


def _look_at(path: str, tensor: torch.Tensor) -> _Seen:
    count, size = tensor.numel(), tensor.element_size()
    if count == 0:
        return _Seen(path, tensor, 0, 0, tensor.is_conj() or tensor.is_neg())
    first = int(tensor.storage_offset())
    if tensor.is_contiguous():
        last = first + count - 1
    else:
        last = first + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
    start, end = first * size, (last + 1) * size
    inflated = max(FREE_CLAIM, end - start) < count * size
    return _Seen(path, tensor, start, end, tensor.is_conj() or tensor.is_neg() or inflated)


def _clusters(group: list[_Seen]) -> list[list[_Seen]]:
    """Tensors of one storage, split where no memory is shared, in order of address."""
    if len(group) == 1:
        return [group]
    clusters: list[list[_Seen]] = []
    reach = -1
    for seen in sorted(group, key=lambda one: (one.start, one.end)):
        if seen.start < reach:
            clusters[-1].append(seen)
        else:
            clusters.append([seen])
        reach = max(reach, seen.end)
    return clusters


class _TreePickler(pickle.Pickler):
    """Writes what torch's weights_only reader accepts and refuses the rest."""

    def __init__(self, buffer: io.BytesIO, places: dict[int, Placed]) -> None:
        super().__init__(buffer, protocol=_PROTOCOL)
        self._places = places

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) is not _StorageRef:
            return None
        payload = obj.payload
        kind = _storage_class(payload.dtype)
        count = payload.nbytes if kind is torch.UntypedStorage else payload.source.numel()
        return ("storage", kind, payload.key, "cpu", count)

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, torch.Tensor):
            if id(obj) not in self._places:
                raise UsageProblem("a tensor as a key or within a set cannot be saved: put it into a list or dict")
            return self._reduce_tensor(self._places[id(obj)])
        if isinstance(obj, _PASSED_THROUGH) or _is_storage_class(obj) or any(obj is call for call in _CALLS):
            return NotImplemented
        kind = obj if isinstance(obj, type) else type(obj)
        raise UsageProblem(f"a {kind.__module__}.{kind.__qualname__} cannot be saved without pickle")

    @staticmethod
    def _reduce_tensor(place: Placed) -> tuple[Any, tuple[Any, ...]]:
        args: tuple[Any, ...] = (
            _StorageRef(place.payload),
            place.offset,
            place.shape,
            place.stride,
            False,
            collections.OrderedDict(),
        )
        if _storage_class(place.payload.dtype) is torch.UntypedStorage:
            return torch._utils._rebuild_tensor_v3, (*args, place.payload.dtype)
        return torch._utils._rebuild_tensor_v2, args


def _contiguous_stride(shape: tuple[int, ...]) -> tuple[int, ...]:
    stride, step = [], 1
    for n in reversed(shape):
        stride.append(step)
        step *= max(n, 1)
    return tuple(reversed(stride))


@functools.cache  # asked twice for each tensor
def _storage_class(dtype: torch.dtype) -> Any:
    """The class that stands for ``dtype`` in a torch file: ``torch.FloatStorage``; untyped for newer types."""
    name = torch.storage._dtype_to_storage_type_map().get(dtype)
    return torch.UntypedStorage if name is None else getattr(torch, name)


def _is_storage_class(obj: Any) -> bool:
    return isinstance(obj, type) and obj.__module__ in ("torch", "torch.storage") and obj.__name__.endswith("Storage")


_CALLS = (
    torch._utils._rebuild_tensor_v2,
    torch._utils._rebuild_tensor_v3,
    collections.OrderedDict,
    torch.Size,
    torch.device,
    codecs.encode,  # how protocol 2 spells bytes
    complex,
    bytearray,
)
