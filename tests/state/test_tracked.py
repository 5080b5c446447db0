"""What can be tracked, as what, and why the rest cannot."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from jupyter_ckpt.state.tracked import Kind, class_name, classify, explain

NET = nn.Linear(2, 2)
SGD = torch.optim.SGD(NET.parameters(), lr=0.1)


class HandMadeOptimizer:
    def __init__(self) -> None:
        self.param_groups = [{"params": list(NET.parameters())}]

    def step(self) -> None: ...

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class HandMadeSchedule(HandMadeOptimizer):
    def __init__(self) -> None:
        self.optimizer = SGD


class Averager:
    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Chatty:
    """An object whose ``__getattr__`` has an answer to everything."""

    def __getattr__(self, name: str) -> Any:
        if name in ("state_dict", "load_state_dict", "step", "param_groups", "optimizer"):
            raise RuntimeError(f"{name} was asked for")
        raise AttributeError(name)


@pytest.mark.parametrize(
    ("name", "obj", "kind"),
    [
        ("model", NET, Kind.MODEL),
        ("model_ema", NET, Kind.EMA),
        ("schema", NET, Kind.MODEL),
        ("avg", AveragedModel(NET), Kind.EMA),
        ("opt", SGD, Kind.OPTIMIZER),
        ("mine", HandMadeOptimizer(), Kind.OPTIMIZER),
        ("sched", torch.optim.lr_scheduler.StepLR(SGD, 1), Kind.SCHEDULER),
        ("warmup", HandMadeSchedule(), Kind.SCHEDULER),
        ("scaler", torch.amp.GradScaler("cpu"), Kind.SCALER),
        ("ema", Averager(), Kind.EMA),
        ("meter", Averager(), Kind.STATEFUL),
        ("g", torch.Generator(), Kind.GENERATOR),
        ("rng", np.random.default_rng(0), Kind.GENERATOR),
        ("py", random.Random(0), Kind.GENERATOR),
        ("history", [], Kind.VALUE),
        ("best", 0.5, Kind.VALUE),
        ("nothing", None, Kind.VALUE),
        ("np_best", np.float64(1), Kind.VALUE),
        ("w", torch.ones(1), Kind.VALUE),
        ("Net", nn.Linear, None),
        ("math", math, None),
        ("f", lambda: 0, None),
        ("thing", Chatty(), None),
        ("loader", torch.utils.data.DataLoader([1, 2]), None),
    ],
)
def test_kind(name: str, obj: Any, kind: Kind | None) -> None:
    assert classify(name, obj) is kind


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        (nn.Linear, "is the class Linear, not an object of it"),
        (math, "is a module of Python"),
        (len, "is a function"),
        (torch.utils.data.DataLoader([1]), "jupyter_ckpt.batches(loader)"),
        (Chatty(), "is a Chatty, which has no state_dict() and load_state_dict()"),
    ],
)
def test_what_cannot_be_tracked_is_explained(obj: Any, words: str) -> None:
    assert words in explain(obj)


def test_stateful_loader_of_torchdata_is_a_loader(need: Any) -> None:
    try:
        from torchdata.stateful_dataloader import StatefulDataLoader
    except ImportError:
        need(False, "torchdata is not installed")
    assert classify("loader", StatefulDataLoader([1, 2])) is Kind.LOADER


def test_class_names_are_the_ones_that_users_know() -> None:
    assert class_name(SGD) == "torch.optim.sgd.SGD"
    assert class_name([]) == "list"
