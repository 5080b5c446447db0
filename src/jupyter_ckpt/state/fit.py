"""How well a saved thing fits a live one: what is missing, unexpected or of another shape, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.revive import absences
from jupyter_ckpt.state.sure_copy import Copy
from jupyter_ckpt.state.tracked import Kind
from jupyter_ckpt.state.undo import Undo

SHOWN = 12
"""Keys shown of a long list; the rest is counted."""


@dataclass
class Fit:
    """What was found out about one tracked object, before anything is changed.

    Parameters
    ----------
    name, kind
        Of the tracked object.
    misshaped, missing, unexpected, other : list of str
        Why it does not fit: keys with both shapes; keys that only the live object has; that only the checkpoint
        has; and whole sentences.
    apply : callable or None
        Loads what fits. None when nothing can be loaded.
    remember : callable
        Called before `apply`; returns the way back.
    copies : list of Copy
        Left for the very end: what is to be copied straight into live tensors. `apply` may add to it.
    items : list of Item
        What the receipt says when `apply` has succeeded.
    """

    name: str
    kind: Kind
    misshaped: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    apply: Callable[[], None] | None = None
    remember: Callable[[], Undo] = field(default=lambda: lambda: None)
    copies: list[Copy] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """True when all of it can be loaded."""
        return not (self.misshaped or self.missing or self.unexpected or self.other)

    def lines(self) -> list[str]:
        """The problems, each line beginning with the object's name."""
        lines = [*self.other, *_cut(self.misshaped)]
        if self.missing:
            lines.append(f"missing in the checkpoint: {enumerate_keys(self.missing)}")
        if self.unexpected:
            lines.append(f"only in the checkpoint: {enumerate_keys(self.unexpected)}")
        return [f"{self.name}: {line}" for line in lines]

    def leftovers(self) -> list[Item]:
        """What the receipt says about the problems when the user wants the rest (``--no-strict``)."""
        kind = self.kind.value
        end = "" if self.apply is not None else "; left out, it starts as it is here"
        texts = (*self.other, *_cut(self.misshaped))
        items = [Item(self.name, kind, Outcome.SKIPPED, text + end) for text in texts]
        if self.missing:
            why = f"not in the checkpoint, left as it is: {enumerate_keys(self.missing)}"
            items.append(Item(self.name, kind, Outcome.MISSING, why))
        if self.unexpected:
            items.append(
                Item(self.name, kind, Outcome.EXTRA, f"only in the checkpoint: {enumerate_keys(self.unexpected)}")
            )
        return items


def shape_text(shape: Iterable[int]) -> str:
    """The sizes with a multiplication sign between them; ``one number`` for a tensor without dimensions."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, shape)) or "one number"


def dtype_text(dtype: torch.dtype) -> str:
    """``float32``."""
    return str(dtype).removeprefix("torch.")


def enumerate_keys(keys: Iterable[str]) -> str:
    """The first keys, and how many more."""
    keys = list(keys)
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more


def conversions(pairs: Iterable[tuple[Any, Any]]) -> str:
    """``float32 → bfloat16, cuda:0 → cpu``, of (saved, live) pairs; empty when nothing is converted."""
    texts = dict.fromkeys(f"{saved} → {live}" for saved, live in pairs if saved != live)
    return ", ".join(texts)


def lost_items(name: str, kind: Kind, saved: Any) -> list[Item]:
    """What a receipt says about the parts of a state that the checkpoint could not hold."""
    lost = absences(saved)
    if not lost:
        return []
    return [Item(name, kind.value, Outcome.NOT_EXACT, f"{enumerate_keys(lost)} could not be saved: left as it is")]


def _cut(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - SHOWN} more of another shape"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more
