"""Small preservation policies, each of which picks the checkpoints it wants kept (the idea is Orbax's).

Pure: no file is touched. Policies are composed by OR in `preservation`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.store.metric_mode import Mode, best_of


class Candidate(Protocol):
    """What a policy looks at; `Checkpoint` is one."""

    @property
    def name(self) -> str: ...
    @property
    def epoch(self) -> int | None: ...
    @property
    def step(self) -> int | None: ...
    @property
    def metrics(self) -> Mapping[str, float]: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def size(self) -> int: ...
    @property
    def pinned(self) -> bool: ...
    @property
    def verified(self) -> str | None: ...
    @property
    def order(self) -> tuple[float, int, str]: ...


C = TypeVar("C", bound=Candidate)


class Choice(NamedTuple):
    """A policy's wish.

    Parameters
    ----------
    name : str
        The checkpoint.
    reason : str
        Why it is kept, for people.
    rank : float
        0 for the one that matters most to the policy; a disk budget takes the highest ranks first.
    """

    name: str
    reason: str
    rank: float


class Policy(Protocol):
    """One preservation policy."""

    kind: ClassVar[str]

    def choose(self, checkpoints: Sequence[C]) -> list[Choice]:
        """What to keep of these, which come newest first."""

    def describe(self) -> str:
        """A few words."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, with ``kind``."""


