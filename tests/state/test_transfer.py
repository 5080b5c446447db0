"""Transfer learning: another head on the same backbone is loaded with --no-strict, and all of it is said."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from round_trip import freeze, outcomes, resume, save, track
from torch import nn

from jupyter_ckpt.errors import Mismatch
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.restore import plan_restore


class Net(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))
        self.fc = nn.Linear(8, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.body(x))


def _training(classes: int) -> dict[str, Any]:
    model = Net(classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    model(torch.randn(6, 4)).sum().backward()
    optimizer.step()
    scheduler.step()
    return {"model": model, "optimizer": optimizer, "scheduler": scheduler, "history": [classes]}


def test_the_backbone_is_loaded_the_head_left_and_the_optimizer_starts_anew() -> None:
    tree = save(_training(10))
    here = _training(100)
    head, optimizer, scheduler = freeze(here["model"].fc), freeze(here["optimizer"]), freeze(here["scheduler"])
    items = resume(tree, here, strict=False)

    assert freeze(here["model"].body) == freeze(
        [{k[5:]: v for k, v in tree["model_state_dict"].items() if k.startswith("body.")}, {}, [True] * 4]
    )
    assert freeze(here["model"].fc) == head
    assert freeze(here["optimizer"]) == optimizer
    assert freeze(here["scheduler"]) == scheduler
    assert here["history"] == [10]

    told = [(i.name, i.outcome.value, i.detail.replace("\N{MULTIPLICATION SIGN}", "x")) for i in items]
    assert ("model", "restored", "7 of 9 tensors") in told
    assert ("model", "skipped", "fc.weight: checkpoint 10x8, model 100x8") in told
    assert ("model", "skipped", "fc.bias: checkpoint 10, model 100") in told
    assert (
        "optimizer",
        "skipped",
        "fc.weight: checkpoint 10x8, here 100x8; left out, it starts as it is here",
    ) in told
    assert (
        "scheduler", "skipped", "goes with optimizer, whose state does not fit; left out, it starts as it is here"
    ) in told  # fmt: skip


def test_strict_names_the_way() -> None:
    tree = save(_training(10))
    with pytest.raises(Mismatch, match="`%ckpt resume pretrained --no-strict`") as caught:
        plan_restore(tree, track(_training(100)), ref="pretrained")
    assert "--only" not in str(caught.value), "without the model the rest makes no training"


def test_a_model_that_fits_can_be_taken_alone() -> None:
    tree = save(_training(10))
    here = _training(10)
    here["optimizer"] = torch.optim.SGD(here["model"].parameters(), lr=0.1)
    with pytest.raises(Mismatch, match="`%ckpt resume latest --only model` takes the weights and begins at epoch 0"):
        plan_restore(tree, track(here))


def test_a_head_under_another_name_is_missing_here_and_extra_there() -> None:
    tree = save({"model": nn.ModuleDict({"body": nn.Linear(2, 2), "fc": nn.Linear(2, 2)})})
    here = {"model": nn.ModuleDict({"body": nn.Linear(2, 2), "head": nn.Linear(2, 2)})}
    items = resume(tree, here, strict=False)
    assert outcomes(items, "model") == [Outcome.RESTORED, Outcome.MISSING, Outcome.EXTRA]
    assert torch.equal(here["model"]["body"].weight, tree["model_state_dict"]["body.weight"])


def test_a_frozen_backbone_stays_frozen() -> None:
    tree = save(_training(10))
    here = _training(100)
    here["model"].body.requires_grad_(False)
    resume(tree, here, strict=False)
    assert not any(p.requires_grad for p in here["model"].body.parameters())


def test_a_checkpoint_that_has_nothing_in_common_is_refused_even_then() -> None:
    tree = save({"model": nn.Linear(2, 2)})
    with pytest.raises(Mismatch, match="none of its keys is in the checkpoint"):
        plan_restore(tree, track({"model": nn.Sequential(nn.Linear(2, 2))}), strict=False)


def test_a_layer_that_was_added_at_the_end() -> None:
    tree = save({"model": nn.Sequential(nn.Linear(2, 2))})
    here = {"model": nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))}
    items = resume(tree, here, strict=False)
    assert [(i.outcome, i.detail) for i in items if i.name == "model"] == [
        (Outcome.RESTORED, "2 of 4 tensors"),
        (Outcome.MISSING, "not in the checkpoint, left as it is: 1.weight, 1.bias"),
    ]
