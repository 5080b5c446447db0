"""A resume that fails leaves every object as it was, whatever failed and wherever."""

from __future__ import annotations

import collections
import threading
import time
import types
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from round_trip import freeze, save, track, trained
from torch import nn

from jupyter_ckpt.errors import CkptError, Mismatch
from jupyter_ckpt.receipt import Item
from jupyter_ckpt.state.discover import absent_values
from jupyter_ckpt.state.restore import plan_restore
from jupyter_ckpt.state.tracked import Kind

Things = dict[str, Any]


class Refuses(torch.optim.Adam):
    """Takes its state, changes what it can, and raises at the very end."""

    error: BaseException = RuntimeError("no")

    def load_state_dict(self, state_dict: Any) -> None:
        for held in self.state.values():
            for value in held.values():
                value.fill_(7)
        super().load_state_dict(state_dict)
        self.param_groups[0]["lr"] = 99
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt(), SystemExit()])
def test_when_one_refuses_everything_is_as_it_was(error: BaseException) -> None:
    tree = save(trained(Refuses, seed=1))
    things = trained(Refuses, seed=2)
    things["zz"] = things["history"]  # one more name
    Refuses.error = error
    before, identities = freeze(things), {name: id(thing) for name, thing in things.items()}
    inner = {id(p) for p in things["model"].parameters()}, id(things["optimizer"].param_groups[0]["params"])
    groups = things["optimizer"].param_groups
    plan = plan_restore(tree, track(things))
    expected: type[BaseException] = CkptError if isinstance(error, Exception) else type(error)
    with pytest.raises(expected) as caught:
        plan.apply()
    if expected is CkptError:
        assert str(caught.value) == (
            "optimizer could not take its state (RuntimeError: no); everything is as it was before"
        )
    assert freeze(things) == before
    assert {name: id(thing) for name, thing in things.items()} == identities
    assert inner == ({id(p) for p in things["model"].parameters()}, id(groups[0]["params"]))
    assert things["optimizer"].param_groups is groups
    things["scheduler"].step()  # everything still works together
    things["optimizer"].step()


def test_an_interrupt_in_the_middle_of_the_values_takes_back_names_too() -> None:
    tree = save({"a": 1, "b": [1], "c": 2})
    here: Things = {"a": 5, "b": [5]}
    tracked = [*track(here), *absent_values(here, tree["values"])]
    tracked[1].kind = Kind.VALUE
    plan = plan_restore(tree, tracked)
    last = plan.fits[-1]
    inner = last.apply
    assert inner is not None

    def applied_then_stopped() -> None:
        inner()
        raise KeyboardInterrupt

    last.apply = applied_then_stopped
    with pytest.raises(KeyboardInterrupt):
        plan.apply()
    assert here == {"a": 5, "b": [5]}


class _Slots:
    __slots__ = ("n", "seen")

    def __init__(self) -> None:
        self.n, self.seen = 0, [0]

    def state_dict(self) -> Any:
        return {"n": self.n, "seen": self.seen}

    def load_state_dict(self, state: Any) -> None:
        self.n = state["n"]
        self.seen[:] = state["seen"]
        if self.n == 5:
            raise ValueError("never five")


class _Stubborn(nn.Linear):
    """Gives its weights away, takes the state, and then raises."""

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        super().load_state_dict(state_dict, strict, assign)
        self.weight = nn.Parameter(torch.zeros(9))
        self.register_buffer("more", torch.ones(1))
        self.note = "changed"
        raise ValueError("never")


class _Plateau(torch.optim.lr_scheduler.ReduceLROnPlateau):
    def load_state_dict(self, state_dict: Any) -> None:
        super().load_state_dict(state_dict)
        self.optimizer.param_groups[0]["lr"] = 77.0
        raise ValueError("never")


