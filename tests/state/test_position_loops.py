"""How loops are left, nested, wrapped and named."""

from __future__ import annotations

import contextlib
import itertools
import random
import warnings
from typing import Any

import pytest
import torch
from position_training import Numbers, seed
from torch.utils.data import DataLoader, DistributedSampler

from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.rng import capture_rng


def new_loader(n: int = 10, **options: Any) -> DataLoader:
    return DataLoader(Numbers(n), **{"batch_size": 2, "shuffle": True, **options})


def indices(batch: torch.Tensor) -> list[int]:
    return [int(row[0]) for row in batch]


@pytest.fixture
def position() -> Position:
    seed(0)
    return Position()


def again(position: Position) -> Position:
    """A new process's position, resumed from this one's state."""
    other = Position()
    other.load(position.state(), capture_rng())
    return other


def test_break_ends_the_pass(position: Position) -> None:
    for _ in position.batches(new_loader()):
        break
    assert not position.inside


def test_return_ends_the_pass(position: Position) -> None:
    def first() -> Any:
        for batch in position.batches(new_loader()):
            return batch
        return None

    first()
    assert not position.inside


def test_break_through_enumerate_and_a_generator_ends_the_pass(position: Position) -> None:
    def bar(iterable: Any) -> Any:
        try:
            yield from iterable
        finally:
            pass

    for number, _ in enumerate(bar(position.batches(new_loader()))):
        if number == 2:
            break
    assert not position.inside


def test_break_ends_the_pass_even_where_a_name_holds_it(position: Position) -> None:
    class Bar:
        def __init__(self, iterable: Any) -> None:
            self.iterable = iterable

        def __iter__(self) -> Any:
            iterable = self.iterable
            for one in iterable:  # noqa: UP028 - as progress bars do it
                yield one

    bar = Bar(position.batches(new_loader()))
    for _ in bar:
        break
    assert not position.inside


def test_break_after_a_caught_exception_ends_the_pass(position: Position) -> None:
    kept = []
    for _ in position.batches(new_loader()):
        try:
            int("x")
        except ValueError as error:
            kept.append(error)
        break
    assert not position.inside


def leave_plainly(position: Position) -> None:
    for number, _ in enumerate(position.batches(new_loader())):
        if number == 2:
            raise KeyboardInterrupt


def leave_out_of_a_block(position: Position) -> None:
    for number, _ in enumerate(position.batches(new_loader())):
        with contextlib.suppress(KeyError):
            try:
                if number == 2:
                    raise KeyboardInterrupt
            finally:
                str(number)


def leave_by_raising_again(position: Position) -> None:
    for number, _ in enumerate(position.batches(new_loader())):
        try:
            if number == 2:
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise


def leave_from_a_call(position: Position) -> None:
    def step(number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    def bar(iterable: Any) -> Any:
        yield from iterable

    for number, _ in enumerate(bar(position.batches(new_loader()))):
        step(number)


def leave_a_generator(position: Position) -> None:
    def losses() -> Any:
        for number, _ in enumerate(position.batches(new_loader())):
            if number == 2:
                raise KeyboardInterrupt
            yield number

    for _ in losses():
        pass


def leave_a_named_iterator(position: Position) -> None:
    batches = position.batches(new_loader())
    for number, _ in enumerate(batches):
        if number == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "loop",
    [
        leave_plainly,
        leave_out_of_a_block,
        leave_by_raising_again,
        leave_from_a_call,
        leave_a_generator,
        leave_a_named_iterator,
    ],
)
def test_an_exception_leaves_it_inside(loop: Any, position: Position) -> None:
    with pytest.raises(KeyboardInterrupt):
        loop(position)
    assert position.inside
    assert again(position).batches(new_loader()).done == 3


def test_after_a_stop_the_same_process_can_go_on(position: Position) -> None:
    loader, seen = new_loader(generator=torch.Generator().manual_seed(1)), []
    with contextlib.suppress(KeyboardInterrupt):
        for batch in position.batches(loader):
            seen += indices(batch)
            if len(seen) == 4:
                raise KeyboardInterrupt
    position.load(position.state(), capture_rng())
    for batch in position.batches(loader):
        seen += indices(batch)
    assert sorted(seen) == list(range(10))
    assert not position.inside


