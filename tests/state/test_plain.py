"""Checkpoints that others made load as well as their own code would load them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from round_trip import freeze, track
from torch import nn
from torch.nn.parallel import DataParallel
from torch.optim.swa_utils import AveragedModel

from jupyter_ckpt.errors import Mismatch, UsageProblem
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.plain import Adopted, adopt_plain
from jupyter_ckpt.state.restore import plan_restore

Things = dict[str, Any]


def _training(seed: int, wrap: Any = lambda model: model) -> Things:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    things: Things = {"model": wrap(model), "optimizer": torch.optim.AdamW(model.parameters())}
    things["scheduler"] = torch.optim.lr_scheduler.CosineAnnealingLR(things["optimizer"], 9)
    for _ in range(seed):
        model(torch.randn(5, 3)).sum().backward()
        things["optimizer"].step()
        things["scheduler"].step()
    return things


def _file(tree: Any) -> Any:
    """What lies in somebody's ``torch.save`` file."""
    buffer = io.BytesIO()
    torch.save(tree, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def _load(tree: Any, things: Things, **how: Any) -> tuple[Adopted, list[Any]]:
    tracked = track(things)
    adopted = adopt_plain(_file(tree), tracked)
    return adopted, plan_restore(adopted.tree, tracked, **how).apply()


KEYS = [
    ("model_state_dict", "optimizer_state_dict", "scheduler_state_dict"),
    ("state_dict", "optimizer", "lr_scheduler"),
    ("model", "optim", "sched"),
    ("net", "opt_state", "lr_scheduler_state_dict"),
    ("weights", "optimizer_state", "scheduler"),
]


@pytest.mark.parametrize("keys", KEYS, ids=lambda keys: keys[0])
def test_the_tutorials_keys(keys: tuple[str, str, str]) -> None:
    there, here = _training(2), _training(1)
    states = {key: thing.state_dict() for key, thing in zip(keys, there.values(), strict=True)}
    adopted, items = _load({**states, "epoch": 7, "loss": 0.25, "global_step": 120}, here)
    assert freeze(here) == freeze(there)
    assert (adopted.epoch, adopted.next_epoch, adopted.step, adopted.metrics) == (7, 8, 120, {"loss": 0.25})
    assert "epoch 7 is taken to be done: training goes on with epoch 8" in adopted.remarks[0]
    assert {item.outcome for item in items if item.outcome is not Outcome.NOT_EXACT} == {Outcome.RESTORED}


def test_a_bare_state_dict() -> None:
    there, here = _training(2), _training(1)
    adopted, items = _load(there["model"].state_dict(), here)
    assert freeze(here["model"]) == freeze(there["model"])
    assert adopted.next_epoch == 0
    assert [i.name for i in items if i.outcome is Outcome.MISSING] == ["optimizer", "scheduler"]


def test_a_bare_optimizer() -> None:
    there, here = _training(2), _training(1)
    adopted = adopt_plain(_file(there["optimizer"].state_dict()), track(here))
    plan_restore(adopted.tree, track(here), strict=False).apply()
    assert freeze(here["optimizer"]) == freeze(there["optimizer"])


@pytest.mark.parametrize(
    "there_wrap", [lambda m: m, DataParallel, torch.compile], ids=["bare", "DataParallel", "compile"]
)
@pytest.mark.parametrize(
    "here_wrap", [lambda m: m, DataParallel, torch.compile], ids=["bare", "DataParallel", "compile"]
)
def test_wrappers_prefixes(there_wrap: Any, here_wrap: Any) -> None:
    there, here = _training(2, there_wrap), _training(1, here_wrap)
    _load({"model": there["model"].state_dict(), "optimizer": there["optimizer"].state_dict()}, here)
    assert freeze(list(here["model"].state_dict().values())) == freeze(list(there["model"].state_dict().values()))
    assert freeze(here["optimizer"]) == freeze(there["optimizer"])


def test_lightning() -> None:
    there, here = _training(2), _training(1)
    state = {f"model.{key}": value for key, value in there["model"].state_dict().items()}
    tree = {
        "epoch": 4,
        "global_step": 50,
        "pytorch-lightning_version": "2.6.0",
        "state_dict": state | {"criterion.weight": torch.ones(2)},
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"current": {"ready": 5}}}},
        "callbacks": {},
        "optimizer_states": [there["optimizer"].state_dict()],
        "lr_schedulers": [there["scheduler"].state_dict()],
    }
    adopted, _ = _load(tree, here)
    assert freeze(here) == freeze(there)
    assert (adopted.epoch, adopted.next_epoch, adopted.step) == (4, 5, 50)
    assert "model: its keys in the file begin with 'model.'; not used: criterion.weight" in adopted.remarks
    assert "not used: pytorch-lightning_version, loops, callbacks" in adopted.remarks


def test_lightning_with_several_models_and_optimizers() -> None:
    def make(seed: int) -> Things:
        torch.manual_seed(seed)
        things: Things = {"generator": nn.Linear(2, 3), "discriminator": nn.Linear(3, 1)}
        things["opt_g"] = torch.optim.Adam(things["generator"].parameters(), lr=seed)
        things["opt_d"] = torch.optim.SGD(things["discriminator"].parameters(), lr=seed)
        return things

    there, here = make(2), make(1)
    state = {f"{n}.{k}": v for n in ("generator", "discriminator") for k, v in there[n].state_dict().items()}
    _load({"state_dict": state, "optimizer_states": [there["opt_g"].state_dict(), there["opt_d"].state_dict()]}, here)
    assert freeze(here) == freeze(there)


