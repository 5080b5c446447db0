"""torchdata's stateful loader, looped over without `batches()`: saved and restored as any stateful object."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from round_trip import freeze, outcomes, resume, save

from jupyter_ckpt.receipt import Outcome


@pytest.fixture(name="loader_class")
def _loader_class(need: Any) -> Any:
    try:
        from torchdata.stateful_dataloader import StatefulDataLoader
    except ImportError:
        need(False, "torchdata is not installed")
    return StatefulDataLoader


@pytest.mark.parametrize("workers", [0, 1])
def test_the_rest_of_a_pass_and_the_pass_after_it(loader_class: Any, workers: int) -> None:
    def make() -> Any:
        return loader_class(torch.arange(12), batch_size=2, shuffle=True, num_workers=workers)

    torch.manual_seed(3)
    loader = make()
    batches = iter(loader)
    next(batches), next(batches)
    tree = save({"loader": loader})
    expected = [b.tolist() for b in batches] + [b.tolist() for b in loader] + [float(torch.rand(1))]

    torch.manual_seed(4)
    again = make()
    items = resume(tree, {"loader": again})
    assert outcomes(items, "loader") == [Outcome.RESTORED]
    assert [b.tolist() for b in again] + [b.tolist() for b in again] + [float(torch.rand(1))] == expected


def test_a_loader_that_has_not_begun_is_not_started(loader_class: Any) -> None:
    def epoch(saved: bool) -> list[Any]:
        torch.manual_seed(5)
        loader = loader_class(list(range(10)), batch_size=2, shuffle=True)
        if saved:
            tree = save({"loader": loader})
            state = freeze(torch.get_rng_state())
            resume(tree, {"loader": loader})
            assert freeze(torch.get_rng_state()) == state
        return [batch.tolist() for batch in loader] + torch.rand(2).tolist()

    assert epoch(True) == epoch(False)


def test_a_restored_loader_that_has_not_gone_on_keeps_its_place_in_the_next_save(loader_class: Any) -> None:
    loader = loader_class(list(range(10)), batch_size=2)
    batches = iter(loader)
    next(batches)
    tree = save({"loader": loader})
    here = {"loader": loader_class(list(range(10)), batch_size=2)}
    resume(tree, here)
    again = {"loader": loader_class(list(range(10)), batch_size=2)}
    resume(save(here), again)
    assert [b.tolist() for b in again["loader"]] == [b.tolist() for b in batches]
