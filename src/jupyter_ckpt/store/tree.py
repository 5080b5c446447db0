"""From a state tree to a torch archive's pickle and the memory ranges that hold its tensors.

`torch.save` writes whole storages under the device they were on. Here every tensor's bytes are placed as a range
of memory instead: a small view of a large buffer costs its own bytes only, tied and overlapping tensors still
share one entry, and all locations say ``cpu`` so that a file from a GPU opens on a laptop without
``map_location``.
"""

from __future__ import annotations

import codecs
import collections
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
        One-dimensional, contiguous, of ``dtype``, on any device: the range of memory to write.
    """

    key: str
    dtype: torch.dtype
    source: torch.Tensor

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.source.numel() * self.source.element_size()


@dataclass(frozen=True)
class Placed:
    """A tensor of the tree: dotted ``path``, the tensor, and where it lies: payload, first element, strides."""

    path: str
    tensor: torch.Tensor
    payload: Payload
    offset: int
    stride: tuple[int, ...]

    def moved_to(self, payload: Payload) -> Placed:
        """The same place in a copy of its payload."""
        shape = tuple(self.tensor.shape)
        start = int(payload.source.storage_offset()) + self.offset
        return Placed(
            self.path, payload.source.as_strided(shape, self.stride, start), payload, self.offset, self.stride
        )

    @property
    def is_whole(self) -> bool:
        """True when its bytes in C order are exactly the payload's bytes, so that one digest serves both."""
        return self.tensor.numel() == self.payload.source.numel() and self.stride == _contiguous_stride(
            tuple(self.tensor.shape)
        )


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


def _place(found: list[tuple[str, torch.Tensor]]) -> tuple[list[Payload], dict[int, Placed]]:
    """Group tensors whose memory overlaps; each group is one payload. Places are keyed by ``id(tensor)``."""
    payloads: list[Payload] = []
    places: dict[int, Placed] = {}
    for cluster in _shared(found):
        first = cluster[0][1]
        if not (first.is_conj() or first.is_neg() or _is_inflated(first)):
            size = first.element_size()
            start, end = min(_extent(t)[0] for _, t in cluster), max(_extent(t)[1] for _, t in cluster)
            source = torch.as_strided(first.detach(), ((end - start) // size,), (1,), start // size)
            payload = Payload(str(len(payloads)), first.dtype, source)
            payloads.append(payload)
            for path, t in cluster:
                offset = int(t.storage_offset()) - start // size if t.numel() else 0
                places[id(t)] = Placed(path, t, payload, offset, tuple(t.stride()))
            continue
        for path, t in cluster:  # a lazy conjugate or negative, or one value repeated: written as what it means
            source = t.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
            payload = Payload(str(len(payloads)), t.dtype, source)
            payloads.append(payload)
            places[id(t)] = Placed(path, t, payload, 0, _contiguous_stride(tuple(t.shape)))
    return payloads, dict(sorted(places.items(), key=lambda item: int(item[1].payload.key)))


def _shared(found: list[tuple[str, torch.Tensor]]) -> list[list[tuple[str, torch.Tensor]]]:
    """The tensors in groups that share memory, in the order of the tree; most groups are of one.

    A torch file cannot say that one memory is seen as two types, so those are different groups.
    """
    groups: dict[tuple[Any, ...], list[tuple[str, torch.Tensor]]] = {}
    for number, (path, tensor) in enumerate(found):
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type == "meta":
            raise UsageProblem(f"{path}: a {tensor.layout} tensor on {tensor.device} cannot be saved as it is")
        pointer = tensor.untyped_storage().data_ptr() if tensor.numel() else 0
        lazy = tensor.is_conj() or tensor.is_neg() or _is_inflated(tensor)
        key = (str(tensor.device), pointer, tensor.dtype, lazy) if pointer else (number,)
        groups.setdefault(key, []).append((path, tensor))
    return [cluster for group in groups.values() for cluster in _clusters(group)]


def _extent(tensor: torch.Tensor) -> tuple[int, int]:
    """First and past-the-end byte that the tensor touches in its storage."""
    if tensor.numel() == 0:
        return 0, 0
    size = tensor.element_size()
    last = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
    first = int(tensor.storage_offset())
    return first * size, (first + last + 1) * size


def _is_inflated(tensor: torch.Tensor) -> bool:
    """True for an expanded tensor that claims so much more than its memory that the reader would refuse it."""
    start, end = _extent(tensor)
    return max(FREE_CLAIM, end - start) < tensor.numel() * tensor.element_size()


def _clusters(group: list[tuple[str, torch.Tensor]]) -> list[list[tuple[str, torch.Tensor]]]:
    """Tensors of one storage, split where no memory is shared, in order of address."""
    if len(group) == 1:
        return [group]
    clusters: list[list[tuple[str, torch.Tensor]]] = []
    reach = -1
    for path, tensor in sorted(group, key=lambda item: _extent(item[1])):
        start, end = _extent(tensor)
        if start < reach:
            clusters[-1].append((path, tensor))
        else:
            clusters.append([(path, tensor)])
        reach = max(reach, end)
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
            tuple(place.tensor.shape),
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
