"""What the policies keep, alone and together, and what nothing may take away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.store.preservation import (
    BestN,
    DiskBudget,
    EveryEpochs,
    EverySteps,
    KeepPolicy,
    LatestN,
    NewestPer,
    Plan,
    Policy,
    Tagged,
    guess_mode,
    plan,
)

HOUR = 3600.0


@dataclass(frozen=True)
class Point:
    """A checkpoint without files: the policies are pure."""

    name: str
    time: float = 0.0
    epoch: int | None = None
    step: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    size: int = 10
    pinned: bool = False
    verified: str | None = None

    @property
    def order(self) -> tuple[float, int, str]:
        return self.time, -1 if self.step is None else self.step, self.name


def row(count: int, **values: Sequence[Any]) -> list[Point]:
    """``count`` checkpoints an hour apart; lists give each its value."""
    points = [Point(f"n{i}", time=i * HOUR, epoch=i, step=i * 10) for i in range(count)]
    for key, column in values.items():
        points = [replace(point, **{key: value}) for point, value in zip(points, column, strict=True)]
    return points


def kept(result: Plan[Point]) -> list[str]:
    return [point.name for point, _ in result.keep]


def losses(*values: float | None) -> list[object]:
    return [{} if value is None else {"loss": value} for value in values]


def test_latest() -> None:
    result = plan(row(5), KeepPolicy((LatestN(2),)))
    assert kept(result) == ["n4", "n3"]
    assert [point.name for point, _ in result.remove] == ["n0", "n1", "n2"]
    assert result.freed == 30


def test_best_keeps_the_newest_good_one_too() -> None:
    points = row(5, metrics=losses(0.5, 0.1, 0.3, 0.2, 0.9))
    assert kept(plan(points, KeepPolicy((BestN(2, "loss", "min"),)))) == ["n4", "n3", "n1"]
    assert kept(plan(points, KeepPolicy((BestN(1, "loss", "max"),)))) == ["n4"]


def test_nan_infinity_and_missing_values_are_never_best() -> None:
    points = row(6, metrics=losses(float("nan"), 0.4, float("-inf"), None, float("inf"), None))
    assert kept(plan(points, KeepPolicy((BestN(3, "loss", "min"),)))) == ["n5", "n1"]
    huge = row(2, metrics=[{"loss": 10**400}, {"loss": 1.0}])
    assert kept(plan(huge, KeepPolicy((BestN(1, "loss", "max"),)))) == ["n1"]


def test_of_equals_the_newer_wins() -> None:
    points = row(4, metrics=losses(0.1, 0.1, 0.1, 0.9))
    assert kept(plan(points, KeepPolicy((BestN(1, "loss", "min"),)))) == ["n3", "n2"]


def test_every_epochs_keeps_the_newest_of_each_such_epoch() -> None:
    points = row(8, epoch=[4, 5, 5, 6, 10, 10, None, 11])
    assert kept(plan(points, KeepPolicy((EveryEpochs(5),)))) == ["n7", "n5", "n2"]


def test_every_steps() -> None:
    points = row(5, step=[100, 150, 200, None, 201])
    assert kept(plan(points, KeepPolicy((EverySteps(100),)))) == ["n4", "n2", "n0"]


def test_newest_per_hour_and_day_with_limits() -> None:
    points = [Point(f"n{i}", time=i * HOUR / 2, epoch=i) for i in range(96)]  # two a hour for two days
    assert kept(plan(points, KeepPolicy((NewestPer("day"),)))) == ["n95", "n47"]
    assert kept(plan(points, KeepPolicy((NewestPer("hour", 3),)))) == ["n95", "n93", "n91"]


def test_tags_pins_and_or() -> None:
    points = row(5, tags=[("a",), (), ("b", "c"), (), ()], pinned=[False, True, False, False, False])
    result = plan(points, KeepPolicy((Tagged(("a", "c")),)))
    assert kept(result) == ["n4", "n2", "n1", "n0"]
    assert {point.name: reasons for point, reasons in result.keep}["n1"] == ["pinned"]


def test_a_corrupt_newest_takes_no_place() -> None:
    points = row(4, verified=[None, None, None, "corrupt"])
    result = plan(points, KeepPolicy((LatestN(2),)))
    assert kept(result) == ["n2", "n1"]
    assert ("n3", "corrupt") in [(point.name, why) for point, why in result.remove]


def test_when_all_are_corrupt_nothing_goes() -> None:
    points = row(3, verified=["corrupt"] * 3)
    assert plan(points, KeepPolicy((LatestN(1),), DiskBudget(1))).remove == []


def test_when_only_pins_would_remain_the_newest_good_one_stays() -> None:
    points = row(3, pinned=[True, False, False])
    assert kept(plan(points, KeepPolicy((Tagged(("none",)),)))) == ["n2", "n0"]


def test_a_budget_takes_the_worst_first_and_spares_pins_best_and_newest() -> None:
    points = row(6, metrics=losses(0.1, 0.5, 0.6, 0.7, 0.8, 0.9), pinned=[False, True, False, False, False, False])
    policy = KeepPolicy((LatestN(4), BestN(3, "loss", "min")), DiskBudget(30))
    result = plan(points, policy)
    assert kept(result) == ["n5", "n1", "n0"]
    assert result.over == 0
    assert "over the budget of 30 bytes" in result.remove[0][1]


def test_a_budget_alone_keeps_the_newest_that_fit() -> None:
    assert kept(plan(row(6), KeepPolicy((), DiskBudget(35)))) == ["n5", "n4", "n3"]


def test_a_budget_that_protected_ones_exceed_is_said() -> None:
    result = plan(row(3, pinned=[True, True, False]), KeepPolicy((), DiskBudget(5)))
    assert kept(result) == ["n2", "n1", "n0"]
    assert result.over == 25


def test_protected_names_stay_with_their_reason() -> None:
    result = plan(row(3), KeepPolicy((LatestN(1),)), protect={"n0": "resumed from"})
    assert {p.name: r for p, r in result.keep}["n0"] == ["resumed from"]


numbers = st.integers(1, 6)
policies = st.one_of(
    numbers.map(LatestN),
    st.builds(BestN, numbers, st.sampled_from(["loss", "acc"]), st.sampled_from(["min", "max"])),
    numbers.map(EveryEpochs),
    numbers.map(EverySteps),
    st.builds(NewestPer, st.sampled_from(["hour", "day"]), st.none() | numbers),
    st.lists(st.sampled_from("abc"), min_size=1).map(lambda tags: Tagged(tuple(tags))),
)
points_lists = st.lists(
    st.builds(
        Point,
        name=st.uuids().map(str),
        time=st.floats(-1e9, 1e11),
        epoch=st.none() | st.integers(-3, 40),
        step=st.none() | st.integers(0, 400),
        metrics=st.dictionaries(st.sampled_from(["loss", "acc"]), st.floats() | st.integers()),
        tags=st.lists(st.sampled_from("abcd")).map(tuple),
        size=st.integers(0, 100),
        pinned=st.booleans(),
        verified=st.sampled_from([None, "ok", "corrupt"]),
    ),
    max_size=14,
    unique_by=lambda point: point.name,
)


@given(points_lists, st.lists(policies, max_size=3), st.none() | st.integers(1, 400))
def test_what_holds_for_every_plan(points: list[Point], chosen: list[Policy], budget: int | None) -> None:
    policy = KeepPolicy(tuple(chosen), DiskBudget(budget) if budget else None)
    result = plan(points, policy)
    keep, gone = set(kept(result)), {point.name for point, _ in result.remove}
    assert not keep & gone
    assert keep | gone == {point.name for point in points}
    assert {point.name for point in points if point.pinned} <= keep
    good = [point for point in points if point.verified != "corrupt"]
    if good:
        assert max(good, key=lambda point: point.order).name in keep
    else:
        assert not gone
    if good and budget:
        newest = max(good, key=lambda point: point.order)
        size = sum(point.size for point in points if point.name in keep)
        protected = [point for point in points if point.pinned or point is newest]
        assert size <= budget or (keep == {p.name for p in protected} and result.over == size - budget)
    assert all(reasons for _, reasons in result.keep)
    assert plan(points[::-1], policy) == result


@given(points_lists, st.lists(policies, min_size=1, max_size=3), policies)
def test_one_more_policy_never_keeps_less(points: list[Point], chosen: list[Policy], more: Policy) -> None:
    few = plan(points, KeepPolicy(tuple(chosen)))
    assert set(kept(few)) <= set(kept(plan(points, KeepPolicy((*chosen, more)))))


@given(points_lists, st.lists(policies, min_size=1, max_size=3), st.integers(1, 400))
def test_pruning_twice_removes_nothing_more(points: list[Point], chosen: list[Policy], budget: int) -> None:
    policy = KeepPolicy(tuple(chosen), DiskBudget(budget))
    first = plan(points, policy)
    remaining = [point for point, _ in first.keep]
    second = plan(remaining, policy)
    assert {p.name for p in remaining if p.pinned} <= set(kept(second))
    if not any(isinstance(p, (LatestN, BestN, NewestPer)) for p in chosen):
        assert second.remove == []


@given(st.lists(policies, min_size=1, max_size=4), st.none() | st.integers(1, 10**13))
def test_a_policy_survives_the_journal(chosen: list[Policy], budget: int | None) -> None:
    policy = KeepPolicy(tuple(chosen), DiskBudget(budget) if budget else None)
    assert KeepPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy
    assert "\n" not in policy.describe()


def test_parse_and_describe() -> None:
    policy = KeepPolicy.parse(
        last=3, best=2, metric="val_acc", every_epochs=5, hourly=24, daily=7, tags=["best"], budget="20GB"
    )
    assert policy.describe() == (
        "keep the last 3, the best 2 by val_acc (max), every 5th epoch, the newest of each of the last 24 hours,"
        " the newest of each of the last 7 days, those tagged best; at most 20.0 GB; pinned ones and the newest good"
        " one always"
    )
    assert policy.remarks == ("val_acc: taking higher as better, going by its name (--mode says otherwise)",)
    assert KeepPolicy.parse(best=1, metric="odd", mode="min").remarks == ()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "say what to keep"),
        ({"last": 0}, "1 or more"),
        ({"last": -3}, "1 or more"),
        ({"last": True}, "1 or more"),
        ({"best": 2}, "--metric"),
        ({"best": 2, "metric": "widgets"}, "--mode min or --mode max"),
        ({"best": 2, "metric": "loss", "mode": "up"}, "min or max"),
        ({"metric": "loss"}, "--best N"),
        ({"every_epochs": 0}, "1 or more"),
        ({"hourly": 0}, "1 or more"),
        ({"tags": [""]}, "at least one tag"),
        ({"budget": "lots"}, "not a size"),
        ({"budget": "-5GB"}, "not a size"),
        ({"budget": "0"}, "at least one byte"),
        ({"budget": "5 parsecs"}, "not a size"),
    ],
)
def test_nonsense_is_one_clear_line(options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageProblem, match=says) as caught:
        KeepPolicy.parse(**options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data", [None, [], {}, {"policies": 3}, {"policies": [{"kind": "future"}]}, {"policies": [7]}]
)
def test_a_policy_of_a_later_version_is_refused(data: object) -> None:
    with pytest.raises(UsageProblem):
        KeepPolicy.from_json(data)


@pytest.mark.parametrize(
    ("metric", "mode"),
    [
        ("loss", "min"), ("val_loss", "min"), ("test/RMSE", "min"), ("train.error_rate", "min"),
        ("cross_entropy", "min"),
        ("mean_squared_error", "min"), ("perplexity", "min"), ("acc", "max"), ("valAcc", "max"), ("acc@5", "max"),
        ("test_f1_macro", "max"), ("mAP50", "max"), ("mIoU", "max"), ("val_psnr", "max"), ("r2_score", "max"),
        ("ROC AUC", "max"), ("val_acc_top5", "max"), ("top5_error", "min"),
    ],
)  # fmt: skip
def test_well_known_names_tell_the_direction(metric: str, mode: str) -> None:
    guessed, why = guess_mode(metric)
    assert guessed == mode
    assert "going by its name" in why


@pytest.mark.parametrize(
    "metric", ["", "lr", "loss_scale", "map_size", "acc_loss", "val", "glossary", "x" * 2_000_000]
)
def test_other_names_do_not(metric: str) -> None:
    with pytest.raises(UsageProblem, match="--mode"):
        guess_mode(metric)