def test_whatever_refuses_is_put_back_whole() -> None:
    def make(seed: int) -> Things:
        torch.manual_seed(seed)
        model = _Stubborn(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        slots = _Slots()
        slots.n = seed
        return {"model": model, "optimizer": optimizer, "scheduler": _Plateau(optimizer), "slots": slots}

    tree = save(make(5))
    for name in ("model", "scheduler", "slots"):
        things = make(1)
        before, weight, attributes = freeze(things), things["model"].weight, set(vars(things["model"]))
        with pytest.raises(CkptError, match="never"):
            plan_restore(tree, track(things), only={"optimizer", name}).apply()
        assert freeze(things) == before
        assert things["model"].weight is weight
        assert set(vars(things["model"])) == attributes


class _Counting:
    """Holds what libraries hold: an array, a deque, an object of its own; refuses after changing them."""

    def __init__(self, n: int) -> None:
        self.array, self.queue, self.inner = np.full(2, n), collections.deque([n]), types.SimpleNamespace(n=n)

    def state_dict(self) -> Any:
        return {"n": self.inner.n}

    def load_state_dict(self, state: Any) -> None:
        self.array[:] = state["n"]
        self.queue.append(state["n"])
        self.inner.n = state["n"]
        raise ValueError("never")


def test_what_an_object_holds_is_put_back() -> None:
    tree = save({"meter": _Counting(5)})
    here = _Counting(1)
    inner = here.inner
    with pytest.raises(CkptError, match="never"):
        plan_restore(tree, track({"meter": here})).apply()
    assert (here.array.tolist(), list(here.queue), here.inner.n, here.inner is inner) == ([1, 1], [1], 1, True)


def test_a_lazy_model_is_lazy_again() -> None:
    tree = save({"model": nn.Linear(3, 2)})
    here = {"model": nn.LazyLinear(2)}

    def refuse() -> list[Item]:
        assert here["model"].weight.shape == (2, 3)
        raise Mismatch("no")

    with pytest.raises(Mismatch, match="no"):
        plan_restore(tree, track(here)).apply(refuse)
    assert torch.nn.parameter.is_lazy(here["model"].weight)


def test_a_second_stop_while_putting_back_does_not_leave_half_a_state() -> None:
    tree = save(trained(Refuses, seed=1))
    things = trained(Refuses, seed=2)
    before = freeze(things)
    Refuses.error = KeyboardInterrupt("first")
    plan = plan_restore(tree, track(things))
    stopped = []
    for fit in plan.fits:
        if fit.name == "model":
            remember = fit.remember

            def undo_with_a_stop(remember: Any = remember) -> Any:
                undo = remember()

                def step() -> None:
                    if not stopped:
                        stopped.append(True)
                        raise KeyboardInterrupt("second")
                    undo()

                return step

            fit.remember = undo_with_a_stop
    with pytest.raises(KeyboardInterrupt, match="second"):
        plan.apply()
    assert stopped
    assert freeze(things) == before


def test_an_object_that_cannot_be_put_back_is_named() -> None:
    class Broken:
        __slots__ = ("loads",)

        def __init__(self) -> None:
            self.loads = 0

        def state_dict(self) -> Any:
            return {"a": 1}

        def load_state_dict(self, state: Any) -> None:
            raise OSError("gone")

    tree = save({"a": [1], "meter": Broken()})
    here: Things = {"a": [2], "meter": Broken()}
    with pytest.raises(
        CkptError, match=r"OSError: gone\); meter could not be put back either: run their cells again"
    ):
        plan_restore(tree, track(here)).apply()
    assert here["a"] == [2]


@pytest.mark.parametrize("error", [Mismatch("no"), KeyboardInterrupt()])
def test_what_comes_last_takes_everything_back_when_it_fails(error: BaseException) -> None:
    tree = save(trained(seed=1))
    things = trained(seed=2)
    before = freeze(things)

    def refuse() -> list[Item]:
        assert things["history"] == tree["values"]["history"]  # applied already
        raise error

    with pytest.raises(type(error)):
        plan_restore(tree, track(things)).apply(refuse)
    assert freeze(things) == before


def test_an_interrupt_during_the_copies_comes_when_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = save(trained(seed=1))
    things, whole = trained(seed=2), trained(seed=3)
    plan_restore(tree, track(whole)).apply()
    join = threading.Thread.join
    stops = [KeyboardInterrupt(), KeyboardInterrupt()]

    def stopped(thread: threading.Thread, timeout: float | None = None) -> None:
        if thread.name == "ckpt-restore" and stops:
            raise stops.pop()
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", stopped)
    slow = torch.Tensor.copy_
    monkeypatch.setattr(torch.Tensor, "copy_", lambda *args, **more: (time.sleep(0.02), slow(*args, **more))[1])
    with pytest.raises(KeyboardInterrupt):
        plan_restore(tree, track(things)).apply()
    monkeypatch.undo()
    assert not stops
    assert freeze(things) == freeze(whole)


def test_an_interrupt_while_the_copies_are_begun_leaves_none_that_begins_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree = save(trained(seed=1))
    things = trained(seed=2)
    before, plan = freeze(things), plan_restore(tree, track(things))
    begin, late = threading.Thread.start, []

    def start(thread: threading.Thread) -> None:
        late.append(thread)
        raise KeyboardInterrupt  # the system has made the thread, which has not come to anything yet

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        plan.apply()
    for thread in late:
        begin(thread)
        thread.join()
    assert late
    assert freeze(things) == before


def test_planning_changes_nothing() -> None:
    tree = save(trained(seed=1))
    things = trained(seed=2)
    before = freeze(things)
    plan_restore(tree, track(things))
    assert freeze(things) == before


def test_the_extra_state_of_a_module_comes_back_and_is_taken_back() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(1))
            self.seen: dict[str, int] = {"n": 0}

        def get_extra_state(self) -> Any:
            return dict(self.seen)

        def set_extra_state(self, state: Any) -> None:
            self.seen.update(state)

    first, second = Counting(), Counting()
    first.seen["n"] = 5

    def refuse() -> list[Item]:
        assert second.seen == {"n": 5}
        raise Mismatch("no")

    with pytest.raises(Mismatch):
        plan_restore(save({"model": first}), track({"model": second})).apply(refuse)
    assert second.seen == {"n": 0}
    plan_restore(save({"model": first}), track({"model": second})).apply()
    assert second.seen == {"n": 5}


