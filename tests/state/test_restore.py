"""A resume is all or nothing, says what it did item by item, and what to type when things do not fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from round_trip import freeze, outcomes, resume, save, track
from torch import nn

from jupyter_ckpt.errors import CkptError, Mismatch, ModelNotDefined, UsageProblem
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.capture import capture
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


def _training(optimizer: type[torch.optim.Optimizer] = torch.optim.Adam, seed: int = 0) -> Things:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    things: Things = {"history": [seed], "best": float(seed), "w": torch.full((2,), float(seed))}
    things |= {"model": model, "optimizer": optimizer(model.parameters(), lr=0.01)}
    things["scheduler"] = torch.optim.lr_scheduler.StepLR(things["optimizer"], 1)
    things["generator"] = torch.Generator().manual_seed(seed)
    for _ in range(seed + 1):
        model(torch.randn(5, 3)).pow(2).sum().backward()
        things["optimizer"].step()
        things["scheduler"].step()
    return things


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt(), SystemExit()])
def test_when_one_refuses_everything_is_as_it_was(error: BaseException) -> None:
    tree = save(_training(Refuses, seed=1))
    things = _training(Refuses, seed=2)
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


def test_a_caller_can_take_an_applied_restore_back() -> None:
    tree = save(_training(seed=1))
    things = _training(seed=2)
    before = freeze(things)
    plan = plan_restore(tree, track(things))
    plan.apply()
    assert freeze(things) != before
    assert plan.undo() == []
    assert freeze(things) == before


def test_planning_changes_nothing() -> None:
    tree = save(_training(seed=1))
    things = _training(seed=2)
    before = freeze(things)
    plan_restore(tree, track(things))
    assert freeze(things) == before


def test_training_on_does_not_write_into_what_was_loaded() -> None:
    tree = save(_training(seed=1))
    before = freeze(tree["model_state_dict"]), freeze(tree["optimizer_state_dict"]), freeze(tree["values"])
    things = _training(seed=2)
    resume(tree, things)
    things["optimizer"].step()
    things["w"].zero_()
    things["history"].append(3)
    assert (
        freeze(tree["model_state_dict"]),
        freeze(tree["optimizer_state_dict"]),
        freeze(tree["values"]),
    ) == before


def test_values_whose_names_are_gone_come_back_under_them() -> None:
    tree = save({"history": [1, 2], "best_acc": 0.5})
    here: Things = {}
    items = plan_restore(tree, absent_values(here, tree["values"])).apply()
    assert here == {"history": [1, 2], "best_acc": 0.5}
    assert {item.outcome for item in items} == {Outcome.RESTORED}


def test_only_restores_what_is_named_and_says_what_was_not() -> None:
    tree = save(_training(seed=1))
    things = _training(seed=2)
    before = {name: freeze(thing) for name, thing in things.items()}
    items = plan_restore(tree, track(things), only={"model", "history"}).apply()
    changed = {name for name, thing in things.items() if freeze(thing) != before[name]}
    assert changed == {"model", "history"}
    assert outcomes(items, "optimizer") == [Outcome.SKIPPED]
    assert outcomes(items, "model") == [Outcome.RESTORED]


def test_only_takes_kinds_and_refuses_unknown_words() -> None:
    tree = save(_training(seed=1))
    things = _training(seed=2)
    plan = plan_restore(tree, track(things), only={"values", "schedulers"})
    assert {fit.name for fit in plan.fits} == {"history", "best", "w", "scheduler"}
    with pytest.raises(UsageProblem, match=r"--only modle: no such object; there are .*model"):
        plan_restore(tree, track(things), only={"modle"})


def test_missing_and_extra_things_are_reported_and_do_no_harm() -> None:
    tree = save(_training(seed=1))
    things = _training(seed=2)
    del things["scheduler"]
    things["new_list"] = [1]
    items = resume(tree, things)
    assert outcomes(items, "scheduler") == [Outcome.EXTRA]
    assert outcomes(items, "new_list") == [Outcome.MISSING]
    assert things["new_list"] == [1]


def test_a_renamed_model_is_found_by_its_kind_and_said_so() -> None:
    tree = save({"model": nn.Linear(2, 2)})
    here = {"net": nn.Linear(2, 2)}
    items = resume(tree, here)
    assert torch.equal(here["net"].weight, tree["model_state_dict"]["weight"])
    assert outcomes(items, "net") == [Outcome.RESTORED, Outcome.NOT_EXACT]


def test_a_model_that_is_not_defined_here_names_its_class_and_cell() -> None:
    tree = save({"model": nn.Linear(2, 2), "history": []})
    with pytest.raises(ModelNotDefined) as caught:
        plan_restore(tree, track({"history": []}), meta={"model": {"class": "Net", "cell": 4}})
    text = str(caught.value)
    assert "'model' (Net)" in text
    assert "defined in cell [4]: run that first" in text
    with pytest.raises(ModelNotDefined, match="run the cell that makes it first"):
        plan_restore(tree, [])


def test_shapes_that_do_not_fit_change_nothing_and_show_the_lines_to_type() -> None:
    tree = save({"model": nn.ModuleDict({"body": nn.Linear(4, 8), "fc": nn.Linear(8, 10), "old": nn.Linear(1, 1)})})
    here = {"model": nn.ModuleDict({"body": nn.Linear(4, 8), "fc": nn.Linear(8, 100), "new": nn.Linear(1, 1)})}
    before = freeze(here)
    with pytest.raises(Mismatch) as caught:
        plan_restore(tree, track(here), ref="best")
    assert str(caught.value).splitlines() == [
        "checkpoint and live objects do not fit; nothing was changed",
        "  model: fc.weight: checkpoint 10\N{MULTIPLICATION SIGN}8, model 100\N{MULTIPLICATION SIGN}8",
        "  model: fc.bias: checkpoint 10, model 100",
        "  model: missing in the checkpoint: new.weight, new.bias",
        "  model: only in the checkpoint: old.weight, old.bias",
        "`%ckpt resume best --no-strict` loads what fits and leaves the rest",
    ]
    assert freeze(here) == before


def test_long_lists_of_keys_are_cut() -> None:
    tree = save({"model": nn.ModuleList(nn.Linear(1, 1) for _ in range(40))})
    here = {"model": nn.ModuleList([nn.Linear(1, 1)])}
    with pytest.raises(Mismatch, match="and 66 more"):
        plan_restore(tree, track(here))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: torch.optim.SGD(m.parameters(), lr=1), "checkpoint Adam, this is SGD"),
        (lambda m: torch.optim.Adam(list(m.parameters())[:2]), "checkpoint 4 parameters, this has 2"),
        (lambda m: torch.optim.Adam(reversed(list(m.parameters()))), "in another order: parameter 0 is 0.weight"),
        (
            lambda m: torch.optim.Adam([{"params": [p]} for p in m.parameters()]),
            "checkpoint 1 parameter groups, this has 4",
        ),
    ],
)
def test_an_optimizer_that_is_another_one_is_told_apart(change: Any, words: str) -> None:
    tree = save({"model": nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), "optimizer": None} | _adam())
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    with pytest.raises(Mismatch, match=words):
        plan_restore(tree, track({"model": model, "optimizer": change(model)}))


def _adam() -> Things:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"model": model, "optimizer": optimizer}


def test_an_optimizer_of_others_may_keep_states_of_any_shape() -> None:
    class LowRank(torch.optim.Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {"lr": 0.1})
            for p in self.param_groups[0]["params"]:
                self.state[p]["exp_avg"] = torch.rand(2)

    def make() -> Things:
        model = nn.Linear(3, 3)
        return {"model": model, "optimizer": LowRank(model.parameters())}

    things, here = make(), make()
    resume(save(things), here)
    assert freeze(here["optimizer"]) == freeze(things["optimizer"])


def test_another_scheduler_is_told_apart() -> None:
    things = _training(seed=1)
    tree = save(things)
    here = _training(seed=2)
    here["scheduler"] = torch.optim.lr_scheduler.CosineAnnealingLR(here["optimizer"], 5)
    with pytest.raises(Mismatch, match="scheduler: checkpoint StepLR, this is CosineAnnealingLR"):
        plan_restore(tree, track(here))


def test_options_of_how_to_compute_stay_those_of_the_live_optimizer() -> None:
    things = _adam()
    things["optimizer"].param_groups[0]["fused"] = True
    tree = save(things)
    here = _adam()
    here["optimizer"].param_groups[0]["foreach"] = True
    resume(tree, here)
    group = here["optimizer"].param_groups[0]
    assert (group["fused"], group["foreach"]) == (None, True)


def test_another_precision_is_converted_and_said_so() -> None:
    tree = save({"model": nn.Linear(2, 2)})
    here = {"model": nn.Linear(2, 2).to(torch.bfloat16)}
    items = resume(tree, here)
    assert here["model"].weight.dtype is torch.bfloat16
    assert [(i.outcome, i.detail) for i in items if i.name == "model"] == [
        (Outcome.CONVERTED, "2 tensors, float32 → bfloat16")
    ]


def test_state_kept_in_a_higher_precision_than_its_parameter_keeps_it() -> None:
    def make() -> Things:
        model = nn.Linear(2, 2).to(torch.bfloat16)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        for p in model.parameters():
            optimizer.state[p]["momentum_buffer"] = torch.full(p.shape, 1 / 3)
        return {"model": model, "optimizer": optimizer}

    tree = save(make())
    here = make()
    for held in here["optimizer"].state.values():
        held["momentum_buffer"].zero_()
    resume(tree, here)
    buffer = next(iter(here["optimizer"].state.values()))["momentum_buffer"]
    assert buffer.dtype is torch.float32
    assert buffer.flatten()[0].item() == torch.tensor(1 / 3).item()


def test_a_tensor_lr_stays_the_same_tensor_and_a_number_a_number() -> None:
    model = nn.Linear(1, 1)
    tensor = {"model": model, "optimizer": torch.optim.Adam(model.parameters(), lr=torch.tensor(0.5), foreach=False)}
    number = {"model": model, "optimizer": torch.optim.Adam(model.parameters(), lr=0.25)}
    tensor_tree, number_tree = save(tensor), save(number)
    lr = tensor["optimizer"].param_groups[0]["lr"]
    resume(number_tree, tensor)
    assert tensor["optimizer"].param_groups[0]["lr"] is lr
    assert lr.item() == 0.25
    resume(number_tree, number)
    resume(tensor_tree, number)
    assert number["optimizer"].param_groups[0]["lr"] == 0.5


def test_a_state_from_a_gpu_goes_where_the_model_is() -> None:
    tree = save(_adam())
    tree["tracked"]["model"]["devices"] = ["cuda:0"]
    tree["tracked"]["optimizer"]["devices"] = ["cuda:0"]
    items = resume(tree, _adam())
    assert [(i.name, i.outcome, i.detail) for i in items[:2]] == [
        ("model", Outcome.CONVERTED, "4 tensors, cuda:0 → cpu"),
        ("optimizer", Outcome.CONVERTED, "state of 4 parameters, cuda:0 → cpu"),
    ]


def test_a_tensor_value_from_a_gpu_that_is_not_here_comes_back_on_the_cpu() -> None:
    tree = save({"w": torch.ones(2, requires_grad=True)})
    tree["values"]["w"]["device"] = "cuda:3"
    here: Things = {"w": None}
    resume(tree, here)
    assert here["w"].device.type == "cpu"
    assert here["w"].requires_grad


def test_a_state_whose_tensors_were_on_a_gpu_that_is_not_here_comes_back_on_the_cpu() -> None:
    class Average:
        shadow: dict[str, torch.Tensor] | None = None

        def state_dict(self) -> Any:
            return {"shadow": self.shadow}

        def load_state_dict(self, state: Any) -> None:
            self.shadow = state["shadow"]

    saved, here = Average(), Average()
    saved.shadow = {"w": torch.ones(2)}
    tree = save({"ema": saved})
    assert tree["tracked"]["ema"]["devices"] == ["cpu"]
    tree["tracked"]["ema"]["devices"] = ["cuda:5"]
    resume(tree, {"ema": here})
    assert here.shadow is not None
    assert here.shadow["w"].device.type == "cpu"


def test_a_device_that_is_not_here_is_refused() -> None:
    tree = save({"model": nn.Linear(1, 1)})
    with pytest.raises(UsageProblem, match="--map-location cuda:77: no such device"):
        plan_restore(tree, track({"model": nn.Linear(1, 1)}), map_location="cuda:77")


def test_a_model_on_the_meta_device_is_not_silently_left_empty() -> None:
    tree = save({"model": nn.Linear(1, 1)})
    with pytest.raises(Mismatch, match="to_empty"):
        plan_restore(tree, track({"model": nn.Linear(1, 1, device="meta")}))


def test_a_lazy_model_takes_its_shapes_from_the_checkpoint() -> None:
    tree = save({"model": nn.Linear(3, 2)})
    here = {"model": nn.LazyLinear(2)}
    resume(tree, here)
    assert torch.equal(here["model"].weight, tree["model_state_dict"]["weight"])


def test_weights_tied_here_and_not_in_the_checkpoint_are_said() -> None:
    tree = save({"model": nn.ModuleDict({"a": nn.Linear(2, 2, bias=False), "b": nn.Linear(2, 2, bias=False)})})
    model = nn.ModuleDict({"a": nn.Linear(2, 2, bias=False), "b": nn.Linear(2, 2, bias=False)})
    model["b"].weight = model["a"].weight
    items = resume(tree, {"model": model})
    assert Outcome.NOT_EXACT in outcomes(items, "model")


def test_a_scaler_that_is_off_here_or_was_off_then_is_skipped() -> None:
    on, off = {"scaler": torch.amp.GradScaler("cpu")}, {"scaler": torch.amp.GradScaler("cpu", enabled=False)}
    for saved, here in ((on, off), (off, on)):
        assert outcomes(resume(save(saved), here), "scaler") == [Outcome.SKIPPED]


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
    plan = plan_restore(save({"model": first}), track({"model": second}))
    plan.apply()
    assert second.seen == {"n": 5}
    plan.undo()
    assert second.seen == {"n": 0}


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
    tree = {**save(_training(seed=1)), **damage}
    things = _training(seed=2)
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


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), _JUNK, st.booleans())
def test_no_damaged_tree_leaves_half_a_state(data: st.DataObject, junk: Any, strict: bool) -> None:
    things = _training(seed=2)
    before = freeze(things)
    tree = _damage(_TREE[0], data, junk)
    try:
        plan_restore(tree, track(things), strict=strict).apply()
    except CkptError:
        assert freeze(things) == before


_TREE: list[Any] = [save(_training(seed=1))]


def test_what_could_not_be_saved_stays_as_it_is_and_is_said() -> None:
    class Meter:
        def __init__(self) -> None:
            self.n, self.fn = 0, len

        def state_dict(self) -> Any:
            return dict(vars(self))

        def load_state_dict(self, state: Any) -> None:
            vars(self).update(state)

    saved, here = Meter(), Meter()
    saved.n, here.fn = 4, max
    items = plan_restore(capture(track({"meter": saved})).tree, track({"meter": here})).apply()
    assert (here.n, here.fn) == (4, max)
    assert outcomes(items, "meter")[0] is Outcome.RESTORED
