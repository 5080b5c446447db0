"""Loaders with worker processes: the same batches, the same random numbers in them, and no process left behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from position_training import Numbers, assert_all_exact, assert_goes_on, assert_same_rng, seed, train
from torch.utils.data import (
    DataLoader,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    get_worker_info,
)

from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.rng import capture_rng


def new_generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def new_loader(n: int = 10, **options: Any) -> DataLoader:
    options = {"batch_size": 2, "shuffle": "sampler" not in options, "num_workers": 2, **options}
    return DataLoader(Numbers(n, options.pop("noise", True)), **options)


class Fetched(Numbers):
    """Takes a whole batch at a time."""

    def __getitems__(self, indices: list[int]) -> list[torch.Tensor]:
        assert type(indices) is list
        return [self[index] + 1000 for index in indices]


class Asks(Numbers):
    """Says what a worker sees of itself."""

    def __getitem__(self, index: int) -> torch.Tensor:
        info = get_worker_info()
        right = info.dataset is self and type(info.dataset) is Asks
        return torch.tensor([float(index), float(right), float(info.num_workers), getattr(self, "mark", -1.0)])


class HasGenerator(Numbers):
    """Every worker has a copy of its generator."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.rng = np.random.default_rng(0)


def mark(worker: int) -> None:
    get_worker_info().dataset.mark = 10.0


def seed_as_the_torch_pages_say(worker: int) -> None:
    number = torch.initial_seed() % 2**32
    np.random.seed(number)
    random.seed(number)


def living_children() -> list[Any]:
    return multiprocessing.active_children()


def zombies() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] == "Z":
            found.append(str(path))
    return found


@pytest.mark.parametrize("generator", [False, True])
@pytest.mark.parametrize("persistent", [False, True])
def test_random_numbers_in_workers_come_again(generator: bool, persistent: bool) -> None:
    def make() -> dict[str, Any]:
        one = new_generator() if generator else None
        return {"train": new_loader(generator=one, persistent_workers=persistent)}

    whole = train(make, save=True)
    for where in (
        "boundary of batch 0 of train in epoch 1",
        "body of batch 1 of train in epoch 0",
        "body of batch 3 of train in epoch 1",
        "boundary of batch 5 of train in epoch 1",
        "end of batch 5 of train in epoch 1",
    ):
        saved = next(s for s in whole.saves if s.where == where)
        assert all(item.outcome is Outcome.SAVED for item in saved.items)
        again = train(make, resume=saved)
        assert not again.position.remarks
        assert_goes_on(whole, saved, again)


def test_without_random_numbers_in_workers_it_is_plain_iteration() -> None:
    def make() -> dict[str, Any]:
        return {"train": new_loader(noise=False), "val": new_loader(6, noise=False, persistent_workers=True)}

    whole, plain = train(make), train(make, plain=True)
    assert whole.seen == plain.seen
    assert torch.equal(whole.weights, plain.weights)
    assert_same_rng(whole.rng, plain.rng)


def test_each_epoch_and_each_batch_has_its_own_random_numbers() -> None:
    def make() -> dict[str, Any]:
        return {"val": new_loader(generator=new_generator(), persistent_workers=True, shuffle=False)}

    noise = [tuple(row[1:]) for _, batch in train(make).seen for row in batch]
    assert len(set(noise)) == len(noise) == 30


def test_the_same_batch_whatever_the_number_of_workers() -> None:
    one, two = (
        train(lambda n=n: {"train": new_loader(num_workers=n, worker_init_fn=seed_as_the_torch_pages_say)}, 1)
        for n in (1, 2)
    )
    assert one.seen == two.seen
    assert torch.equal(one.weights, two.weights)


def test_a_worker_sees_the_users_own_dataset() -> None:
    position = Position()
    loader = DataLoader(Asks(4), 2, num_workers=2, worker_init_fn=mark)
    rows = torch.cat(list(position.batches(loader)))
    assert rows.tolist() == [[float(i), 1.0, 2.0, 10.0] for i in range(4)]
    assert loader.worker_init_fn is mark
    assert type(loader.dataset) is Asks


def test_a_dataset_that_loads_whole_batches_still_does() -> None:
    loader = DataLoader(Fetched(4), 2, num_workers=1)
    plain, ours = list(loader), list(Position().batches(loader))
    assert all(torch.equal(a, b) for a, b in zip(plain, ours, strict=True))
    assert int(ours[0][0, 0]) == 1000


