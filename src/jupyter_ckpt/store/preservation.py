"""What to keep: policies composed by OR, pins above them, a disk budget after them. Pure, no file is touched.

Kept is what any policy wants, what is pinned, and always the newest checkpoint that is not known to be corrupt.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.store.metric_mode import Mode, guess_mode
from jupyter_ckpt.store.policies import (
    BestN,
    C,
    Candidate,
    EveryEpochs,
    EverySteps,
    LatestN,
    NewestPer,
    Policy,
    Tagged,
    policy_from_json,
)
from jupyter_ckpt.store.sizes import parse_size, size_text

__all__ = [
    "BestN",
    "Candidate",
    "DiskBudget",
    "EveryEpochs",
    "EverySteps",
    "KeepPolicy",
    "LatestN",
    "NewestPer",
    "Plan",
    "Policy",
    "Tagged",
    "guess_mode",
    "plan",
]


@dataclass(frozen=True)
class DiskBudget:
    """At most so many bytes of data files in a run."""

    bytes: int

    def __post_init__(self) -> None:
        if not isinstance(self.bytes, int) or isinstance(self.bytes, bool) or self.bytes < 1:
            raise UsageProblem(f"a disk budget is a number of bytes above zero, not {str(self.bytes)[:40]!r}")


@dataclass(frozen=True)
class KeepPolicy:
    """Which checkpoints of a run are kept.

    Parameters
    ----------
    policies : tuple of Policy
        A checkpoint is kept when any of them wants it. With none, only the budget limits.
    budget : DiskBudget, optional
        The cap applied after.
    remarks : tuple of str
        Lines worth showing once (a direction that was guessed).
    """

    policies: tuple[Policy, ...] = ()
    budget: DiskBudget | None = None
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def parse(
        cls,
        *,
        last: int | None = None,
        best: int | None = None,
        metric: str | None = None,
        mode: Mode | None = None,
        every_epochs: int | None = None,
        every_steps: int | None = None,
        hourly: int | None = None,
        daily: int | None = None,
        tags: Iterable[str] | None = None,
        budget: str | int | None = None,
    ) -> KeepPolicy:
        """A policy from what a user typed; what is None is not asked for.

        Raises
        ------
        UsageProblem
            For nonsense: a number below 1, ``best`` without a metric or with one whose better direction is not
            known, a budget that is no size, nothing asked for.
        """
        policies: list[Policy] = []
        remarks: tuple[str, ...] = ()
        if last is not None:
            policies.append(LatestN(last))
        if best is not None:
            if not metric:
                raise UsageProblem("which metric is the best to be best by? Add --metric NAME")
            if mode is None:
                mode, remark = guess_mode(metric)
                remarks = (remark,)
            policies.append(BestN(best, metric, mode))
        elif metric is not None or mode is not None:
            raise UsageProblem("a metric or mode says nothing without --best N: add how many of the best to keep")
        if every_epochs is not None:
            policies.append(EveryEpochs(every_epochs))
        if every_steps is not None:
            policies.append(EverySteps(every_steps))
        if hourly is not None:
            policies.append(NewestPer("hour", hourly))
        if daily is not None:
            policies.append(NewestPer("day", daily))
        tags = (tags,) if isinstance(tags, str) else tuple(tags or ())
        if tags:
            policies.append(Tagged(tags))
        cap = DiskBudget(parse_size(budget)) if budget is not None else None
        if not policies and cap is None:
            raise UsageProblem(
                "say what to keep: --last N, --best N --metric NAME, --every-epochs N or --budget 20GB"
            )
        return cls(tuple(policies), cap, remarks)

    def describe(self) -> str:
        """One readable line."""
        wishes = [policy.describe() for policy in self.policies]
        text = "keep " + (", ".join(wishes) if wishes else "everything")
        if self.budget is not None:
            text += f"; at most {size_text(self.budget.bytes)}"
        return text + "; pinned ones and the newest good one always"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as kept in the journal's ``policy`` event."""
        return {
            "policies": [policy.to_json() for policy in self.policies],
            "budget": self.budget.bytes if self.budget else None,
        }

    @classmethod
    def from_json(cls, data: Any) -> KeepPolicy:
        """Inverse of `to_json`.

        Raises
        ------
        UsageProblem
            When it is not one, or holds a policy that this version does not know: better to remove nothing
            than to leave out a reason to keep.
        """
        if not isinstance(data, dict) or not isinstance(data.get("policies"), list):
            raise UsageProblem(f"not a preservation policy: {str(data)[:80]}")
        budget = data.get("budget")
        return cls(
            tuple(policy_from_json(row) for row in data["policies"]),
            DiskBudget(budget) if budget is not None else None,
        )


