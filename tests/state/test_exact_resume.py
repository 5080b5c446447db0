"""Training that goes on after a resume is, bit for bit, the training that was never interrupted."""

from __future__ import annotations

import random
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from round_trip import freeze, resume, save
from torch import nn
from torch.optim import lr_scheduler as lrs
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn

from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.rng import capture_rng

Things = dict[str, Any]


class Net(nn.Module):
    """A bit of all that has state: BatchNorm, dropout, tied weights, a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.conv = nn.Conv1d(8, 8, 3, padding=1)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(8, 11)
        self.head.weight = self.embed.weight
        self.register_buffer("mask", torch.ones(8), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm(self.conv(self.embed(x).transpose(1, 2)))
        return self.head(self.drop(torch.relu(h).transpose(1, 2) * self.mask))


def _step(things: Things) -> None:
    """One step of an ordinary loop over whatever there is."""
    model, optimizer = things["model"], things["optimizer"]
    x = torch.randint(0, 11, (4, 6))
    model.train()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), (x + 1).flatten() % 11)
        (things["scaler"].scale(loss) if "scaler" in things else loss).backward()
        return loss

    if "scaler" in things:
        loss = closure()
        things["scaler"].step(optimizer)
        things["scaler"].update()
    else:
        loss = optimizer.step(closure)
    if "scheduler" in things:
        if isinstance(things["scheduler"], lrs.ReduceLROnPlateau):
            things["scheduler"].step(loss.detach() + random.random() + float(np.random.rand()))
        else:
            things["scheduler"].step()
    if "ema" in things:
        things["ema"].update_parameters(model)
    if "history" in things:
        things["history"].append(loss.item())


def _make(optimizer: Callable[[Any], Any], scheduler: Callable[[Any], Any] | None = None, **more: Any) -> Things:
    model = Net()
    things: Things = {"model": model, "optimizer": optimizer(model.parameters()), "history": []}
    if scheduler is not None:
        things["scheduler"] = scheduler(things["optimizer"])
    if more.get("scaler"):
        things["scaler"] = torch.amp.GradScaler("cpu", init_scale=2.0**40, growth_interval=2)
    if more.get("ema"):
        things["ema"] = AveragedModel(model, **more["ema"])
    return things


def _sequential(optimizer: Any) -> Any:
    first = lrs.LinearLR(optimizer, 0.1, total_iters=3)
    return lrs.SequentialLR(optimizer, [first, lrs.CosineAnnealingLR(optimizer, 10)], milestones=[6])


class _Ramp:
    """A schedule with state of its own, as `LambdaLR` allows."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, step: int) -> float:
        self.seen += 1
        return 1 / (1 + self.seen)


def _groups(params: Any) -> Any:
    params = list(params)
    return torch.optim.AdamW([{"params": params[:2], "lr": 0.1}, {"params": params[2:]}], lr=0.01, amsgrad=True)


def _sgd(params: Any) -> Any:
    return torch.optim.SGD(params, lr=0.1, momentum=0.9, nesterov=True)


