"""What differs between two checkpoints, as plain data. Only what differs is in it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from jupyter_ckpt.store.fields import flat, sources
from jupyter_ckpt.store.record import CommitRecord, TensorSpec

_LONGEST_SOURCE = 200_000
"""Characters; comparing line by line takes the square of the lines."""


@dataclass(frozen=True)
class Change:
    """One value that differs; None where one side does not have it."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class TensorChanges:
    """Names of tensors that only ``b`` has, that only ``a`` has, that have another type or shape (with both), that
    have other values; and how many are the same bytes."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    reshaped: list[Change] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0


@dataclass(frozen=True)
class Diff:
    """What differs from checkpoint ``a`` to checkpoint ``b``.

    Parameters
    ----------
    a, b : str
        ``run/name`` of each.
    position, metrics, hyperparameters, tracked, environment : list of Change
        By name; nested values by dotted name.
    tensors : TensorChanges
        By the digests that were recorded: no data file is read.
    code : dict of str to str
        For each source that differs a unified diff.
    """

    a: str
    b: str
    position: list[Change] = field(default_factory=list)
    metrics: list[Change] = field(default_factory=list)
    hyperparameters: list[Change] = field(default_factory=list)
    tracked: list[Change] = field(default_factory=list)
    environment: list[Change] = field(default_factory=list)
    tensors: TensorChanges = field(default_factory=TensorChanges)
    code: dict[str, str] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """True when nothing differs that training depends on (where it stood and what was measured apart)."""
        t = self.tensors
        lists = (self.hyperparameters, self.tracked, self.environment, t.added, t.removed, t.reshaped, t.changed)
        return not any(lists) and not self.code

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def compare(a: CommitRecord, b: CommitRecord) -> Diff:
    """From ``a`` to ``b``."""
    positions = [{"epoch": r.epoch, "step": r.step, "next epoch": r.next_epoch, "time": r.time} for r in (a, b)]
    return Diff(
        a=a.ref,
        b=b.ref,
        position=_changes(*positions),
        metrics=_changes(a.metrics, b.metrics),
        hyperparameters=_changes(flat(a.hyperparameters), flat(b.hyperparameters)),
        tracked=_changes(flat(a.tracked), flat(b.tracked)),
        environment=_changes(flat(a.environment), flat(b.environment)),
        tensors=_tensors(a, b),
        code=_code(a, b),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    names = dict.fromkeys([*before, *after])
    return [
        Change(name, before.get(name), after.get(name))
        for name in names
        if not _equal(before.get(name), after.get(name))
    ]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return bool(type(one) is type(other) and one == other) or (_is_number(one) and _is_number(other) and one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _tensors(a: CommitRecord, b: CommitRecord) -> TensorChanges:
    before = {spec.name: spec for spec in a.tensors}
    after = {spec.name: spec for spec in b.tensors}
    both = [name for name in before if name in after]
    reshaped = [
        Change(name, _type_and_shape(before[name]), _type_and_shape(after[name]))
        for name in both
        if _type_and_shape(before[name]) != _type_and_shape(after[name])
    ]
    other_shape = {change.name for change in reshaped}
    alike = [name for name in both if name not in other_shape]
    changed = [name for name in alike if not _same_bytes(before[name], after[name])]
    return TensorChanges(
        added=[name for name in after if name not in before],
        removed=[name for name in before if name not in after],
        reshaped=reshaped,
        changed=changed,
        unchanged=len(alike) - len(changed),
    )


def _same_bytes(one: TensorSpec, other: TensorSpec) -> bool:
    return bool(one.digest) and one.digest == other.digest


def _code(a: CommitRecord, b: CommitRecord) -> dict[str, str]:
    before = {source.name: source.text for source in sources(a.code)}
    after = {source.name: source.text for source in sources(b.code)}
    found = {}
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, ""), after.get(name, "")
        if old == new:
            continue
        if len(old) + len(new) > _LONGEST_SOURCE:
            found[name] = "differs (too long to be compared line by line)"
            continue
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), a.ref, b.ref, lineterm="")
        found[name] = "\n".join(lines)
    return found


def _type_and_shape(spec: TensorSpec) -> str:
    return f"{spec.dtype} [{', '.join(map(str, spec.shape))}]"
