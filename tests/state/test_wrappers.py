"""A state saved from a wrapped model loads in a bare one, and the reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from round_trip import outcomes, resume, save
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.wrappers import unwrap


@pytest.fixture(scope="module", autouse=True)
def _one_process_group() -> Iterator[None]:
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", rank=0, world_size=1, store=store)
    yield
    torch.distributed.destroy_process_group()


def _net() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def _inner_compiled(model: nn.Module) -> nn.Module:
    model[0] = torch.compile(model[0])  # type: ignore[index, operator]
    return model


WRAPPINGS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "bare": lambda m: m,
    "DataParallel": DataParallel,
    "DDP": DistributedDataParallel,
    "compile": lambda m: torch.compile(m),  # type: ignore[return-value]
    "compile of DDP": lambda m: torch.compile(DistributedDataParallel(m)),  # type: ignore[return-value]
    "inner compile": _inner_compiled,
}


@pytest.mark.parametrize("saved", WRAPPINGS)
@pytest.mark.parametrize("loaded", WRAPPINGS)
def test_both_ways(saved: str, loaded: str) -> None:
    source, target = _net(), _net()
    source.load_state_dict({k: torch.rand_like(v.float()).to(v.dtype) + 1 for k, v in source.state_dict().items()})
    expected = {k: v.clone() for k, v in source.state_dict().items()}
    names = list(expected)
    tree = save({"model": WRAPPINGS[saved](source)})
    assert list(tree["model_state_dict"]) == names
    wrapped = WRAPPINGS[loaded](target)
    items = resume(tree, {"model": wrapped})
    assert outcomes(items, "model") == [Outcome.RESTORED]
    for value, wanted in zip(wrapped.state_dict().values(), expected.values(), strict=True):
        assert torch.equal(value, wanted)


def test_the_optimizer_of_a_wrapped_model_fits_that_of_the_bare_one() -> None:
    def make(wrap: Callable[[nn.Module], nn.Module]) -> dict[str, Any]:
        model = wrap(_net())
        return {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)}

    things = make(DistributedDataParallel)
    things["model"](torch.randn(4, 2)).sum().backward()
    things["optimizer"].step()
    tree = save(things)
    assert tree["tracked"]["optimizer"]["params"] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    here = make(lambda m: m)
    resume(tree, here)
    assert len(here["optimizer"].state) == 4


def test_a_module_of_the_users_that_is_called_module_keeps_its_name() -> None:
    model = nn.ModuleDict({"module": nn.Linear(1, 1)})
    assert list(save({"model": model})["model_state_dict"]) == ["module.weight", "module.bias"]
    assert list(save({"model": DataParallel(model)})["model_state_dict"]) == ["module.weight", "module.bias"]


def test_unwrap() -> None:
    net = _net()
    assert unwrap(torch.compile(DataParallel(net))) is net
    average = AveragedModel(net)
    assert unwrap(average) is average
    assert unwrap(3) == 3


def test_an_average_comes_back_with_its_count_and_into_its_copy_only() -> None:
    net = _net()
    average = AveragedModel(net, use_buffers=True)
    average.update_parameters(net)
    tree = save({"model": net, "ema": average})
    here = {"model": _net()}
    here["ema"] = AveragedModel(here["model"], use_buffers=True)
    weight = here["model"][0].weight.clone()
    resume(tree, here, only={"ema"})
    assert here["ema"].n_averaged.item() == 1
    assert torch.equal(here["ema"].module[0].weight, net[0].weight)
    assert torch.equal(here["model"][0].weight, weight)
