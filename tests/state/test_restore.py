"""A resume says what it did item by item, and what to type when things do not fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from round_trip import adam_net, freeze, outcomes, resume, save, track, trained
from torch import nn

from jupyter_ckpt.errors import Mismatch, ModelNotDefined, UsageProblem
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.capture import capture
from jupyter_ckpt.state.discover import absent_values
from jupyter_ckpt.state.restore import plan_restore

Things = dict[str, Any]


def test_training_on_does_not_write_into_what_was_loaded() -> None:
    tree = save(trained(seed=1))
    before = freeze(tree["model_state_dict"]), freeze(tree["optimizer_state_dict"]), freeze(tree["values"])
    things = trained(seed=2)
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
    tree = save(trained(seed=1))
    things = trained(seed=2)
    before = {name: freeze(thing) for name, thing in things.items()}
    items = plan_restore(tree, track(things), only={"model", "history"}).apply()
    changed = {name for name, thing in things.items() if freeze(thing) != before[name]}
    assert changed == {"model", "history"}
    assert outcomes(items, "optimizer") == [Outcome.SKIPPED]
    assert outcomes(items, "model") == [Outcome.RESTORED]


def test_only_takes_kinds_and_refuses_unknown_words() -> None:
    tree = save(trained(seed=1))
    things = trained(seed=2)
    plan = plan_restore(tree, track(things), only={"values", "schedulers"})
    assert {fit.name for fit in plan.fits} == {"history", "best", "w", "scheduler"}
    with pytest.raises(UsageProblem, match=r"--only modle: no such object; there are .*model"):
        plan_restore(tree, track(things), only={"modle"})


def test_missing_and_extra_things_are_reported_and_do_no_harm() -> None:
    tree = save(trained(seed=1))
    things = trained(seed=2)
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
    assert outcomes(items, "net") == [Outcome.RESTORED, Outcome.CONVERTED]


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
    tree = save({"model": nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), "optimizer": None} | adam_net())
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    with pytest.raises(Mismatch, match=words):
        plan_restore(tree, track({"model": model, "optimizer": change(model)}))


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
    things = trained(seed=1)
    tree = save(things)
    here = trained(seed=2)
    here["scheduler"] = torch.optim.lr_scheduler.CosineAnnealingLR(here["optimizer"], 5)
    with pytest.raises(Mismatch, match="scheduler: checkpoint StepLR, this is CosineAnnealingLR"):
        plan_restore(tree, track(here))


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
    assert [item.detail for item in items if item.outcome is Outcome.NOT_EXACT] == [
        "fn could not be saved: left as it is"
    ]


def test_a_part_of_a_value_that_could_not_be_saved_is_said() -> None:
    saved, here = {"n": 4, "of": {"fn": len}}, {"n": 1, "of": {"fn": max}}
    items = plan_restore(capture(track({"best": saved})).tree, track({"best": here})).apply()
    assert here == {"n": 4, "of": {"fn": max}}
    assert [item.detail for item in items if item.outcome is Outcome.NOT_EXACT] == [
        "of.fn could not be saved: left as it is"
    ]


def test_parts_of_a_model_and_of_an_optimizer_that_could_not_be_saved_are_said_and_not_made_up() -> None:
    class Nested(nn.Linear):
        packed: Any = (1, "mine")

        def get_extra_state(self) -> Any:
            return self.packed

        def set_extra_state(self, state: Any) -> None:
            self.packed = state

    class Adds(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            super().step(closure)
            for held in self.state.values():
                held["thing"] = object()

    def made() -> dict[str, Any]:
        model = Nested(2, 2)
        return {"model": model, "optimizer": Adds(model.parameters(), 0.1, momentum=0.9)}

    saved, here = made(), made()
    saved["model"].packed = (7, object())
    saved["model"](torch.ones(1, 2)).sum().backward()
    saved["optimizer"].step()
    items = plan_restore(capture(track(saved)).tree, track(here)).apply()
    assert [(item.name, item.detail) for item in items if item.outcome is Outcome.NOT_EXACT] == [
        ("model", "_extra_state.1 could not be saved: left as it is"),
        ("optimizer", "state.0.thing, state.1.thing could not be saved: left as it is"),
    ]
    assert here["model"].packed == (7, "mine")
    assert [list(held) for held in here["optimizer"].state.values()] == [["momentum_buffer"]] * 2


def test_a_name_that_was_a_value_and_is_a_model_now_does_not_fit() -> None:
    tree = save({"best": 1.0, "model": nn.Linear(1, 1), "g": torch.Generator()})
    with pytest.raises(Mismatch, match="best: a value in the checkpoint, a model here"):
        plan_restore(tree, track({"best": nn.Linear(1, 1), "model": nn.Linear(1, 1)}))
    with pytest.raises(Mismatch, match="g: a generator in the checkpoint, a value here"):
        plan_restore(tree, track({"g": [], "model": nn.Linear(1, 1)}))


def test_a_model_asked_for_that_is_not_in_the_checkpoint_is_an_error() -> None:
    tree = save({"history": [1]})
    with pytest.raises(Mismatch, match="model is not in the checkpoint, which holds history"):
        plan_restore(tree, track({"model": nn.Linear(1, 1)}), only={"model"})


def test_a_model_comes_back_from_what_was_tracked_as_its_average() -> None:
    tree = save({"net_ema": nn.Linear(2, 2)})
    tree = {**tree, "model_state_dict": tree["net_ema_state_dict"], "tracked": {"model": tree["tracked"]["net_ema"]}}
    del tree["net_ema_state_dict"]
    here = {"model": nn.Linear(2, 2)}
    resume(tree, here)
    assert torch.equal(here["model"].weight, tree["model_state_dict"]["weight"])


def test_an_optimizer_that_is_not_of_torch() -> None:
    class Lion:
        def __init__(self, model: nn.Module) -> None:
            self.param_groups = [{"params": list(model.parameters()), "lr": 0.1}]
            self.momentum = [torch.zeros_like(p) for p in model.parameters()]

        def step(self) -> None:
            for m in self.momentum:
                m.add_(1)

        def state_dict(self) -> Any:
            return {"lr": self.param_groups[0]["lr"], "momentum": self.momentum}

        def load_state_dict(self, state: Any) -> None:
            self.param_groups[0]["lr"], self.momentum = state["lr"], state["momentum"]

    model = nn.Linear(2, 2)
    things, here = {"optimizer": Lion(model)}, {"optimizer": Lion(model)}
    things["optimizer"].step()
    tree = save(things)
    resume(tree, here)
    here["optimizer"].step()
    assert here["optimizer"].momentum[0].flatten()[0] == 2
    assert tree["optimizer_state_dict"]["momentum"][0].flatten()[0] == 1


def test_a_model_with_its_own_loading_and_with_an_entry_that_could_not_be_saved() -> None:
    class Own(nn.Linear):
        note: Any = None

        def get_extra_state(self) -> Any:
            return self.note

        def set_extra_state(self, state: Any) -> None:
            self.note = state

        def load_state_dict(self, state_dict: Any) -> Any:  # type: ignore[override]
            return super().load_state_dict(state_dict, strict=False)

    first, second = Own(2, 2), Own(2, 2)
    first.note, second.note = object(), "mine"
    items = plan_restore(capture(track({"model": first})).tree, track({"model": second})).apply()
    assert torch.equal(first.weight, second.weight)
    assert second.note == "mine"
    assert "_extra_state could not be saved" in next(i.detail for i in items if i.outcome is Outcome.NOT_EXACT)
