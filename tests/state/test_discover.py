"""Discovery in a notebook's namespace: finds what belongs together, and asks rather than guesses."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as lrs
from torch.optim.swa_utils import AveragedModel

from jupyter_ckpt.errors import AmbiguousState, NothingTracked, UnknownName, UsageProblem
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.discover import absent_values, discover, survey, track_names

Namespace = dict[str, Any]


def names(namespace: Namespace) -> list[str]:
    return [one.name for one in discover(namespace)]


def _training() -> Namespace:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return {"model": model, "optimizer": optimizer, "scheduler": lrs.StepLR(optimizer, 1)}


def test_an_ordinary_notebook() -> None:
    here = _training()
    here |= {
        "In": [""], "Out": {}, "_": 3, "np": np, "torch": torch, "nn": nn, "Net": nn.Linear, "train": lambda: 0,
        "scaler": torch.amp.GradScaler("cpu"), "ema": AveragedModel(here["model"]),
        "criterion": nn.CrossEntropyLoss(),
        "history": {"loss": []}, "best_acc": 0.0, "best_loss": float("inf"), "train_losses": [],
        "patience_counter": 0, "global_step": 0, "epoch": 3, "step": 7, "lr": 0.1, "x": torch.ones(2),
        "g": torch.Generator(), "rng": np.random.default_rng(0), "dice": random.Random(1),
        "loader": torch.utils.data.DataLoader([1], shuffle=True, generator=torch.Generator()),
        "best_model_wts": copy.deepcopy(here["model"].state_dict()),
    }  # fmt: skip
    assert names(here) == [
        "model", "optimizer", "scheduler", "scaler", "ema", "g", "rng", "dice", "loader.generator",
        "history", "best_acc", "best_loss", "train_losses", "patience_counter", "global_step", "best_model_wts",
    ]  # fmt: skip


def test_discovery_changes_nothing_and_draws_nothing() -> None:
    here = _training()
    before, state = dict(here), torch.get_rng_state()
    discover(here)
    assert here == before
    assert torch.equal(torch.get_rng_state(), state)


def test_counters_that_are_one_object_in_python_are_all_found() -> None:
    here = _training() | {"best_epoch": 0, "patience_counter": 0, "best_acc": 0}
    assert {"best_epoch", "patience_counter", "best_acc"} <= set(names(here))


def test_a_history_that_cannot_be_saved_is_said() -> None:
    class EarlyStopping:
        counter = 0

    class Frame:
        pass

    found = survey(
        _training() | {"history": Frame(), "early_stopping": EarlyStopping(), "best_of": max, "frame": Frame()}
    )
    assert [(note.name, note.detail) for note in found.notes] == [
        ("history", "is a Frame, which has no state_dict() and load_state_dict()"),
        ("early_stopping", "is a EarlyStopping, which has no state_dict() and load_state_dict()"),
    ]


def test_a_history_with_a_second_name_is_found() -> None:
    log: list[float] = []
    assert "history" in names(_training() | {"h": log, "history": log})


def test_a_model_and_its_wrapper_are_one_under_the_better_name() -> None:
    here = _training()
    here["wrapped"] = nn.DataParallel(here["model"])
    assert names(here)[0] == "model"
    assert len([n for n in names(here) if n in ("model", "wrapped")]) == 1


def test_parts_of_a_model_and_inner_schedulers_are_no_candidates() -> None:
    here = _training()
    here["backbone"] = here["model"][0]
    here["warm"] = lrs.ConstantLR(here["optimizer"])
    here["cosine"] = lrs.CosineAnnealingLR(here["optimizer"], 3)
    here["scheduler"] = lrs.SequentialLR(here["optimizer"], [here["warm"], here["cosine"]], [2])
    assert names(here) == ["model", "optimizer", "scheduler"]


def test_a_gan_is_found_whole() -> None:
    here: Namespace = {"netG": nn.Linear(2, 3), "netD": nn.Linear(3, 1)}
    here |= {"optG": torch.optim.Adam(here["netG"].parameters()), "optD": torch.optim.Adam(here["netD"].parameters())}
    assert names(here) == ["netG", "netD", "optG", "optD"]


def test_a_target_network_is_kept_and_a_fixed_teacher_is_left_out_and_said_so() -> None:
    here = _training()
    here["target"] = copy.deepcopy(here["model"])
    here["teacher"] = nn.Linear(100, 100)
    found = survey(here)
    assert [one.name for one in found.tracked] == ["model", "target", "optimizer", "scheduler"]
    (note,) = found.notes
    assert (note.name, note.outcome) == ("teacher", Outcome.NOT_SAVED)
    assert "%ckpt track model target teacher optimizer scheduler" in note.detail


def test_lazy_modules_are_no_obstacle() -> None:
    here = _training() | {"lazy": nn.LazyLinear(3)}
    assert names(here) == ["model", "optimizer", "scheduler"]
    with pytest.raises(AmbiguousState, match="lazy: LazyLinear, 0 parameters"):
        discover({"lazy": nn.LazyLinear(3), "net": nn.Linear(1, 1)})


def test_a_model_without_an_optimizer_is_enough() -> None:
    assert names({"net": nn.Linear(1, 1)}) == ["net"]


def test_an_optimizer_of_a_model_that_was_made_anew_is_left_out_and_said_so() -> None:
    here = _training()
    here["model"] = nn.Linear(3, 4)
    found = survey(here)
    assert [one.name for one in found.tracked] == ["model"]
    assert "run the optimizer's cell again" in found.notes[0].detail


def test_two_models_without_an_optimizer_are_ambiguous() -> None:
    here: Namespace = {"small": nn.Linear(1, 1), "large": nn.Linear(10, 10)}
    with pytest.raises(AmbiguousState) as caught:
        discover(here)
    text = str(caught.value)
    assert text.splitlines()[0].endswith("say which with `%ckpt track small`")
    assert "small: Linear, 2 parameters" in text
    assert "  %ckpt track large" in text.splitlines()
    assert "  %ckpt track small large" in text.splitlines()


def test_every_line_of_an_ambiguity_can_be_typed() -> None:
    here = _training()
    here["optimizer2"] = torch.optim.Adam(here["model"].parameters())
    with pytest.raises(AmbiguousState) as caught:
        discover(here)
    lines = [line.strip() for line in str(caught.value).splitlines() if line.strip().startswith("%ckpt track ")]
    assert lines == ["%ckpt track model optimizer scheduler", "%ckpt track model optimizer2"]
    for line in lines:
        assert track_names(here, line.split()[2:])


def test_schedulers_of_two_optimizers_where_one_is_gone_are_ambiguous() -> None:
    here = _training()
    here["old"] = lrs.StepLR(torch.optim.SGD(nn.Linear(1, 1).parameters()), 1)
    with pytest.raises(AmbiguousState, match="old is bound to another optimizer than optimizer"):
        discover(here)


def test_nothing_to_track_says_what_to_do() -> None:
    with pytest.raises(NothingTracked, match="run the cells that make them"):
        discover({"x": 1, "history": []})


def test_models_inside_an_object_are_named_in_the_line_to_type() -> None:
    class Agent:
        def __init__(self) -> None:
            self.net = nn.Linear(1, 1)
            self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
            self.gamma = 0.9

    here = {"agent": Agent()}
    with pytest.raises(NothingTracked, match=r"`%ckpt track agent\.net agent\.opt`"):
        discover(here)
    assert len(track_names(here, ["agent.net", "agent.opt"])) == 2


def test_running_statistics_are_part_of_the_training() -> None:
    assert "normalizer" in names(_training() | {"normalizer": nn.BatchNorm1d(3, affine=False)})


def test_an_optimizer_whose_model_has_no_name_is_refused() -> None:
    with pytest.raises(NothingTracked, match=r"model = trainer\.model"):
        discover({"optimizer": torch.optim.SGD(nn.Linear(1, 1).parameters())})


def test_naming_things() -> None:
    class Trainer:
        net = nn.Linear(1, 1)

    here = _training() | {"trainer": Trainer(), "note": "x"}
    found = track_names(here, ["trainer.net", "note", "note", "optimizer"])
    assert [(one.name, one.kind.value) for one in found] == [
        ("trainer.net", "model"),
        ("note", "value"),
        ("optimizer", "optimizer"),
    ]
    with pytest.raises(UnknownName, match="did you mean optimizer"):
        track_names(here, ["optimiser"])
    with pytest.raises(UnknownName, match=r"trainer\.nett"):
        track_names(here, ["trainer.nett"])
    with pytest.raises(UsageProblem, match="train is a function"):
        track_names(here | {"train": print}, ["train"])


def test_a_name_is_followed_to_the_object_that_it_stands_for_now() -> None:
    here = _training()
    (one,) = track_names(here, ["model"])
    here["model"] = nn.Linear(1, 1)
    assert one.current() is here["model"]


def test_values_of_a_checkpoint_that_have_no_name_here_get_one_and_lose_it_again() -> None:
    here: Namespace = {"model": nn.Linear(1, 1), "best": 1}
    (one,) = absent_values(here, ["history", "best", "a.b"])
    assert one.name == "history"
    assert one.rebind is not None
    assert one.unbind is not None
    one.rebind([1])
    assert here["history"] == [1]
    one.unbind()
    assert "history" not in here