RECIPES: dict[str, Callable[[], Things]] = {
    "SGD": lambda: _make(_sgd),
    "plain SGD": lambda: _make(lambda p: torch.optim.SGD(p, lr=0.1)),
    "Adam": lambda: _make(lambda p: torch.optim.Adam(p, lr=0.01)),
    "AdamW with groups": lambda: _make(_groups),
    "capturable lr tensor": lambda: _make(lambda p: torch.optim.Adam(p, lr=torch.tensor(0.01), foreach=False)),
    "RMSprop": lambda: _make(lambda p: torch.optim.RMSprop(p, centered=True, momentum=0.5)),
    "Adagrad": lambda: _make(torch.optim.Adagrad),
    "Rprop": lambda: _make(torch.optim.Rprop),
    "NAdam": lambda: _make(torch.optim.NAdam),
    "Adadelta": lambda: _make(torch.optim.Adadelta),
    "ASGD": lambda: _make(torch.optim.ASGD),
    "LBFGS": lambda: _make(lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=3, history_size=2)),
    "LBFGS strong Wolfe": lambda: _make(lambda p: torch.optim.LBFGS(p, max_iter=3, line_search_fn="strong_wolfe")),
    "StepLR": lambda: _make(_sgd, lambda o: lrs.StepLR(o, 3)),
    "MultiStepLR": lambda: _make(_sgd, lambda o: lrs.MultiStepLR(o, [2, 5, 7])),
    "ExponentialLR": lambda: _make(_sgd, lambda o: lrs.ExponentialLR(o, 0.8)),
    "CosineAnnealingLR": lambda: _make(_sgd, lambda o: lrs.CosineAnnealingLR(o, 7)),
    "warm restarts": lambda: _make(_sgd, lambda o: lrs.CosineAnnealingWarmRestarts(o, 3)),
    "OneCycleLR": lambda: _make(_sgd, lambda o: lrs.OneCycleLR(o, 0.5, total_steps=40)),
    "CyclicLR": lambda: _make(_sgd, lambda o: lrs.CyclicLR(o, 0.01, 0.1, step_size_up=3)),
    "ReduceLROnPlateau": lambda: _make(_sgd, lambda o: lrs.ReduceLROnPlateau(o, patience=1, cooldown=1)),
    "SequentialLR": lambda: _make(_sgd, _sequential),
    "ChainedScheduler": lambda: _make(
        _sgd, lambda o: lrs.ChainedScheduler([lrs.ConstantLR(o, 0.5, 6), lrs.ExponentialLR(o, 0.9)])
    ),
    "LambdaLR": lambda: _make(_sgd, lambda o: lrs.LambdaLR(o, lambda step: 1 / (1 + step))),
    "LambdaLR object": lambda: _make(_sgd, lambda o: lrs.LambdaLR(o, _Ramp())),
    "SWALR": lambda: _make(_sgd, lambda o: SWALR(o, 0.01), ema={"use_buffers": True}),
    "GradScaler": lambda: _make(_sgd, scaler=True),
    "EMA": lambda: _make(_sgd, ema={"multi_avg_fn": get_ema_multi_avg_fn(0.9)}),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_five_more_steps_are_the_same(recipe: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of schedulers, about the order of the first steps
        random.seed(1), np.random.seed(2), torch.manual_seed(3)
        things = RECIPES[recipe]()
        for _ in range(5):
            _step(things)
        tree = save(things)
        for _ in range(5):
            _step(things)
        random_after = freeze(capture_rng())

        torch.manual_seed(99)
        again = RECIPES[recipe]()
        for _ in range(2):  # what a resume meets need not be fresh
            _step(again)
        items = resume(tree, again)
        for _ in range(5):
            _step(again)

    assert {item.outcome for item in items} == {Outcome.RESTORED}
    assert freeze(capture_rng()) == random_after
    assert {name: freeze(thing) for name, thing in again.items()} == {n: freeze(t) for n, t in things.items()}


_LIFE = """
import hashlib, pathlib, sys, torch, numpy, random
sys.path.insert(0, {here!r})
from round_trip import freeze, track, resume
from test_exact_resume import RECIPES, _step
from jupyter_ckpt.state.capture import capture
from jupyter_ckpt.state.rng import capture_rng
from jupyter_ckpt.store.archive import Archive
path = pathlib.Path({path!r})
things = RECIPES["OneCycleLR"]()
things |= {{"bests": {{"acc": numpy.float64(0.5)}}, "noise": torch.Generator().manual_seed(1)}}
if not path.exists():
    for _ in range(5):
        _step(things)
    with path.open("wb") as file:
        Archive(capture(track(things)).tree).write(file.fileno())
else:
    resume(torch.load(path, weights_only=True), things)
for _ in range(5):
    _step(things)
print(hashlib.sha256(repr([freeze(things), freeze(capture_rng())]).encode()).hexdigest())
"""


def test_a_training_goes_on_exactly_in_another_process(tmp_path: Path) -> None:
    code = _LIFE.format(here=str(Path(__file__).parent), path=str(tmp_path / "life.pt"))
    lives = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(2)]
    assert [life.returncode for life in lives] == [0, 0], lives[0].stderr + lives[1].stderr
    assert lives[0].stdout == lives[1].stdout


def test_gan_with_two_of_each_goes_on_exactly() -> None:
    def make() -> Things:
        things: Things = {"netG": nn.Linear(3, 4), "netD": nn.Linear(4, 1)}
        things["optG"] = torch.optim.Adam(things["netG"].parameters())
        things["optD"] = torch.optim.Adam(things["netD"].parameters())
        return things

    def step(things: Things) -> None:
        for one in "DG":
            loss = things["netD"](things["netG"](torch.randn(5, 3))).mean() * (1 if one == "G" else -1)
            things["optD"].zero_grad()
            things["optG"].zero_grad()
            loss.backward()
            things["opt" + one].step()

    things = make()
    step(things)
    tree = save(things)
    step(things)
    again = make()
    resume(tree, again)
    step(again)
    assert {n: freeze(t) for n, t in again.items()} == {n: freeze(t) for n, t in things.items()}


def test_generators_of_all_libraries_go_on_exactly() -> None:
    def make(seed: int) -> Things:
        return {
            "torch_gen": torch.Generator().manual_seed(seed),
            "np_gen": np.random.default_rng(seed),
            "np_old": np.random.RandomState(seed),
            "philox": np.random.Generator(np.random.Philox(seed)),
            "py": random.Random(seed),
        }

    def draw(things: Things) -> list[float]:
        return [
            *torch.rand(3, generator=things["torch_gen"]).tolist(),
            *things["np_gen"].normal(size=3),
            *things["np_old"].randn(3),
            *things["philox"].integers(0, 9, 3),
            things["py"].gauss(0, 1),
        ]

    things = make(1)
    draw(things)
    tree = save(things)
    expected = draw(things)
    again = make(2)
    kept = dict(again)
    resume(tree, again)
    assert draw(again) == expected
    assert all(again[name] is kept[name] for name in again)


def test_an_optimised_picture_is_part_of_the_state() -> None:
    def make() -> Things:
        picture = torch.rand(3, 4, requires_grad=True)
        return {"picture": picture, "optimizer": torch.optim.Adam([picture], lr=0.1)}

    def step(things: Things) -> None:
        things["optimizer"].zero_grad()
        (things["picture"] ** 2).sum().backward()
        things["optimizer"].step()

    things = make()
    step(things)
    tree = save(things)
    step(things)
    again = make()
    resume(tree, again)
    step(again)
    assert torch.equal(again["picture"], things["picture"])
    assert again["optimizer"].param_groups[0]["params"][0] is again["picture"]
