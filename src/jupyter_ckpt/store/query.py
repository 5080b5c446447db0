"""Filtering and sorting what a `StoreIndex` holds, by the words that people type into a filter box."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.fields import flat
from jupyter_ckpt.store.index import IndexedRun

_COMPARISON = re.compile(r"([^<>=!]+?)(<=|>=|<|>|=)([-+]?(?:[0-9][0-9_.]*(?:[eE][-+]?[0-9]+)?|inf|nan))")
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip
_STATES = ("pinned", "best", "corrupt", "verified")
LONGEST_FILTER = 500
CHECKPOINT_SORTS = ("time", "epoch", "step", "size", "name")
RUN_SORTS = ("last", "created", "name", "size", "checkpoints")


_T = TypeVar("_T")
Row = tuple[Checkpoint, bool]
"""A checkpoint, and whether it is the best one of its run."""


@dataclass(frozen=True)
class Filter:
    """What a filter box says; all of it must hold.

    Parameters
    ----------
    words : tuple of str
        In lower case; each must occur somewhere.
    comparisons : tuple of (str, str, float)
        Metric (or ``epoch``, ``step``, ``size``), operator, number. A word of that form that names nothing of a
        checkpoint is not a match.
    states, tags : tuple of str
        ``is:pinned``, ``tag:good``.
    """

    words: tuple[str, ...] = ()
    comparisons: tuple[tuple[str, str, float], ...] = ()
    states: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Filter:
        """From what was typed.

        Raises
        ------
        UsageProblem
            When it is very long, or says ``is:`` something unknown.
        """
        if len(text) > LONGEST_FILTER:
            raise UsageProblem(f"the filter is longer than {LONGEST_FILTER} characters: shorten it")
        words, comparisons, states, tags = [], [], [], []
        for word in text.split():
            found = _COMPARISON.fullmatch(word)
            lower = word.lower()
            if lower.startswith("is:"):
                if lower[3:] not in _STATES:
                    raise UsageProblem(f"{word[:40]}: there are {', '.join('is:' + state for state in _STATES)}")
                states.append(lower[3:])
            elif lower.startswith("tag:") and len(word) > 4:
                tags.append(lower[4:])
            elif found is not None and (number := _number(found[3])) is not None:
                comparisons.append((found[1], found[2], number))
            else:
                words.append(lower)
        return cls(tuple(words), tuple(comparisons), tuple(states), tuple(tags))

    def takes(self, checkpoint: Checkpoint, best: bool) -> bool:
        """Whether a checkpoint passes."""
        if self.words:
            text = "\n".join((checkpoint.ref, checkpoint.note, *checkpoint.tags)).lower()
            if not all(word in text for word in self.words):
                return False
        if self.tags and not set(self.tags) <= {tag.lower() for tag in checkpoint.tags}:
            return False
        for state in self.states:
            holds = {
                "pinned": checkpoint.pinned,
                "best": best,
                "corrupt": checkpoint.verified == "corrupt",
                "verified": checkpoint.verified == "ok",
            }
            if not holds[state]:
                return False
        for name, sign, wanted in self.comparisons:
            value = value_of(checkpoint, name)
            if value is None or not _OPERATORS[sign](value, wanted):
                return False
        return True

    def takes_run(self, indexed: IndexedRun) -> bool:
        """Whether a run passes: words in its id, notebook and hyper-parameters, comparisons with its best values."""
        run = indexed.run
        if self.words:
            settings = (f"{name}={value}" for name, value in flat(run.hyperparameters).items())
            text = "\n".join((run.id, str(run.origin.get("path", "")), *settings)).lower()
            if not all(word in text for word in self.words):
                return False
        for name, sign, wanted in self.comparisons:
            best = run.best.get(name)
            if best is None or not _OPERATORS[sign](best.value, wanted):
                return False
        if self.states or self.tags:
            only = Filter(states=self.states, tags=self.tags)
            return any(only.takes(one, one.name == indexed.best) for one in indexed.checkpoints)
        return True


def value_of(checkpoint: Checkpoint, name: str) -> float | None:
    """A metric of a checkpoint, or its epoch, step or size; None when it has none."""
    value: float | None = checkpoint.metrics.get(name)
    if value is None and name in ("epoch", "step", "size"):
        value = getattr(checkpoint, name)
    try:
        return None if value is None else float(value)
    except OverflowError:
        return None


def select(rows: Iterable[Row], wanted: Filter, sort: str, *, descending: bool) -> list[Row]:
    """Filtered and sorted; what lacks the value comes last either way, equals the newer first.

    Raises
    ------
    UsageProblem
        For an unknown ``sort``.
    """
    taken = [row for row in rows if wanted.takes(*row)]
    taken.sort(key=lambda row: row[0].order, reverse=True)
    if sort == "time":
        return taken if descending else taken[::-1]
    if sort == "name":
        return _sorted(taken, lambda row: (row[0].name, row[0].run), descending)
    metric = sort.removeprefix("metric:")
    if sort not in CHECKPOINT_SORTS and (metric == sort or not metric):
        known = ", ".join(CHECKPOINT_SORTS)
        raise UsageProblem(f"checkpoints are sorted by {known} or metric:NAME, not by {sort[:40]!r}")
    if metric == sort:
        return _sorted(taken, lambda row: value_of(row[0], sort), descending)
    return _sorted(taken, lambda row: _finite(row[0].metrics.get(metric)), descending)


def select_runs(
    runs: Iterable[IndexedRun], wanted: Filter, sort: str, *, descending: bool, is_mine: Callable[[IndexedRun], bool]
) -> list[IndexedRun]:
    """Filtered and sorted; those of the notebook come first.

    Raises
    ------
    UsageProblem
        For an unknown ``sort``.
    """
    keys: Mapping[str, Callable[[IndexedRun], Any]] = {
        "last": lambda one: one.moment,
        "created": lambda one: one.run.created,
        "name": lambda one: one.run.id,
        "size": lambda one: one.run.size,
        "checkpoints": lambda one: one.run.checkpoints,
    }
    if sort not in keys:
        raise UsageProblem(f"runs are sorted by {', '.join(RUN_SORTS)}, not by {sort[:40]!r}")
    taken = sorted((run for run in runs if wanted.takes_run(run)), key=lambda one: one.run.id)
    taken = _sorted(taken, keys[sort], descending)
    return sorted(taken, key=lambda run: not is_mine(run))


def _sorted(rows: Sequence[_T], key: Callable[[_T], Any], descending: bool) -> list[_T]:
    having = [row for row in rows if key(row) is not None]
    lacking = [row for row in rows if key(row) is None]
    return sorted(having, key=key, reverse=descending) + lacking


def _finite(value: float | None) -> float | None:
    try:
        return float(value) if value is not None and math.isfinite(value) else None
    except OverflowError:
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