def test_no_process_is_left_behind() -> None:
    seed(0)
    position = Position()
    loader = new_loader()
    for _ in range(2):
        for _ in position.batches(loader):
            pass
        assert not living_children()
    for _ in position.batches(loader):
        break
    assert not living_children()
    with pytest.raises(RuntimeError, match="mine"):
        for number, _ in enumerate(position.batches(loader)):
            if number == 1:
                raise RuntimeError("mine")
    assert position.inside
    assert not living_children()
    position.load(position.state(), capture_rng())
    assert len(list(position.batches(loader))) == 3
    assert not living_children()
    if sys.platform == "linux":
        assert not zombies()


def test_persistent_workers_stay_the_same_and_go_with_the_loader() -> None:
    seed(0)
    position = Position()
    loader = new_loader(persistent_workers=True)
    seen = set()
    for epoch in range(5):
        for number, _ in enumerate(position.batches(loader)):
            seen.add(frozenset(child.pid for child in living_children()))
            if epoch == 2 and number == 1:
                break
    assert len(seen) == 1
    assert len(next(iter(seen))) == 2
    position.load(position.state(), capture_rng())
    assert len(list(position.batches(loader))) == 5
    assert {frozenset(child.pid for child in living_children())} == seen
    del loader
    assert not living_children()


def test_a_stop_with_persistent_workers_and_a_resume_in_the_same_process() -> None:
    def make() -> dict[str, Any]:
        return {"train": kept}

    kept = new_loader(persistent_workers=True)
    whole = train(make, 2, save=lambda epoch, name, k: (epoch, k) == (1, 2))
    assert_goes_on(whole, whole.saves[-1], train(make, 2, resume=whole.saves[-1]))


@pytest.mark.parametrize(
    ("loader", "why"),
    [
        (lambda: DataLoader(HasGenerator(6), 2, num_workers=1), "dataset.rng"),
        pytest.param(
            lambda: new_loader(in_order=False),
            "in_order",
            marks=pytest.mark.skipif(
                "in_order" not in DataLoader.__init__.__code__.co_varnames, reason="this torch has no in_order"
            ),
        ),
    ],
)
def test_what_cannot_be_exact_is_said_at_the_save(loader: Any, why: str) -> None:
    position = Position()
    for _ in position.batches(loader()):
        (item,) = position.items()
        other = Position()
        (resumed,) = other.load(position.state(), capture_rng())
    assert item.outcome is resumed.outcome is Outcome.NOT_EXACT
    assert why in item.detail
    assert why in resumed.detail


KINDS: dict[str, Any] = {
    "shuffle": lambda: {"shuffle": True},
    "in order": lambda: {},
    "drop_last": lambda: {"shuffle": True, "drop_last": True},
    "replacement": lambda: {"sampler": RandomSampler(range(10), True, 100), "batch_size": 20},
    "replacement, generator": lambda: {
        "sampler": RandomSampler(range(10), True, 100, new_generator()),
        "batch_size": 20,
    },
    "weighted": lambda: {"sampler": WeightedRandomSampler([1, 2, 3], 9)},
    "subset": lambda: {"sampler": SubsetRandomSampler([1, 5, 7], new_generator())},
    "no batches": lambda: {"batch_size": None, "shuffle": True},
}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("generator", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_resume_anywhere_with_workers(kind: str, generator: bool, persistent: bool) -> None:
    def make() -> dict[str, Any]:
        one = new_generator() if generator else None
        chosen = {"batch_size": 3, **KINDS[kind]()}
        return {
            "train": DataLoader(
                Numbers(10, True), **chosen, generator=one, num_workers=2, persistent_workers=persistent
            ),
            "val": DataLoader(Numbers(3), 2, shuffle=True, generator=one),
        }

    assert_all_exact(make)
    assert not [child for child in living_children() if child.is_alive()] or persistent


@pytest.mark.slow
def test_workers_that_are_spawned() -> None:
    whole = train(spawned, 1, save=lambda epoch, name, k: k == 2)
    assert_goes_on(whole, whole.saves[0], train(spawned, 1, resume=whole.saves[0]))


def spawned() -> dict[str, Any]:
    return {"train": new_loader(6, multiprocessing_context="spawn")}
