"""About how large a training's state will be once its optimizer has taken a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from jupyter_ckpt.state.tracked import Tracked

_PER_PARAMETER = {
    **dict.fromkeys(("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adadelta"), 2),
    **dict.fromkeys(("RMSprop", "Adagrad"), 1),
}
"""Tensors of the parameter's size that an optimizer keeps for it; those not listed none before a step."""
_FRAME = 1 << 20
"""What the file has beside them, with a hundredth: headers, names, small values."""


def expected_bytes(tracked: Iterable[Tracked]) -> int:
    """Bytes of the models' and optimizers' tensors, what an optimizer will have after its first step included."""
    total = 0
    for one in tracked:
        try:
            obj = one.current()
        except KeyError:
            continue
        if isinstance(obj, nn.Module):
            total += sum(_nbytes(tensor) for tensor in (*obj.parameters(), *obj.buffers()))
        elif isinstance(obj, torch.optim.Optimizer):
            total += _of_optimizer(obj)
    return int(total * 1.01) + _FRAME if total else 0


def _of_optimizer(optimizer: torch.optim.Optimizer) -> int:
    held = [value for state in optimizer.state.values() if isinstance(state, dict) for value in state.values()]
    if held:
        return sum(_nbytes(value) for value in held if isinstance(value, torch.Tensor))
    count: Any = _PER_PARAMETER.get(type(optimizer).__name__, 0)
    if type(optimizer).__name__ == "SGD":
        count = any(group.get("momentum") for group in optimizer.param_groups)
    params = (param for group in optimizer.param_groups for param in group["params"] if param.requires_grad)
    return int(count) * sum(_nbytes(param) for param in params)


def _nbytes(tensor: torch.Tensor) -> int:
    return 0 if is_lazy(tensor) else tensor.numel() * tensor.element_size()
