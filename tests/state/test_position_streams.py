"""Streams, and loaders and datasets that know their own place."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import torch
from position_training import (
    Numbers,
    Stream,
    StreamWithState,
    assert_all_exact,
    assert_goes_on,
    assert_same_rng,
    train,
)
from torch.utils.data import DataLoader

from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.rng import capture_rng

pytestmark = pytest.mark.filterwarnings("ignore:.*set_vital.*")


@pytest.fixture(name="Stateful")
def _stateful(need: Any) -> Any:
    try:
        from torchdata.stateful_dataloader import StatefulDataLoader
    except ImportError:
        need(False, "torchdata is not installed")
    return StatefulDataLoader


class StatefulIterator(Stream):
    """The iterator, not the dataset, knows the place."""

    class Place:
        def __init__(self, n: int) -> None:
            self.n, self.at = n, 0

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> torch.Tensor:
            if self.at == self.n:
                raise StopIteration
            self.at += 1
            return torch.tensor([self.at - 1.0, 0.0, 0.0, 0.0], dtype=torch.float64)

        def state_dict(self) -> dict[str, int]:
            return {"at": self.at}

        def load_state_dict(self, state: dict[str, int]) -> None:
            self.at = state["at"]

    def __iter__(self) -> Any:
        return self.Place(self.n)


class NoisyStream(Stream):
    """Draws as it goes."""

    def __iter__(self) -> Any:
        for _ in range(self.n):
            yield torch.rand(4, dtype=torch.float64)


@pytest.mark.parametrize("data", [StreamWithState, StatefulIterator])
def test_a_stream_with_state_goes_on(data: Any) -> None:
    def make() -> dict[str, Any]:
        return {"train": DataLoader(data(10), 3)}

    whole = assert_all_exact(make)
    plain = train(make, plain=True)
    assert plain.seen == whole.seen
    assert_same_rng(plain.rng, whole.rng)


@pytest.mark.parametrize("data", [Stream, NoisyStream])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_stream_without_state_is_read_again_and_said_not_to_be_exact(data: Any, workers: int) -> None:
    def make() -> dict[str, Any]:
        return {"train": DataLoader(data(10), 3, num_workers=workers)}

    whole = train(make, 2, save=lambda epoch, name, k: (epoch, k) == (1, 2))
    saved = whole.saves[0]
    assert saved.items[0].outcome is Outcome.NOT_EXACT
    assert "state_dict()" in saved.items[0].detail
    again = train(make, 2, resume=saved)
    assert again.load_items[0].outcome is Outcome.NOT_EXACT
    if workers or data is Stream:
        assert_goes_on(whole, saved, again)
    else:  # other things drew in between: the place is right, the numbers are not
        assert len(again.seen) == len(whole.seen) - saved.seen


def test_a_stream_that_became_shorter_says_so() -> None:
    position = Position()
    for number, _ in enumerate(position.batches(DataLoader(Stream(10), 2))):
        if number == 3:
            state = position.state()
    other = Position(on_remark=(told := []).append)
    other.load(state, capture_rng())
    assert list(other.batches(DataLoader(Stream(4), 2))) == []
    assert "ended after 2 batches" in told[0].detail


@pytest.mark.parametrize("generator", [False, True])
def test_torchdatas_loader(generator: bool, Stateful: Any) -> None:
    def make() -> dict[str, Any]:
        one = torch.Generator().manual_seed(3) if generator else None
        return {"train": Stateful(Numbers(7, True), 2, shuffle=True, generator=one)}

    whole = assert_all_exact(make, epochs=2)
    plain = train(make, 2, plain=True)
    assert plain.seen == whole.seen
    assert_same_rng(plain.rng, whole.rng)


def test_torchdatas_loader_with_workers(Stateful: Any) -> None:
    def make() -> dict[str, Any]:
        return {"train": Stateful(Numbers(8, True), 2, shuffle=True, num_workers=2)}

    assert_all_exact(make, epochs=2, pick=slice(3, None, 6))


@pytest.mark.parametrize("data", [StreamWithState, StatefulIterator])
def test_torchdatas_loader_over_a_stream(data: Any, Stateful: Any) -> None:
    assert_all_exact(lambda: {"train": Stateful(data(7), 2)}, epochs=2)


def test_torchdatas_loader_over_a_stream_with_workers(Stateful: Any) -> None:
    def make() -> dict[str, Any]:
        return {"train": Stateful(StreamWithState(6), 2, num_workers=2)}

    assert_all_exact(make, epochs=2, pick=slice(3, None, 5))


def test_torchdatas_workers_of_which_one_has_ended_may_start_over(Stateful: Any) -> None:
    position, told = Position(), []
    for _ in position.batches(Stateful(StreamWithState(5), 2, num_workers=2)):
        told.append(position.items()[0].outcome)
    assert told == [Outcome.SAVED] * 4 + [Outcome.NOT_EXACT] * 2


@pytest.mark.parametrize("torchdata", [False, True])
def test_a_state_that_cannot_be_saved_does_not_spoil_the_save(torchdata: bool, Stateful: Any) -> None:
    class Odd(StreamWithState):
        def state_dict(self) -> dict[str, Any]:
            return {"at": self.at, "file": open}

    make = Stateful if torchdata else DataLoader
    position = Position()
    for number, _ in enumerate(position.batches(make(Odd(7), 2))):
        if number == 1:
            (item,) = position.items()
            state = position.state()
    assert item.outcome is Outcome.NOT_EXACT
    assert "cannot be saved in full: " in item.detail
    other = Position(on_remark=lambda item: None)
    other.load(state, capture_rng())
    assert len(list(other.batches(make(Odd(7), 2)))) in (2, 4)


def test_a_stream_left_by_an_exception_keeps_its_place() -> None:
    position = Position()
    with contextlib.suppress(KeyboardInterrupt):
        for number, _ in enumerate(position.batches(DataLoader(StatefulIterator(7), 2))):
            if number == 1:
                raise KeyboardInterrupt
    assert position.items()[0].outcome is Outcome.SAVED
    other = Position()
    other.load(position.state(), capture_rng())
    (third, fourth) = other.batches(DataLoader(StatefulIterator(7), 2))
    assert [third[0, 0], third[1, 0], fourth[0, 0]] == [4, 5, 6]


def test_torchdatas_workers_cannot_become_more(Stateful: Any) -> None:
    position = Position()
    for _ in position.batches(Stateful(StreamWithState(6), 2)):
        state = position.state()
        break
    other = Position(on_remark=(told := []).append)
    other.load(state, capture_rng())
    assert len(list(other.batches(Stateful(StreamWithState(6), 2, num_workers=1)))) == 3
    assert "0 workers, and it has 1 now" in told[0].detail


def test_torchdatas_stream_without_state_says_so(Stateful: Any) -> None:
    position = Position()
    for _ in position.batches(Stateful(Stream(6), 2)):
        (item,) = position.items()
    assert item.outcome is Outcome.NOT_EXACT


def test_a_state_that_the_user_loaded_into_torchdatas_loader_is_taken(Stateful: Any) -> None:
    loader = Stateful(Numbers(6), 2)
    batches = iter(loader)
    next(batches)
    other = Stateful(Numbers(6), 2)
    other.load_state_dict(loader.state_dict())
    position = Position()
    assert len(list(position.batches(other))) == 2
    assert len(list(position.batches(other))) == 3


def test_a_torchdata_loader_that_is_tracked_too_is_not_restored_twice(Stateful: Any) -> None:
    position, loader = Position(), Stateful(Numbers(6), 2)
    for _ in loader:  # used on its own before
        pass
    for _ in position.batches(loader):
        state, own = position.state(), loader.state_dict()
        break
    other, fresh = Position(), Stateful(Numbers(6), 2)
    fresh.load_state_dict(own)
    other.load(state, capture_rng())
    assert [int(batch[0, 0]) for batch in other.batches(fresh)] == [2, 4]
    assert [int(batch[0, 0]) for batch in other.batches(fresh)] == [0, 2, 4]
