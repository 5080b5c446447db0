"""What a pass through a loader can do, whatever the loader is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class GoOn:
    """A pass to go on with.

    Parameters
    ----------
    state : mapping
        `Run.state` of it.
    settle : mapping
        Global random states to put when the place has been found again.
    """

    state: Mapping[str, Any]
    settle: Mapping[str, Any]


class Run(Protocol):
    """A pass that is running."""

    @property
    def done(self) -> int:
        """Batches of this pass handed out so far."""

    @property
    def remark(self) -> str:
        """Why this pass did not go on exactly; empty when it did, or is a fresh one."""

    def step(self) -> Any:
        """The next batch; `StopIteration` at the end."""

    def why(self) -> str:
        """Why a resume from here would not be exact; empty when it would."""

    def state(self) -> dict[str, Any]:
        """What a resume needs, plain."""

    def release(self) -> None:
        """Let go of the loader's iterator and its workers; `state` stays right."""


def has_state(thing: Any) -> bool:
    """It has ``state_dict`` and ``load_state_dict``."""
    return callable(getattr(thing, "state_dict", None)) and callable(getattr(thing, "load_state_dict", None))