def test_a_new_loop_after_a_stop_starts_a_new_pass(position: Position) -> None:
    loader = new_loader()
    with contextlib.suppress(KeyboardInterrupt):
        for _ in position.batches(loader):
            raise KeyboardInterrupt
    assert len(list(position.batches(loader))) == 5
    assert not position.inside


def test_an_exception_that_was_swallowed_does_not_keep_the_epoch_open(position: Position) -> None:
    with contextlib.suppress(RuntimeError):
        for _ in position.batches(new_loader()):
            raise RuntimeError
    for _ in position.batches(new_loader(6)):
        pass
    assert not position.inside


def test_the_end_of_an_epoch_closes_what_is_open(position: Position) -> None:
    batches = position.batches(new_loader())
    next(batches)
    assert position.inside
    position.end_epoch()
    assert not position.inside


def test_slices_of_one_iterator_are_one_pass(position: Position) -> None:
    loader = new_loader()
    batches = position.batches(loader)
    seen = [indices(batch) for batch in itertools.islice(batches, 2)]
    seen += [indices(batch) for batch in itertools.islice(batches, 1)]
    seen += [indices(batch) for batch in batches]
    assert sorted(itertools.chain(*seen)) == list(range(10))


def test_validation_within_the_training_loop_is_whole_each_time(position: Position) -> None:
    def epoch(position: Position, seen: list[Any], stop_at: int | None) -> Any:
        train, val = new_loader(), new_loader(6, shuffle=False)
        for batches in [position.batches(train)]:
            for batch in batches:
                seen.append(indices(batch))
                if batches.number % 2 == 0:
                    seen.append(["val", [indices(one) for one in position.batches(val)]])
                if batches.number == stop_at:
                    return position.state(), capture_rng()
        return None

    whole: list[Any] = []
    epoch(position, whole, None)
    for stop_at in (0, 1, 2, 3, 4):
        seed(0)
        part: list[Any] = []
        state, rng = epoch(Position(), part, stop_at)
        other = Position()
        other.load(state, rng)
        epoch(other, part, None)
        assert part == whole


def test_saved_inside_a_nested_loop_says_so(position: Position) -> None:
    for _ in position.batches(new_loader()):
        for number, _ in enumerate(position.batches(new_loader(6))):
            if number == 1:
                told = {item.name: item for item in position.items()}
        break
    assert told["data.loader0"].outcome is Outcome.SAVED
    assert told["data.loader1"].outcome is Outcome.NOT_EXACT
    assert "loop over loader0" in told["data.loader1"].detail


@pytest.mark.parametrize("stop_at", [0, 1, 3])
def test_loaders_side_by_side_stay_side_by_side(stop_at: int, position: Position) -> None:
    def pairs(position: Position) -> Any:
        a, b = new_loader(), new_loader(12)
        return zip(position.batches(a), position.batches(b), strict=False)

    whole = [(indices(a), indices(b)) for a, b in pairs(position)]
    seed(0)
    part, first = [], Position()
    for number, (a, b) in enumerate(pairs(first)):
        part.append((indices(a), indices(b)))
        if number == stop_at:
            state, rng = first.state(), capture_rng()
            break
    other = Position()
    other.load(state, rng)
    part += [(indices(a), indices(b)) for a, b in pairs(other)]
    assert part == whole


def test_a_finished_loader_gives_nothing_once(position: Position) -> None:
    train, val = new_loader(), new_loader(6)
    for _ in position.batches(train):
        pass
    for _ in position.batches(val):
        other = again(position)
        break
    train, val = new_loader(), new_loader(6)
    assert len(list(other.batches(train))) == 0
    assert len(list(other.batches(val))) == 2
    assert len(list(other.batches(train))) == 5
    assert len(list(other.batches(val))) == 3


def test_loaders_made_anew_in_each_epoch_keep_their_names(position: Position) -> None:
    for epoch in range(3):
        train = new_loader()
        for _ in position.batches(train):
            pass
        val = new_loader(6)
        for number, _ in enumerate(position.batches(val)):
            if epoch == 2 and number == 1:
                other = again(position)
    assert [item.name for item in position.items()] == ["data.loader0", "data.loader1"]
    assert len(list(other.batches(new_loader()))) == 0
    assert len(list(other.batches(new_loader(6)))) == 1