@pytest.mark.parametrize(
    "damage",
    [
        {"model_state_dict": 3},
        {"optimizer_state_dict": {"state": {}, "param_groups": 3}},
        {"optimizer_state_dict": {"state": {}, "param_groups": [{"params": 3}]}},
        {"values": 3},
        {"tracked": []},
        {"generators": {"generator": {"type": "torch", "state": torch.zeros(3, dtype=torch.uint8)}}},
    ],
)
def test_a_strange_tree_is_a_clear_error_and_changes_nothing(damage: Any) -> None:
    tree = {**save(trained(seed=1)), **damage}
    things = trained(seed=2)
    before = freeze(things)
    with pytest.raises(Mismatch):
        plan_restore(tree, track(things))
    assert freeze(things) == before


_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just({1: 2}),
    st.just([{"params": [0, 0]}]),
    st.sampled_from(
        [torch.ones(1), torch.zeros(2, 3), torch.zeros(5000, dtype=torch.uint8), torch.ones(4, dtype=int)]
    ),
    st.sampled_from(["model", "value", "generator", "optimizer", "stateful"]),
    st.builds(
        lambda tag, x: {"__ckpt__": tag, "items": x, "data": x},
        st.sampled_from(["set", "dict", "tensor"]),
        st.just(3),
    ),
)


def _damage(node: Any, data: st.DataObject, junk: Any) -> Any:
    """The tree with one entry somewhere replaced or taken out."""
    if isinstance(node, dict) and node:
        key = data.draw(st.sampled_from(sorted(node, key=repr)))
        changed = dict(node)
        if data.draw(st.integers(0, 4)) == 0:
            del changed[key]
        else:
            changed[key] = _damage(node[key], data, junk)
        return changed
    if isinstance(node, list) and node and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(node) - 1))
        return [*node[:at], _damage(node[at], data, junk), *node[at + 1 :]]
    return junk


_TREE: list[Any] = [save(trained(seed=1))]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), _JUNK, st.booleans())
def test_no_damaged_tree_leaves_half_a_state(data: st.DataObject, junk: Any, strict: bool) -> None:
    things = trained(seed=2)
    before = freeze(things)
    tree = _damage(_TREE[0], data, junk)
    try:
        plan_restore(tree, track(things), strict=strict).apply()
    except CkptError:
        assert freeze(things) == before