@dataclass(frozen=True)
class Plan(Generic[C]):
    """What a policy would do.

    Parameters
    ----------
    keep : list of (checkpoint, reasons)
        Newest first.
    remove : list of (checkpoint, why)
        Oldest first: the order in which they go.
    over : int
        Bytes by which the kept ones exceed the budget, all of them being protected.
    """

    keep: list[tuple[C, list[str]]]
    remove: list[tuple[C, str]]
    over: int = 0

    @property
    def freed(self) -> int:
        """Bytes of the data files to be removed."""
        return sum(checkpoint.size for checkpoint, _ in self.remove)


@dataclass
class _Standing:
    reasons: list[str] = field(default_factory=list)
    rank: float = float("inf")
    protected: bool = False


def plan(
    checkpoints: Iterable[C],
    policy: KeepPolicy,
    now: datetime.datetime | None = None,
    *,
    protect: Mapping[str, str] | None = None,
) -> Plan[C]:
    """Decide what is kept and what goes.

    A checkpoint known to be corrupt takes no policy's place; it goes unless it is pinned or protected, and when
    nothing good is left, nothing goes at all.

    Parameters
    ----------
    checkpoints : iterable of Candidate
        Of one run, in any order.
    policy : KeepPolicy
        See there.
    now : datetime, optional
        For policies that look at the clock; none of the present ones does.
    protect : mapping, optional
        Names that stay whatever the policy says, with the reason.

    Returns
    -------
    Plan
        Every checkpoint is in exactly one of its lists.
    """
    ordered = sorted(checkpoints, key=lambda checkpoint: checkpoint.order, reverse=True)
    good = [c for c in ordered if c.verified != "corrupt"]
    if not good:
        return Plan([(c, ["no good one is left, so nothing goes"]) for c in ordered], [])
    standings = {c.name: _Standing() for c in ordered}
    for checkpoint in ordered:
        for reason in _protection(checkpoint, good[0], protect or {}):
            standings[checkpoint.name].reasons.append(reason)
            standings[checkpoint.name].protected = True
    for chosen in policy.policies:
        for choice in chosen.choose(good):
            standing = standings[choice.name]
            standing.reasons.append(choice.reason)
            standing.rank = min(standing.rank, choice.rank)
    if not policy.policies:
        for position, checkpoint in enumerate(good):
            standings[checkpoint.name].reasons.append("no policy asks for less")
            standings[checkpoint.name].rank = position
    dropped, over = _over_budget(ordered, standings, policy.budget)
    keep, remove = [], []
    for checkpoint in ordered:
        standing = standings[checkpoint.name]
        if checkpoint.name in dropped:
            remove.append((checkpoint, dropped[checkpoint.name]))
        elif standing.reasons:
            keep.append((checkpoint, standing.reasons))
        else:
            why = "corrupt" if checkpoint.verified == "corrupt" else "no policy keeps it"
            remove.append((checkpoint, why))
    return Plan(keep, remove[::-1], over)


def _protection(checkpoint: C, newest_good: C, protect: Mapping[str, str]) -> list[str]:
    reasons = []
    if checkpoint.pinned:
        reasons.append("pinned")
    if checkpoint.name == newest_good.name:
        reasons.append("the newest good one")
    if checkpoint.name in protect:
        reasons.append(protect[checkpoint.name])
    return reasons


def _over_budget(
    ordered: Sequence[C], standings: Mapping[str, _Standing], budget: DiskBudget | None
) -> tuple[dict[str, str], int]:
    """What has to go for the budget, worst first: the least wanted, of equals the older."""
    kept = [c for c in ordered if standings[c.name].reasons]
    excess = sum(c.size for c in kept) - budget.bytes if budget else 0
    dropped: dict[str, str] = {}
    if budget is not None:
        free = [c for c in kept if not standings[c.name].protected]
        for checkpoint in sorted(free, key=lambda c: (-standings[c.name].rank, c.order)):
            if excess <= 0:
                break
            wanted = ", ".join(standings[checkpoint.name].reasons)
            dropped[checkpoint.name] = f"over the budget of {size_text(budget.bytes)} (was kept as {wanted})"
            excess -= checkpoint.size
    return dropped, max(excess, 0)
