"""What was saved on another device, in another precision or with other options comes back fit for here."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from round_trip import adam_net, freeze, outcomes, resume, save, track
from torch import nn

from jupyter_ckpt.errors import Mismatch, UsageProblem
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.restore import plan_restore

Things = dict[str, Any]


def test_options_of_how_to_compute_stay_those_of_the_live_optimizer() -> None:
    things = adam_net()
    things["optimizer"].param_groups[0]["fused"] = True
    tree = save(things)
    here = adam_net()
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
    tree = save(adam_net())
    tree["tracked"]["model"]["devices"] = ["cuda:0"]
    tree["tracked"]["optimizer"]["devices"] = ["cuda:0"]
    items = resume(tree, adam_net())
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


def test_naming_the_device_that_all_is_on_changes_nothing() -> None:
    things = adam_net()
    here = adam_net()
    items = plan_restore(save(things), track(here), map_location="cpu").apply()
    assert freeze(here) == freeze(things)
    assert {item.outcome for item in items} == {Outcome.RESTORED}


def test_real_numbers_become_complex_ones_but_not_the_other_way() -> None:
    real, complex_ = nn.Linear(2, 2), nn.Linear(2, 2, dtype=torch.complex64)
    assert outcomes(resume(save({"model": real}), {"model": complex_}), "model") == [Outcome.CONVERTED]
    with pytest.raises(Mismatch, match="complex numbers in the checkpoint, float32 in the model"):
        plan_restore(save({"model": complex_}), track({"model": real}))


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
