"""The states that everything is measured on: of a transformer's shape, with AdamW after one step.

S is 12 million parameters (149 MB with AdamW's state), M 124 million (1.5 GB, GPT-2's sizes), F is M with nine tenths
of its parameters frozen, as in fine-tuning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

SHAPES = {"S": (6, 384, 4096, 512), "M": (12, 768, 50257, 1024)}
"""Layers, width, words and positions."""
_FROZEN = 0.9


@dataclass
class State:
    """What a training holds.

    Parameters
    ----------
    model : nn.Module
        Its parameters are all that there is: no forward pass is ever run.
    optimizer : torch.optim.AdamW
        Of the parameters that are not frozen.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer

    @property
    def tensors(self) -> list[torch.Tensor]:
        """Every tensor."""
        return [*self.model.parameters(), *(t for held in self.optimizer.state.values() for t in held.values())]

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self.tensors)

    def tree(self) -> dict[str, Any]:
        """As tutorials give it to ``torch.save``."""
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def step(self) -> None:
        """Train one step on made-up gradients."""
        with torch.no_grad():
            for parameter in self.model.parameters():
                if parameter.requires_grad:
                    parameter.grad = torch.full_like(parameter, 1e-3)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def __str__(self) -> str:
        return f"{self.nbytes / 1e6:,.0f} MB in {len(self.tensors)} tensors"


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)


class _Transformer(nn.Module):
    def __init__(self, layers: int, width: int, words: int, positions: int) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(words, width), nn.Embedding(positions, width)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(layers))
        self.last = nn.LayerNorm(width)


def build(name: str) -> State:
    """The state of that name."""
    torch.manual_seed(0)
    model = _Transformer(*SHAPES["M" if name == "F" else name])
    if name == "F":
        _freeze(model)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    state = State(model, torch.optim.AdamW(trained))
    state.step()
    return state


def _freeze(model: nn.Module) -> None:
    """Nine tenths of the parameters, from the first one on: what is fine-tuned is the end."""
    wanted = _FROZEN * sum(parameter.numel() for parameter in model.parameters())
    for parameter in model.parameters():
        if wanted <= 0:
            return
        parameter.requires_grad_(False)
        wanted -= parameter.numel()
