"""What a session saves: named by the user, or found in the notebook each time."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.receipt import Item
from jupyter_ckpt.state.discover import survey, track_names
from jupyter_ckpt.state.source import class_sources
from jupyter_ckpt.state.tracked import Kind, Tracked, classify, explain
from jupyter_ckpt.state.wrappers import unwrap


class Tracking:
    """The tracked objects.

    Parameters
    ----------
    namespace : dict
        The user's names.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.named: dict[str, Tracked] = {}
        """What the user named; empty: everything is found by itself."""

    def add(self, names: Sequence[str], objects: dict[str, Any]) -> None:
        """Track names of the notebook, and objects under names.

        Raises
        ------
        UnknownName, UsageProblem
            When one of them cannot be tracked; then nothing has changed.
        """
        found = {one.name: one for one in track_names(self.namespace, names)}
        for name, obj in objects.items():
            kind = classify(name, obj)
            if kind is None:
                raise UsageProblem(f"{name} {explain(obj)}")
            found[name] = Tracked(name, obj, kind)
        self.named.update(found)

    def remove(self, names: Sequence[str]) -> None:
        """Stop tracking these; without names all.

        Raises
        ------
        UnknownName
            When one of them is not tracked; then nothing has changed.
        """
        for name in names:
            if name not in self.named:
                raise UnknownName(f"{name} is not tracked; there are {', '.join(self.named) or 'none'}")
        for name in names or list(self.named):
            del self.named[name]

    def survey(self, names: Mapping[str, Any]) -> tuple[list[Tracked], list[Item]]:
        """What to save now, and notes about what was seen and left out.

        Parameters
        ----------
        names : mapping
            Where to look when the user named nothing.

        Raises
        ------
        NothingTracked, AmbiguousState
            When it is not clear what to save.
        """
        if self.named:
            return list(self.named.values()), []
        found = survey(names)
        return found.tracked, found.notes

    def sources(self, tracked: Sequence[Tracked], cells: Any) -> dict[str, Any]:
        """Sources of the classes that were defined in the notebook or the user's own files."""
        objects = {}
        for one in tracked:
            with contextlib.suppress(KeyError):
                objects[one.name] = one.current()
        found: dict[str, Any] = class_sources(objects, cells)
        return found


def class_of(tracked: Tracked) -> str:
    """The class of an object as its user calls it; empty when its name stands for nothing any more."""
    try:
        return type(unwrap(tracked.current())).__name__
    except KeyError:
        return ""


def title_of(tracked: Sequence[Tracked]) -> str:
    """What to call a run of these: the model's class."""
    for one in tracked:
        if one.kind is Kind.MODEL:
            return class_of(one) or "run"
    return "run"


def optimizers_of(tracked: Sequence[Tracked]) -> list[Any]:
    """The optimizers among them."""
    return [one.current() for one in tracked if one.kind is Kind.OPTIMIZER]
