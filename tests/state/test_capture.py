"""Capturing references the live state, changes nothing, and names what it had to leave out."""

from __future__ import annotations

import gc
import random
from typing import Any

import numpy as np
import pytest
import torch
from round_trip import freeze, save, through_a_file, track
from torch import nn

from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.capture import capture
from jupyter_ckpt.state.rng import capture_rng
from jupyter_ckpt.store.archive import Archive


def _training() -> dict[str, Any]:
    model = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(4, 64)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    return {"model": model, "optimizer": optimizer, "scheduler": scheduler, "history": [1.0], "w": torch.ones(9)}


def test_tensors_are_the_live_ones() -> None:
    things = _training()
    tree = capture(track(things)).tree
    weight = things["model"][0].weight
    assert tree["model_state_dict"]["0.weight"].data_ptr() == weight.data_ptr()
    state = things["optimizer"].state[weight]["exp_avg"]
    assert tree["optimizer_state_dict"]["state"][0]["exp_avg"].data_ptr() == state.data_ptr()
    assert tree["values"]["w"].data_ptr() == things["w"].data_ptr()
    assert not tree["model_state_dict"]["0.weight"].requires_grad


def test_nothing_is_perturbed() -> None:
    things = _training()
    x = torch.randn(4, 64)
    loss = things["model"](x).pow(2).sum()  # a save between forward and backward
    tensors = [*things["model"].parameters(), *things["model"].buffers(), things["w"]]
    versions = [t._version for t in tensors]
    before, rng = freeze(list(things.values())), freeze(capture_rng())
    through_a_file(capture(track(things)).tree)
    assert [t._version for t in tensors] == versions
    assert freeze(list(things.values())) == before
    assert freeze(capture_rng()) == rng
    loss.backward()


def test_no_copies_are_left_behind() -> None:
    things = _training()
    capture(track(things))
    gc.collect()
    count = sum(issubclass(type(o), torch.Tensor) for o in gc.get_objects())
    for _ in range(3):
        Archive(capture(track(things)).tree)
    gc.collect()
    assert sum(issubclass(type(o), torch.Tensor) for o in gc.get_objects()) == count


def test_keys_are_the_ones_of_the_tutorials() -> None:
    tree = save(_training())
    assert {"model_state_dict", "optimizer_state_dict", "scheduler_state_dict", "values", "rng", "format"} <= set(
        tree
    )
    nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64)).load_state_dict(tree["model_state_dict"])


def test_tied_weights_take_their_room_once() -> None:
    model = nn.ModuleDict({"a": nn.Linear(256, 256, bias=False), "b": nn.Linear(256, 256, bias=False)})
    apart = Archive(capture(track({"model": model})).tree).size
    model["b"].weight = model["a"].weight
    tied = Archive(capture(track({"model": model})).tree).size
    assert apart - tied >= 256 * 256 * 4
    tree = save({"model": model})
    first, second = tree["model_state_dict"].values()
    assert first.data_ptr() == second.data_ptr()


class _Grumpy:
    def state_dict(self) -> dict[str, Any]:
        raise RuntimeError("not now")

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class _Pickled:
    def state_dict(self) -> dict[str, Any]:
        return {"count": 3, "fn": test_tensors_are_the_live_ones}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


def test_what_cannot_be_saved_is_named_and_the_rest_is_saved() -> None:
    things = _training() | {"grumpy": _Grumpy(), "meter": _Pickled(), "log": [object()], "stats": {"a": 1, "f": len}}
    done = capture(track(things))
    missing = {item.name: item.detail for item in done.items if item.outcome is Outcome.NOT_SAVED}
    assert missing == {
        "grumpy": "its state_dict() failed: RuntimeError: not now",
        "meter.fn": "function objects can only be saved with pickle",
        "log": "[0]: object objects can only be saved with pickle",
        "stats.f": "builtin_function_or_method objects can only be saved with pickle",
    }
    tree = through_a_file(done.tree)
    assert tree["meter_state_dict"]["count"] == 3
    assert tree["values"]["stats"]["a"] == 1
    assert "model_state_dict" in tree
    assert "grumpy_state_dict" not in tree


def test_a_name_that_is_gone_or_became_something_else_is_said() -> None:
    things = _training()
    tracked = track(things)
    del things["history"]
    things["scheduler"] = 3
    things["w"] = print
    details = {item.name: item.detail for item in capture(tracked).items if item.outcome is Outcome.NOT_SAVED}
    assert details == {
        "history": "is not defined any more",
        "scheduler": "was a scheduler when it was tracked and is of type int now",
        "w": "is a function",
    }


def test_a_model_made_anew_is_the_one_that_is_saved() -> None:
    things = _training()
    tracked = track(things)
    things["model"] = nn.Linear(2, 2)
    assert list(capture(tracked).tree["model_state_dict"]) == ["weight", "bias"]


def test_the_record_learns_what_was_tracked() -> None:
    meta = capture(track(_training())).meta
    assert meta["model"] == {
        "kind": "model",
        "class": "torch.nn.modules.container.Sequential",
        "parameters": 64 * 64 + 64 + 128,
        "module": "torch.nn.modules.container",
    }
    assert meta["history"] == {"kind": "value", "class": "list"}


def test_a_model_of_which_nothing_can_be_saved_is_not_called_saved() -> None:
    done = capture(track({"model": nn.Linear(2, 2, device="meta")}))
    assert [(i.outcome, i.detail) for i in done.items] == [
        (Outcome.NOT_SAVED, "weight: is on the meta device and has no values")
    ]
    assert "model_state_dict" not in done.tree


def test_a_lazy_module_is_saved_but_for_what_it_does_not_know_yet() -> None:
    done = capture(track({"model": nn.Sequential(nn.Linear(2, 2), nn.LazyLinear(3))}))
    assert "run one batch through it" in next(i.detail for i in done.items if i.outcome is Outcome.NOT_SAVED)
    assert "0.weight" in done.tree["model_state_dict"]


@pytest.mark.parametrize("seed", [0, 1])
def test_global_random_states_are_in_the_tree(seed: int) -> None:
    random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
    assert {"python", "numpy", "torch"} <= set(save({"model": nn.Linear(1, 1)})["rng"])
