"""Epoch, step and metrics: from what is given or from the user's names."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.session.standing import read_metrics, stand


def test_epoch_and_step_come_from_the_names() -> None:
    found = stand({"epoch": 3, "global_step": 1200, "step": 7})
    assert (found.epoch, found.step, found.next_epoch, found.step_name) == (3, 1200, 4, "global_step")


def test_what_is_given_wins() -> None:
    found = stand({"epoch": 3, "step": 7}, epoch=np.int64(5), step=torch.tensor(9))
    assert (found.epoch, found.step, found.next_epoch, found.step_name) == (5, 9, 6, None)


def test_inside_an_epoch_the_same_one_goes_on() -> None:
    found = stand({"epoch": 3}, inside=True)
    assert (found.next_epoch, found.mid_epoch) == (3, True)


def test_without_an_epoch_it_is_said() -> None:
    found = stand({"epoch": "three", "step": True})
    assert (found.epoch, found.step, found.next_epoch) == (None, None, 0)
    assert "--epoch" in found.remarks[0]


@pytest.mark.parametrize("epoch", [-1, 2.5, "two", [1], True, torch.ones(3)])
def test_nonsense_is_refused(epoch: object) -> None:
    with pytest.raises(UsageProblem, match="whole number"):
        stand({}, epoch=epoch)


def test_metrics_are_read_from_names() -> None:
    names = {"loss": torch.tensor(0.25, requires_grad=True), "acc": np.float32(0.5), "history": [3, 2, 1]}
    assert read_metrics(["loss", "acc", "history"], names) == {"loss": 0.25, "acc": 0.5, "history": 1.0}


def test_a_missing_metric_is_named_with_what_is_close() -> None:
    with pytest.raises(UnknownName, match=r"metric los: .*did you mean loss"):
        read_metrics(["los"], {"loss": 1.0})


@pytest.mark.parametrize("value", ["0.3", True, torch.ones(2), object(), {}, None])
def test_a_metric_is_one_number(value: object) -> None:
    with pytest.raises(UsageProblem, match="metric acc"):
        read_metrics({"acc": value}, None)
