"""Between CPU and GPU without naming a device. Needs a GPU, which no machine must have: skipped without one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from round_trip import freeze, outcomes, resume, save
from torch import nn

from jupyter_ckpt.receipt import Outcome

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")


class _Average:
    """An average that makes its tensors on the first update."""

    def __init__(self) -> None:
        self.shadow: dict[str, torch.Tensor] = {}

    def update(self, model: nn.Module) -> None:
        for key, value in model.state_dict().items():
            self.shadow[key] = self.shadow.get(key, value) * 0.5 + value * 0.5

    def state_dict(self) -> Any:
        return {"shadow": self.shadow}

    def load_state_dict(self, state: Any) -> None:
        self.shadow = state["shadow"]


def _training(device: str, **options: Any) -> dict[str, Any]:
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)).to(device)
    things: dict[str, Any] = {"model": model, "ema": _Average()}
    things["optimizer"] = torch.optim.Adam(model.parameters(), lr=0.1, **options)
    things["w"] = torch.ones(3, device=device)
    return things


def _step(things: dict[str, Any], device: str) -> None:
    things["optimizer"].zero_grad()
    things["model"](torch.ones(4, 8, device=device) + torch.rand(4, 8).to(device)).pow(2).sum().backward()
    things["optimizer"].step()
    things["ema"].update(things["model"])


@pytest.mark.parametrize(("there", "here"), [("cuda", "cpu"), ("cpu", "cuda"), ("cuda", "cuda")])
@pytest.mark.parametrize("options", [{}, {"fused": True}, {"capturable": True}], ids=["plain", "fused", "capturable"])
def test_a_training_moves_and_goes_on(there: str, here: str, options: dict[str, bool]) -> None:
    things = _training(there, **({} if there == "cpu" else options))
    for _ in range(3):
        _step(things, there)
    tree = save(things)
    again = _training(here, **({} if here == "cpu" else options))
    if there == "cpu":  # an average that was on the CPU stays there unless there is one on the GPU
        again["ema"].update(again["model"])
    items = resume(tree, again)
    expected = Outcome.RESTORED if there == here else Outcome.CONVERTED
    assert outcomes(items, "model") == outcomes(items, "optimizer") == [expected]
    assert freeze({k: v.cpu() for k, v in again["model"].state_dict().items()}) == freeze(
        {k: v.cpu() for k, v in things["model"].state_dict().items()}
    )
    states = zip(things["optimizer"].state.values(), again["optimizer"].state.values(), strict=True)
    for mine, theirs in states:
        assert torch.equal(mine["exp_avg"].cpu(), theirs["exp_avg"].cpu())
        assert theirs["exp_avg"].device.type == here
    _step(again, here)


def test_random_states_of_the_gpu_and_of_its_generators_come_back() -> None:
    things = {"g": torch.Generator("cuda").manual_seed(3)}
    torch.rand(3, device="cuda")
    tree = save(things)
    expected = torch.rand(3, device="cuda"), torch.rand(3, device="cuda", generator=things["g"])
    again = {"g": torch.Generator("cuda").manual_seed(4)}
    resume(tree, again)
    assert torch.equal(torch.rand(3, device="cuda"), expected[0])
    assert torch.equal(torch.rand(3, device="cuda", generator=again["g"]), expected[1])


def test_a_save_leaves_no_gpu_memory_behind() -> None:
    things = _training("cuda")
    _step(things, "cuda")
    save(things)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    save(things)
    assert torch.cuda.memory_allocated() == before
