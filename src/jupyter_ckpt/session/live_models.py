"""The models that the last save or resume was about: are they still the same objects, and were they trained since?"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_ckpt.state.tracked import Kind, Tracked
from jupyter_ckpt.state.wrappers import unwrap


class LiveModels:
    """What is known of the models in memory; holds none of them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[weakref.ref[Any], int]] = {}

    def remember(self, tracked: Sequence[Tracked]) -> None:
        """The models are now what a checkpoint holds."""
        self._known = {name: (weakref.ref(model), _version(model)) for name, model in _models(tracked)}

    def are_made_anew(self, tracked: Sequence[Tracked]) -> bool:
        """A cell has put another object under a model's name: its weights are not the ones that were trained."""
        return any(name in self._known and self._known[name][0]() is not model for name, model in _models(tracked))

    def are_trained(self, tracked: Sequence[Tracked]) -> bool:
        """The weights have changed since; those of a model that was made anew do not count."""
        for name, model in _models(tracked):
            known, version = self._known.get(name, (None, 0))
            if known is not None and known() is model and _version(model) != version:
                return True
        return False


def _models(tracked: Sequence[Tracked]) -> Iterator[tuple[str, Any]]:
    for one in tracked:
        if one.kind is Kind.MODEL:
            with contextlib.suppress(KeyError):  # its name stands for nothing any more
                yield one.name, unwrap(one.current())


def _version(model: Any) -> int:
    """Torch counts each change of a tensor in place."""
    try:
        return sum(parameter._version for parameter in model.parameters())
    except (AttributeError, RuntimeError):  # tensors made in inference mode count nothing
        return 0