def test_a_program_started_again_after_a_stop_has_the_same_names(position: Position) -> None:
    def program(stop: bool) -> None:
        train, val = new_loader(), new_loader(6)
        for _ in range(2):
            for _ in position.batches(train):
                pass
            for _ in position.batches(val):
                if stop:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # whose traceback keeps the loaders
        program(stop=True)
    program(stop=False)
    assert [item.name for item in position.items()] == ["data.loader0", "data.loader1"]
    with pytest.raises(KeyboardInterrupt) as kept:
        program(stop=True)
    position.load(position.state(), None)
    program(stop=False)
    assert [item.name for item in position.items()] == ["data.loader0", "data.loader1"]
    assert kept


def test_one_checkpoint_serves_all_ranks(position: Position) -> None:
    def new(rank: int) -> DataLoader:
        return DataLoader(Numbers(12), 2, sampler=DistributedSampler(range(12), 2, rank))

    for number, _ in enumerate(position.batches(new(0))):
        if number == 0:
            other = again(position)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rest = [indices(batch) for batch in other.batches(new(1))]
    assert rest == [indices(batch) for batch in new(1)][1:]


def test_names_given_by_the_user(position: Position) -> None:
    for _ in position.batches(new_loader(), name="train"):
        other = again(position)
        break
    assert [item.name for item in other.load(position.state(), None)] == ["data.train"]
    assert position.batches(new_loader(), name="val").name == "val"


def test_a_loader_with_another_length_starts_anew_and_says_what_changed(position: Position) -> None:
    for number, _ in enumerate(position.batches(new_loader())):
        if number == 1:
            other = again(position)
    told: list[Any] = []
    other.on_remark = told.append
    assert len(list(other.batches(new_loader(14)))) == 7
    assert told[0].outcome is Outcome.NOT_EXACT
    assert "length of the dataset is 14, was 10" in told[0].detail


def test_a_sampler_that_draws_another_order_is_noticed(position: Position) -> None:
    for number, _ in enumerate(position.batches(DataLoader(Numbers(5), 1, sampler=[0, 1, 2, 3, 4]))):
        if number == 2:
            other = again(position)
    with pytest.warns(UserWarning, match="another order"):
        list(other.batches(DataLoader(Numbers(5), 1, sampler=[4, 3, 2, 1, 0])))


def test_a_sampler_that_draws_as_it_goes_is_noticed_at_the_save(position: Position) -> None:
    class Drawing(list):
        def __iter__(self) -> Any:
            return (random.choice([0, 1, 2]) for _ in range(6))

    for number, _ in enumerate(position.batches(DataLoader(Numbers(3), 1, sampler=Drawing("123456")))):
        if number == 3:
            (item,) = position.items()
            assert item.outcome is Outcome.NOT_EXACT
            assert "torch.Generator" in item.detail


def test_another_epoch_than_the_saved_one_starts_at_its_beginning(position: Position) -> None:
    for _ in position.batches(new_loader()):
        other = again(position)
        break
    other.on_remark = (told := []).append
    other.begin_epoch()
    assert len(list(other.batches(new_loader()))) == 5
    assert "another epoch" in told[0].detail


def test_a_state_that_nobody_took_up_is_saved_again(position: Position) -> None:
    for number, _ in enumerate(position.batches(new_loader())):
        if number == 1:
            other = again(again(position))
    assert other.inside
    assert len(list(other.batches(new_loader()))) == 3


def test_length_number_and_the_loader_behind_it(position: Position) -> None:
    loader = new_loader()
    batches = position.batches(loader)
    assert (len(batches), batches.done, batches.number) == (5, 0, -1)
    for expected, _ in enumerate(batches):
        assert batches.number == expected
        if expected == 2:
            other = again(position)
    resumed = other.batches(loader)
    assert (len(resumed), resumed.done) == (5, 3)
    next(resumed)
    assert resumed.number == 3
    assert resumed.dataset is loader.dataset
    assert resumed.batch_size == 2
    with pytest.raises(AttributeError):
        resumed.nonsense  # noqa: B018
    with pytest.raises(TypeError):
        len(position.batches(iter([1])))