def test_a_lightning_module_here_and_its_inner_state_there() -> None:
    there = _training(2)
    here = {"lit": nn.ModuleDict({"backbone": _training(1)["model"]})}
    adopted, _ = _load(there["model"].state_dict(), here)
    assert freeze(here["lit"]["backbone"]) == freeze(there["model"])
    assert "lit: its keys here begin with 'backbone.', which the file's do not" in adopted.remarks


def test_timm_with_its_average_and_scaler() -> None:
    there, here = _training(2), _training(1)
    for things in (there, here):
        things["ema"] = AveragedModel(things["model"])
        things["scaler"] = torch.amp.GradScaler("cpu", init_scale=8.0 if things is there else 2.0)
    there["ema"].update_parameters(there["model"])
    tree = {
        "epoch": 3,
        "arch": "resnet50",
        "state_dict": there["model"].state_dict(),
        "optimizer": there["optimizer"].state_dict(),
        "state_dict_ema": there["ema"].state_dict(),
        "amp_scaler": there["scaler"].state_dict(),
        "metric": torch.tensor(71.5),
    }
    adopted, _ = _load(tree, here)
    assert freeze(here["ema"]) == freeze(there["ema"])
    assert here["scaler"].state_dict()["scale"] == 8.0
    assert adopted.metrics == {"metric": 71.5}
    assert "not used: arch" in adopted.remarks


def test_values_tracked_under_the_same_name_come_back() -> None:
    there = _training(2)
    wts = there["model"].state_dict()
    here = _training(1) | {"history": [], "best_acc": 0.0, "best_model_wts": None}
    held = here["history"]
    _load({"model": wts, "history": [1.0, 2.0], "best_acc": 0.5, "best_model_wts": wts}, here)
    assert held == [1.0, 2.0]
    assert here["best_acc"] == 0.5
    assert freeze(here["best_model_wts"]) == freeze(wts)


@pytest.mark.parametrize(
    ("numbers", "epoch", "next_epoch", "step"),
    [
        ({"epoch": torch.tensor(3)}, 3, 4, None),
        ({"start_epoch": 5}, None, 5, None),
        ({"epoch": 4, "start_epoch": 5, "iteration": 9}, 4, 5, 9),
        ({"epoch": "four"}, None, 0, None),
        ({"epoch": True}, None, 0, None),
        ({"epoch": -1}, -1, 0, None),
        ({"epoch": float("nan")}, None, 0, None),
        ({"step": 3.0}, None, 0, 3),
    ],
)
def test_epochs_and_steps(numbers: Any, epoch: Any, next_epoch: int, step: Any) -> None:
    adopted = adopt_plain({"model": {"w": torch.ones(1)}, **numbers}, [])
    assert (adopted.epoch, adopted.next_epoch, adopted.step) == (epoch, next_epoch, step)


def test_metrics_are_the_numbers_beside_the_states() -> None:
    tree = {
        "model": {"w": torch.ones(1)},
        "val_loss": 0.5,
        "best": np.float64(2),
        "flag": True,
        "m": [1],
        "nan": np.nan,
    }
    adopted = adopt_plain({**tree, "metrics": {"acc": 1, "name": "x"}}, [])
    assert adopted.metrics == {"val_loss": 0.5, "best": 2.0, "acc": 1.0}


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"a": 1, "config": {"lr": 3}}, "its keys: a, config"),
        ({}, "its keys: none at all"),
        ([torch.ones(1)], "holds a list"),
        (torch.ones(1), "holds a Tensor"),
    ],
)
def test_a_file_without_a_state_says_what_it_has(tree: Any, words: str) -> None:
    with pytest.raises(UsageProblem, match=words):
        adopt_plain(tree, [])


def test_another_optimizer_is_noticed_without_notes_on_its_class() -> None:
    there, here = _training(2), _training(1)
    there["optimizer"] = torch.optim.SGD(there["model"].parameters(), lr=0.1, momentum=0.9)
    with pytest.raises(Mismatch, match="of another kind of optimizer"):
        _load({"model": there["model"].state_dict(), "optimizer": there["optimizer"].state_dict()}, here)


def test_another_scheduler_is_noticed_without_notes_on_its_class() -> None:
    there, here = _training(2), _training(1)
    there["scheduler"] = torch.optim.lr_scheduler.StepLR(there["optimizer"], 3)
    with pytest.raises(Mismatch, match=r"of another kind of scheduler: it has no .*T_max"):
        _load({"model": there["model"].state_dict(), "scheduler": there["scheduler"].state_dict()}, here)


def test_another_head_loads_with_no_strict() -> None:
    there = {
        "state_dict": {"module.body.weight": torch.ones(2, 2), "module.fc.weight": torch.ones(10, 2)},
        "epoch": 1,
    }
    here = {"net": nn.ModuleDict({"body": nn.Linear(2, 2, bias=False), "fc": nn.Linear(2, 5, bias=False)})}
    _, items = _load(there, here, strict=False)
    assert here["net"]["body"].weight.tolist() == [[1, 1], [1, 1]]
    assert Outcome.SKIPPED in {item.outcome for item in items}
