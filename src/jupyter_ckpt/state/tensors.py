"""A live tensor as one that can be written: detached, not copied, or taken apart when it is sparse."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from jupyter_ckpt.state.arrays import Unsaveable

_COMPRESSED = {
    torch.sparse_csr: ("crow_indices", "col_indices"),
    torch.sparse_csc: ("ccol_indices", "row_indices"),
    torch.sparse_bsr: ("crow_indices", "col_indices"),
    torch.sparse_bsc: ("ccol_indices", "row_indices"),
}
_LAYOUTS = {str(layout): layout for layout in _COMPRESSED}


def strided(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself without its graph, its class and its gradient; the memory is shared.

    Raises
    ------
    Unsaveable
        When it has no plain memory: uninitialised, on the meta device, quantized, nested, sparse or a wrapper of
        other tensors.
    """
    if is_lazy(tensor):
        raise Unsaveable("is not initialised yet (a lazy module: run one batch through it first)")
    if tensor.is_nested:
        raise Unsaveable("is a nested tensor, which has no plain form")
    if is_traceable_wrapper_subclass(tensor):
        raise Unsaveable(f"is a {type(tensor).__name__}, which has no memory of its own")
    if tensor.device.type == "meta":
        raise Unsaveable("is on the meta device and has no values")
    if tensor.is_quantized:
        raise Unsaveable("is a quantized tensor, which has no plain form")
    if tensor.layout != torch.strided:
        raise Unsaveable(f"is a {tensor.layout} tensor")
    plain = tensor.detach()
    return plain if type(plain) is torch.Tensor else plain.as_subclass(torch.Tensor)


def devices_of(data: Any) -> list[str]:
    """The devices of all tensors within plain containers."""
    found: set[str] = set()
    seen: set[int] = set()
    pending = [data]
    while pending:
        node = pending.pop()
        if isinstance(node, torch.Tensor):
            found.add(str(node.device))
        elif isinstance(node, (dict, list, tuple)) and id(node) not in seen:
            seen.add(id(node))
            pending.extend(node.values() if isinstance(node, dict) else node)
    return sorted(found)


def is_sparse(tensor: torch.Tensor) -> bool:
    """True when `sparse_parts` can take it apart."""
    return not is_lazy(tensor) and (tensor.layout is torch.sparse_coo or tensor.layout in _COMPRESSED)


def sparse_parts(tensor: torch.Tensor) -> dict[str, Any]:
    """A sparse tensor as plain tensors and sizes; inverse: `sparse_from_parts`."""
    tensor = tensor.detach()
    size = list(tensor.shape)
    if tensor.layout is torch.sparse_coo:
        coalesced = tensor.is_coalesced()
        return {
            "layout": str(tensor.layout),
            "indices": tensor._indices(),
            "values": tensor._values(),
            "size": size,
            "coalesced": coalesced,
        }
    first, second = _COMPRESSED[tensor.layout]
    return {
        "layout": str(tensor.layout),
        "compressed": getattr(tensor, first)(),
        "plain": getattr(tensor, second)(),
        "values": tensor.values(),
        "size": size,
    }


def sparse_from_parts(parts: dict[str, Any]) -> torch.Tensor:
    """Inverse of `sparse_parts`; checks that the indices lie inside the size."""
    size = [int(n) for n in parts["size"]]
    if parts["layout"] == str(torch.sparse_coo):
        tensor = torch.sparse_coo_tensor(parts["indices"], parts["values"], size, check_invariants=True)
        return tensor._coalesced_(True) if parts.get("coalesced") else tensor
    return torch.sparse_compressed_tensor(
        parts["compressed"],
        parts["plain"],
        parts["values"],
        size,
        layout=_LAYOUTS[parts["layout"]],
        check_invariants=True,
    )