def test_boundaries_come_before_the_fetch() -> None:
    seed(0)
    log: list[Any] = []

    class Telling(Numbers):
        def __getitem__(self, index: int) -> torch.Tensor:
            log.append("fetch")
            return super().__getitem__(index)

    position = Position(on_boundary=lambda: log.append((position.inside, position.state()["loaders"][0]["state"])))
    for _ in position.batches(DataLoader(Telling(2))):
        log.append("body")
    kinds = [entry if isinstance(entry, str) else (entry[0], entry[1]["done"]) for entry in log]
    assert kinds == [(True, 0), "fetch", "body", (True, 1), "fetch", "body", (True, 2)]


def test_a_batch_that_cannot_be_loaded_is_the_next_one_after_a_resume(position: Position) -> None:
    class Failing(Numbers):
        broken = True

        def __getitem__(self, index: int) -> torch.Tensor:
            if self.broken and index == 3:
                raise OSError("bad sector")
            return super().__getitem__(index)

    data, seen = Failing(6), []
    with pytest.raises(OSError, match="bad sector"):
        for batch in position.batches(DataLoader(data, 1)):
            seen += indices(batch)
    other = again(position)
    data.broken = False
    for batch in other.batches(DataLoader(data, 1)):
        seen += indices(batch)
    assert seen == [0, 1, 2, 3, 4, 5]


STRANGE = [
    7,
    "text",
    {"format": 99},
    {"format": 1},
    {"format": 1, "loaders": [], "generators": 3},
    {"format": 1, "loaders": [3], "generators": {}},
    {"format": 1, "loaders": [{"name": "loader0"}], "generators": {}},
]


@pytest.mark.parametrize("data", STRANGE)
def test_strange_data_starts_afresh_and_says_so(data: Any, position: Position) -> None:
    (item,) = position.load(data, None)
    assert item.outcome is Outcome.NOT_EXACT
    assert not position.inside
    assert len(list(position.batches(new_loader()))) == 5


def spoilt(state: dict[str, Any]) -> Any:
    """The state with one thing in it replaced, for each thing in it."""

    def paths(node: Any, path: tuple[Any, ...]) -> Any:
        if path:
            yield path
        if isinstance(node, (dict, list)):
            for key, child in node.items() if isinstance(node, dict) else enumerate(node):
                yield from paths(child, (*path, key))

    def replace(node: Any, path: tuple[Any, ...], value: Any) -> Any:
        if not path:
            return value
        copy: Any = dict(node) if isinstance(node, dict) else list(node)
        copy[path[0]] = replace(copy[path[0]], path[1:], value)
        return copy

    for path in paths(state, ()):
        for value in (None, -1, 2**70, "x", {}, [], torch.zeros(3), {"rng": {}, "generators": {}}):
            yield replace(state, path, value)


def test_spoilt_data_never_raises() -> None:
    seed(0)
    first = Position()
    for number, _ in enumerate(first.batches(new_loader(generator=torch.Generator()))):
        if number == 1:
            state, rng = first.state(), capture_rng()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for bad in spoilt(state):
            position = Position()
            position.load(bad, rng)
            position.state(), position.items()
            loader = new_loader(generator=torch.Generator())
            assert len(list(position.batches(loader))) in range(6)
            assert len(list(position.batches(loader))) == 5


def test_nothing_is_a_fresh_start(position: Position) -> None:
    assert position.state() == {}
    assert position.load(None, None) == position.load({}, None) == []
    list(position.batches(new_loader()))
    position.reset()
    assert position.state() == {}


def test_lists_and_streams_of_batches(position: Position) -> None:
    for number, _ in enumerate(position.batches(["a", "b", "c"])):
        if number == 1:
            assert position.items()[0].outcome is Outcome.SAVED
            assert list(again(position).batches(["a", "b", "c"])) == ["c"]
    position.reset()
    for number, _ in enumerate(position.batches(x for x in "abc")):
        if number == 1:
            assert position.items()[0].outcome is Outcome.NOT_EXACT
            assert list(again(position).batches(x for x in "abc")) == ["c"]