def _positive(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageProblem(f"{what} must be a whole number of 1 or more, not {str(value)[:40]!r}")
    return value


@dataclass(frozen=True)
class LatestN:
    """The newest ``n``."""

    n: int
    kind: ClassVar[str] = "latest"

    def __post_init__(self) -> None:
        _positive(self.n, "the number of last checkpoints")

    def choose(self, checkpoints: Sequence[C]) -> list[Choice]:
        """See `Policy`."""
        return [Choice(c.name, f"among the last {self.n}", i) for i, c in enumerate(checkpoints[: self.n])]

    def describe(self) -> str:
        """See `Policy`."""
        return f"the last {self.n}" if self.n > 1 else "the last one"

    def to_json(self) -> dict[str, Any]:
        """See `Policy`."""
        return {"kind": self.kind, "n": self.n}


@dataclass(frozen=True)
class BestN:
    """The best ``n`` by a metric; those without a finite value of it are no candidates; of equals the newer."""

    n: int
    metric: str
    mode: Mode
    kind: ClassVar[str] = "best"

    def __post_init__(self) -> None:
        _positive(self.n, "the number of best checkpoints")
        if not isinstance(self.metric, str) or not self.metric:
            raise UsageProblem("best needs a metric: add --metric NAME")
        if self.mode not in ("min", "max"):
            raise UsageProblem(f"mode is min or max, not {str(self.mode)[:40]!r}")

    def choose(self, checkpoints: Sequence[C]) -> list[Choice]:
        """See `Policy`."""
        ranked = best_of(checkpoints, self.metric, self.mode)[: self.n]
        return [
            Choice(c.name, f"number {i + 1} by {self.metric} ({c.metrics[self.metric]:g})", i)
            for i, c in enumerate(ranked)
        ]

    def describe(self) -> str:
        """See `Policy`."""
        return f"the best {self.n} by {self.metric} ({self.mode})"

    def to_json(self) -> dict[str, Any]:
        """See `Policy`."""
        return {"kind": self.kind, "n": self.n, "metric": self.metric, "mode": self.mode}


@dataclass(frozen=True)
class EveryEpochs:
    """The newest checkpoint of each epoch that ``n`` divides."""

    n: int
    kind: ClassVar[str] = "every_epochs"

    def __post_init__(self) -> None:
        _positive(self.n, "the number of epochs")

    def choose(self, checkpoints: Sequence[C]) -> list[Choice]:
        """See `Policy`."""
        return _every(self.n, "epoch", [(c.epoch, c.name) for c in checkpoints])

    def describe(self) -> str:
        """See `Policy`."""
        return f"every {_ordinal(self.n)}epoch"

    def to_json(self) -> dict[str, Any]:
        """See `Policy`."""
        return {"kind": self.kind, "n": self.n}


@dataclass(frozen=True)
class EverySteps:
    """The newest checkpoint of each step that ``n`` divides."""

    n: int
    kind: ClassVar[str] = "every_steps"

    def __post_init__(self) -> None:
        _positive(self.n, "the number of steps")

    def choose(self, checkpoints: Sequence[C]) -> list[Choice]:
        """See `Policy`."""
        return _every(self.n, "step", [(c.step, c.name) for c in checkpoints])

    def describe(self) -> str:
        """See `Policy`."""
        return f"every {_ordinal(self.n)}step"

    def to_json(self) -> dict[str, Any]:
        """See `Policy`."""
        return {"kind": self.kind, "n": self.n}


@dataclass(frozen=True)
class NewestPer:
    """The newest checkpoint of each UTC hour or day; with a limit, of the last so many that have one."""

    span: Literal["hour", "day"]
    limit: int | None = None
    kind: ClassVar[str] = "newest_per"

    def __post_init__(self) -> None:
        if self.span not in ("hour", "day"):
            raise UsageProblem(f"the time span is hour or day, not {str(self.span)[:40]!r}")
        if self.limit is not None:
            _positive(self.limit, f"the number of {self.span}s")

    def choose(self, checkpoints: Sequence[C]) -> list[Choice]:
        """See `Policy`."""
        length = 3600 if self.span == "hour" else 86400
        newest: dict[int, str] = {}
        for checkpoint in checkpoints:
            newest.setdefault(math.floor(checkpoint.order[0] / length), checkpoint.name)
        names = list(newest.values())[: self.limit]
        return [Choice(name, f"newest of its {self.span}", i + 0.5) for i, name in enumerate(names)]

    def describe(self) -> str:
        """See `Policy`."""
        which = f"the last {self.limit} {self.span}s" if self.limit else f"every {self.span}"
        return f"the newest of {'each of ' if self.limit else ''}{which}"

    def to_json(self) -> dict[str, Any]:
        """See `Policy`."""
        return {"kind": self.kind, "span": self.span, "limit": self.limit}


@dataclass(frozen=True)
class Tagged:
    """Those with any of these tags."""

    tags: tuple[str, ...]
    kind: ClassVar[str] = "tagged"

    def __post_init__(self) -> None:
        if isinstance(self.tags, str):
            raise UsageProblem(f"tags must be a list, not {self.tags[:40]!r}")
        object.__setattr__(self, "tags", tuple(self.tags))
        if not self.tags or not all(isinstance(tag, str) and tag for tag in self.tags):
            raise UsageProblem("keeping by tag needs at least one tag")

    def choose(self, checkpoints: Sequence[C]) -> list[Choice]:
        """See `Policy`."""
        chosen: list[Choice] = []
        for checkpoint in checkpoints:
            has = [tag for tag in self.tags if tag in checkpoint.tags]
            if has:
                chosen.append(Choice(checkpoint.name, f"tagged {', '.join(has)}", len(chosen) + 0.5))
        return chosen

    def describe(self) -> str:
        """See `Policy`."""
        return f"those tagged {' or '.join(self.tags)}"

    def to_json(self) -> dict[str, Any]:
        """See `Policy`."""
        return {"kind": self.kind, "tags": list(self.tags)}


def _every(n: int, what: str, numbered: Iterable[tuple[int | None, str]]) -> list[Choice]:
    newest: dict[int, str] = {}
    for number, name in numbered:
        if number is not None and number % n == 0:
            newest.setdefault(number, name)
    return [
        Choice(name, f"{what} {number}, every {_ordinal(n)}{what} is kept", i + 0.5)
        for i, (number, name) in enumerate(newest.items())
    ]


def _ordinal(n: int) -> str:
    if n == 1:
        return ""
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending} "


def policy_from_json(data: Any) -> Policy:
    """Inverse of ``to_json``.

    Raises
    ------
    UsageProblem
        For a kind that this version does not know, and for wrong values.
    """
    kinds: dict[str, type[Policy]] = {
        kind.kind: kind for kind in (LatestN, BestN, EveryEpochs, EverySteps, NewestPer, Tagged)
    }
    try:
        values = dict(data)
        made: Policy = kinds[values.pop("kind")](**values)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageProblem(f"not a preservation policy of this version: {str(data)[:80]}") from error
    return made
