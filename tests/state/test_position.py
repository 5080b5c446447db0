"""Loops that go on inside an epoch: the same batches in the same order, nothing twice, nothing left out."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from position_training import (
    Numbers,
    assert_all_exact,
    assert_goes_on,
    assert_same_rng,
    train,
)
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def new_generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


class Stepped(Sampler):
    """Draws when it is iterated, not at its first step, and counts its passes."""

    def __init__(self, n: int) -> None:
        self.n, self.passes = n, 0

    def __len__(self) -> int:
        return self.n

    def __iter__(self):
        self.passes += 1
        return iter([number * self.passes % self.n for number in torch.randperm(self.n).tolist()])


class OwnRandom(Sampler):
    """Has a Python generator of its own, which nobody else knows of."""

    def __init__(self, n: int) -> None:
        self.n, self.random = n, random.Random(5)

    def __len__(self) -> int:
        return self.n

    def __iter__(self):
        for _ in range(self.n):
            yield self.random.randrange(self.n)


class Buckets(Sampler):
    """A batch sampler whose batches differ in size."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return 4

    def __iter__(self):
        order = torch.randperm(self.n).tolist()
        at = 0
        for size in (1, 2, 3, 4):
            yield order[at : at + size]
            at += size


class NoisyWithGenerator(Numbers):
    """Draws from a generator of its own."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.generator = new_generator()

    def __getitem__(self, index: int) -> torch.Tensor:
        return super().__getitem__(index) + torch.rand(1, generator=self.generator).double()


N = 10
SAMPLERS: dict[str, Any] = {
    "in order": lambda: {},
    "shuffle": lambda: {"shuffle": True},
    "shuffle with a generator": lambda: {"shuffle": True, "generator": new_generator()},
    "drop_last": lambda: {"shuffle": True, "drop_last": True},
    "sequential sampler": lambda: {"sampler": SequentialSampler(range(N))},
    "with replacement": lambda: {"sampler": RandomSampler(range(N), True, 100), "batch_size": 30},
    "with replacement and a generator": lambda: {
        "sampler": RandomSampler(range(N), True, 100, new_generator()),
        "batch_size": 30,
    },
    "more samples than there are": lambda: {"sampler": RandomSampler(range(N), num_samples=25), "batch_size": 6},
    "subset": lambda: {"sampler": SubsetRandomSampler([1, 5, 7, 9, 2])},
    "subset with a generator": lambda: {"sampler": SubsetRandomSampler([1, 5, 7, 9, 2], new_generator())},
    "weighted": lambda: {"sampler": WeightedRandomSampler([1, 5, 7, 9, 2], 9)},
    "distributed": lambda: {"sampler": DistributedSampler(range(N), 2, 1)},
    "a sampler that draws at once": lambda: {"sampler": Stepped(N)},
    "a sampler with its own random": lambda: {"sampler": OwnRandom(N)},
    "a list of indices": lambda: {"sampler": [3, 1, 4, 1, 5, 9]},
    "a batch sampler": lambda: {"batch_sampler": Buckets(N)},
    "torch's batch sampler": lambda: {"batch_sampler": BatchSampler(RandomSampler(range(N)), 4, False)},
    "no batches": lambda: {"batch_size": None, "shuffle": True},
}


def options(kind: str) -> dict[str, Any]:
    given = SAMPLERS[kind]()
    return given if "batch_sampler" in given or "batch_size" in given else {"batch_size": 3, **given}


def set_epoch(loaders: Any, epoch: int) -> None:
    sampler = loaders["train"].sampler
    if isinstance(sampler, DistributedSampler):
        sampler.set_epoch(epoch)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_resume_anywhere_is_the_uninterrupted_training(kind: str) -> None:
    def make() -> dict[str, Any]:
        return {"train": DataLoader(Numbers(N, noise=True), **options(kind))}

    whole = assert_all_exact(make, on_epoch=set_epoch, epochs=2)
    plain = train(make, plain=True, on_epoch=set_epoch, epochs=2)
    assert plain.seen == whole.seen
    assert torch.equal(plain.weights, whole.weights)
    assert_same_rng(plain.rng, whole.rng)


@pytest.mark.parametrize("generator", [False, True])
def test_training_and_validation_may_share_a_generator(generator: bool) -> None:
    def make() -> dict[str, Any]:
        one = new_generator() if generator else None
        return {
            "train": DataLoader(Numbers(N, noise=True), 3, shuffle=True, generator=one),
            "val": DataLoader(Numbers(5), 2, shuffle=True, generator=one),
        }

    assert_all_exact(make)


@pytest.mark.parametrize("marked", [True, False])
def test_hand_written_epochs_need_no_marks(marked: bool) -> None:
    def make() -> dict[str, Any]:
        return {"train": DataLoader(Numbers(7), 3, shuffle=True), "val": DataLoader(Numbers(5), 2, shuffle=True)}

    assert_all_exact(make, marked=marked)


def test_a_generator_of_the_dataset_goes_on_too() -> None:
    assert_all_exact(lambda: {"train": DataLoader(NoisyWithGenerator(N), 3, shuffle=True)}, epochs=2)


def test_datasets_of_datasets() -> None:
    def make() -> dict[str, Any]:
        data = ConcatDataset([Subset(NoisyWithGenerator(N), [1, 2, 3]), Numbers(4, noise=True)])
        return {"train": DataLoader(data, 2, shuffle=True)}

    assert_all_exact(make, epochs=2)


def test_resumed_twice_within_one_epoch() -> None:
    def make() -> dict[str, Any]:
        return {
            "train": DataLoader(Numbers(N, noise=True), 2, shuffle=True, generator=new_generator()),
            "val": DataLoader(Numbers(5), 2, shuffle=True),
        }

    whole = train(make, save=True)
    first = next(s for s in whole.saves if s.where == "body of batch 2 of train in epoch 1")
    again = train(make, save=True, resume=first)
    for where in ("body of batch 4 of train in epoch 1", "boundary of batch 1 of val in epoch 1"):
        later = next(s for s in again.saves if s.where == where)
        third = train(make, resume=later)
        assert third.seen == again.seen[later.seen :], where
        assert torch.equal(third.weights, whole.weights), where
        assert_same_rng(third.rng, whole.rng, where)


def test_a_checkpoint_of_workers_goes_on_without_them_and_the_other_way_round() -> None:
    def make(workers: int) -> Any:
        return lambda: {
            "train": DataLoader(Numbers(N), 3, shuffle=True, generator=new_generator(), num_workers=workers)
        }

    for before, after in ((0, 1), (1, 0)):
        whole = train(make(before), save=True, epochs=2)
        saved = next(s for s in whole.saves if s.where == "body of batch 2 of train in epoch 0")
        assert_goes_on(whole, saved, train(make(after), resume=saved, epochs=2))


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 40),
    batch_size=st.integers(1, 12),
    at=st.integers(0, 10**6),
    drop_last=st.booleans(),
    generator=st.booleans(),
    replacement=st.booleans(),
)
def test_any_size_any_place(
    n: int, batch_size: int, at: int, drop_last: bool, generator: bool, replacement: bool
) -> None:
    def make() -> dict[str, Any]:
        one = new_generator() if generator else None
        sampler = RandomSampler(range(n), replacement, generator=one)
        return {"train": DataLoader(Numbers(n, noise=True), batch_size, sampler=sampler, drop_last=drop_last)}

    whole = train(make, save=True, epochs=2)
    saved = whole.saves[at % len(whole.saves)]
    assert_goes_on(whole, saved, train(make, resume=saved, epochs=2))
