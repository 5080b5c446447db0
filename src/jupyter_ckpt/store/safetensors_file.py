"""A state tree in the safetensors format: tensors by name, nothing else but texts beside them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from jupyter_ckpt.errors import UsageProblem

VALUES_KEY = "values"
"""Metadata key of the JSON object that has every value that is no tensor under its dotted path."""
_PLAIN = (bool, int, float, str, type(None))
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def safetensors_writer(
    content: Mapping[str, Any], metadata: dict[str, str], *, with_values: bool
) -> tuple[Callable[[int, Path], None], list[str]]:
    """What writes ``content`` to a path, and what cannot go into such a file.

    A tensor that is met under several names is written once, under the first of them in order of the alphabet; the
    metadata has the others, each with the one that was kept, as ``safetensors.torch.save_model`` does.

    Parameters
    ----------
    content : mapping
        The tree.
    metadata : dict
        Texts to go with it; ``format`` says ``pt`` unless given.
    with_values : bool
        Put values that are no tensors into the metadata; else they are left out, and named.

    Raises
    ------
    UsageProblem
        When the library is missing.
    """
    try:
        import safetensors.torch
        from safetensors import SafetensorError
    except ImportError as error:
        raise UsageProblem("a .safetensors file needs its library: pip install safetensors") from error
    tensors, values, left_out = _flat(content)
    for name in [name for name, tensor in tensors.items() if not _can_hold(tensor.dtype)]:
        left_out.append(f"{name}: safetensors has no {str(tensors.pop(name).dtype).removeprefix('torch.')}")
    kept, others = _tied(tensors)
    texts = {"format": "pt", **metadata}
    for name, first in others.items():
        texts.setdefault(name, first)
    if with_values:
        texts[VALUES_KEY] = json.dumps(values, ensure_ascii=False)
    else:
        left_out += [f"{name}: not a tensor" for name in values]

    def write(fd: int, path: Path) -> None:
        whole = {name: tensor.detach().resolve_conj().resolve_neg().contiguous() for name, tensor in kept.items()}
        try:
            safetensors.torch.save_file(whole, path, metadata=texts)
        except SafetensorError as error:  # the library's own I/O errors have their number in the text only
            found = _OS_ERROR.search(str(error))
            if found is None:
                raise UsageProblem(f"safetensors cannot write this: {error}") from error
            raise OSError(int(found[1]), os.strerror(int(found[1]))) from error

    return write, left_out


def _flat(content: Mapping[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, Any], list[str]]:
    """Tensors and JSON values by dotted path, and what is neither."""
    tensors: dict[str, torch.Tensor] = {}
    values: dict[str, Any] = {}
    left_out: list[str] = []
    stack: list[tuple[str, Any]] = [("", content)]
    while stack:
        path, node = stack.pop()
        if path in tensors or path in values:
            left_out.append(f"{path}: two entries would have this name")
        elif isinstance(node, torch.Tensor):
            if node.layout == torch.strided and node.device.type != "meta" and not node.is_quantized:
                tensors[path] = node
            else:
                left_out.append(f"{path}: a {node.layout} tensor on {node.device}")
        elif isinstance(node, (list, tuple)) and all(isinstance(child, _PLAIN) for child in node):
            values[path] = list(node)
        elif isinstance(node, (Mapping, list, tuple)) and (node or not path):
            pairs = node.items() if isinstance(node, Mapping) else enumerate(node)
            stack += reversed([(f"{path}.{key}" if path else str(key), child) for key, child in pairs])
        elif isinstance(node, (*_PLAIN, Mapping)):
            values[path] = node if isinstance(node, _PLAIN) else {}
        else:
            left_out.append(f"{path}: a {type(node).__name__} is neither a tensor nor JSON")
    return tensors, values, left_out


def _tied(tensors: Mapping[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors, each memory once, and for the other names of one the name that was kept.

    Views that only overlap are kept apart, each with bytes of its own.
    """
    kept: dict[str, torch.Tensor] = {}
    others: dict[str, str] = {}
    first: dict[tuple[Any, ...], str] = {}
    for name in sorted(tensors):
        tensor = tensors[name]
        lazy = (tensor.is_conj(), tensor.is_neg())
        key = (tensor.data_ptr(), str(tensor.device), tensor.dtype, tensor.shape, tensor.stride(), lazy)
        if tensor.numel() and key in first:
            others[name] = first[key]
        else:
            first[key] = name
            kept[name] = tensor
    shared: dict[tuple[str, int], int] = {}
    for tensor in kept.values():
        place = (str(tensor.device), tensor.untyped_storage().data_ptr())
        shared[place] = shared.get(place, 0) + 1
    for name, tensor in kept.items():
        if tensor.numel() and shared[str(tensor.device), tensor.untyped_storage().data_ptr()] > 1:
            kept[name] = tensor.detach().clone(memory_format=torch.contiguous_format)  # the library refuses the rest
    return kept, others


def _can_hold(dtype: torch.dtype) -> bool:
    """Ask the library, whose list grows from version to version."""
    import safetensors.torch

    try:
        safetensors.torch.save({"x": torch.empty(0, dtype=dtype)})
    except Exception:  # noqa: BLE001 - KeyError, ValueError, SafetensorError: by version
        return False
    return True
