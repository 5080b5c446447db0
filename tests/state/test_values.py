"""Plain values come back equal in value, type and sharing; what cannot be saved is named."""

from __future__ import annotations

import collections
import datetime
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from round_trip import through_a_file, through_an_archive

from jupyter_ckpt.errors import Mismatch
from jupyter_ckpt.state.arrays import Unsaveable
from jupyter_ckpt.state.revive import ABSENT, revive_values
from jupyter_ckpt.state.values import TAG, ValueEncoder, encode_state

LAMBDA_DICT = collections.defaultdict(lambda: 5, {1: 2})


def round_trip(value: Any) -> Any:
    encoded = ValueEncoder().encode(value)
    assert encoded.problems == []
    return revive_values(through_an_archive({"values": {"v": encoded.data}})["values"])["v"]


def same(a: Any, b: Any) -> bool:
    """Equal in value and type, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fcM")
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and same(a.item(), b.item())
    if isinstance(a, dict):
        keys = list(a) == list(b) and list(map(type, a)) == list(map(type, b))
        return keys and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple, collections.deque)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return a.hex() == b.hex() or (math.isnan(a) and math.isnan(b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    return bool(a == b)


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_keys = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), _texts, st.binary(max_size=4),
    st.tuples(st.integers(), _texts), st.just(TAG),
)  # fmt: skip
_atoms = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(2**2000, 2**2001), st.floats(), st.complex_numbers(), _texts,
    st.binary(max_size=8), st.builds(bytearray, st.binary(max_size=4)),
    st.sampled_from([torch.float32, torch.Size([2, 3]), range(1, 9, 2), np.float64(0.1), np.int8(-3)]),
    st.builds(lambda n: torch.arange(n) * 0.5, st.integers(0, 5)),
    st.builds(lambda n: np.arange(n, dtype="float16"), st.integers(0, 5)),
)  # fmt: skip
_values = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(_keys, inner, max_size=4),
        st.dictionaries(_keys, inner, max_size=4).map(collections.OrderedDict),
        st.dictionaries(_keys, inner, max_size=4).map(lambda d: collections.defaultdict(list, d)),
        st.builds(collections.deque, st.lists(inner, max_size=4), st.sampled_from([None, 9])),
        st.sets(_keys, max_size=4),
        st.frozensets(_keys, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_values)
def test_any_value_comes_back_as_it_was(value: Any) -> None:
    assert same(round_trip(value), value)


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.5),
        np.zeros((0, 3)),
        np.arange(6).reshape(2, 3).T,
        np.arange(5)[::-1],
        np.arange(3, dtype=">f8"),
        np.array(["a", "bcd"]),
        np.array([b"x", b"yz"]),
        np.array(["2026-04-05", "NaT"], dtype="datetime64[D]"),
        np.array([1 + 2j]),
        np.array([True, False]),
        np.array([1, 2**63], dtype="uint64"),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_numpy_arrays_keep_dtype_and_shape(array: Any) -> None:
    assert same(round_trip(array), array)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(1.5),
        torch.zeros(0, 2),
        torch.arange(6).reshape(2, 3).T,
        torch.ones(1).expand(4),
        torch.ones(2, dtype=torch.bfloat16),
        torch.tensor([1 + 1j]).conj(),
        torch.tensor([True]),
        torch.ones(2).to(torch.float8_e4m3fn),
    ],
    ids=lambda tensor: f"{tensor.dtype}{list(tensor.shape)}",
)
def test_tensors_keep_dtype_and_shape(tensor: torch.Tensor) -> None:
    back = round_trip(tensor)
    assert back.dtype == tensor.dtype
    assert back.shape == tensor.shape
    assert back.tolist() == tensor.tolist()


def test_sparse_tensors_come_back_sparse() -> None:
    dense = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    for sparse in (dense.to_sparse(), dense.to_sparse_csr()):
        back = round_trip(sparse)
        assert back.layout == sparse.layout
        assert torch.equal(back.to_dense(), dense)


def test_a_leaf_that_wants_a_gradient_and_a_parameter_come_back_as_such() -> None:
    leaf, parameter = round_trip([torch.ones(2, requires_grad=True), torch.nn.Parameter(torch.ones(2))])
    assert leaf.requires_grad
    assert leaf.is_leaf
    assert isinstance(parameter, torch.nn.Parameter)


def test_a_loss_with_its_graph_is_saved_as_a_number_and_keeps_its_graph_here() -> None:
    weight = torch.ones(2, requires_grad=True)
    losses = [(weight * 2).sum()]
    back = round_trip(losses)
    assert back[0].item() == 4
    assert not back[0].requires_grad
    losses[0].backward()
    assert weight.grad is not None


def test_what_was_one_object_is_one_object_again() -> None:
    inner = [1]
    tensor = torch.ones(2)
    first, second, again, third, fourth = round_trip([inner, inner, [1], tensor, tensor])
    assert first is second
    assert first is not again
    assert third is fourth


def test_two_values_that_share_a_list_share_it_again() -> None:
    losses = [0.5]
    encoder = ValueEncoder()
    data = {"history": encoder.encode({"loss": losses}).data, "losses": encoder.encode(losses).data}
    back = revive_values(through_a_file({"values": data})["values"])
    assert back["history"]["loss"] is back["losses"]


def test_what_is_restored_does_not_hang_on_the_file() -> None:
    tree = through_a_file({"values": {"v": ValueEncoder().encode({"t": torch.ones(2)}).data}})
    back = revive_values(tree["values"])["v"]
    back["t"].zero_()
    assert tree["values"]["v"]["t"].tolist() == [1, 1]


def test_the_plain_form_is_readable_by_anybody() -> None:
    value = {"loss": [0.5, 0.25], "name": "a", 3: (1, None), "t": torch.ones(1)}
    assert ValueEncoder().encode(value).data == value


class _Own:
    pass


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "path", "what"),
    [
        (_Own(), "", "_Own objects can only be saved with pickle"),
        ([1, {"a": (2, _Own())}], "", None),
        ([Point(1, 2)], "[0]", "Point"),
        ({1, datetime.date(2026, 1, 1)}, "", "date"),
        ([Path("x")], "[0]", "Path"),
        (np.array([_Own()]), "", "numpy array of object"),
        (torch.empty(2, device="meta"), "", "meta device"),
        ([torch.nn.parameter.UninitializedParameter()], "[0]", "lazy"),
    ],
)
def test_what_needs_a_pickle_is_named_with_its_place(value: Any, path: str, what: str | None) -> None:
    encoder = ValueEncoder()
    if what is None:  # an entry of a dict can be left out: the rest is worth having
        encoded = encoder.encode(value)
        assert [where for where, _ in encoded.problems] == ["[1].a[1]"]
        assert revive_values({"v": encoded.data})["v"] == [1, {"a": ABSENT}]
        return
    with pytest.raises(Unsaveable, match=what) as caught:
        encoder.encode(value)
    assert caught.value.path.startswith(path)


def test_a_value_that_contains_itself_or_is_absurdly_deep_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    for value, why in ((circle, "itself"), (deep, "levels deep")):
        with pytest.raises(Unsaveable, match=why):
            ValueEncoder().encode(value)


@pytest.mark.parametrize("make", [list, dict, collections.deque, lambda: collections.defaultdict(list)])
def test_deep_nesting_comes_back(make: Any) -> None:
    value: Any = 1
    for _ in range(75):
        outer = make()
        if isinstance(outer, dict):
            outer["x"] = value
        else:
            outer.append(value)
        value = outer
    assert repr(round_trip(value)) == repr(value)


def test_the_factory_of_a_defaultdict_that_is_a_lambda_is_said_to_be_lost() -> None:
    encoded = ValueEncoder().encode({"counts": LAMBDA_DICT})
    assert [(path, "default_factory" in why) for path, why in encoded.problems] == [("counts", True)]
    assert revive_values({"v": encoded.data})["v"]["counts"] == {1: 2}


def test_numpy_scalars_in_a_long_history_are_one_small_node() -> None:
    losses = [np.float32(i / 3) for i in range(1000)]
    assert same(round_trip(losses), losses)
    assert len(ValueEncoder().encode(losses).data) == 3


def test_a_state_dict_with_an_unsaveable_entry_is_filled_in_by_the_live_one() -> None:
    encoded = encode_state({"step": 3, "fn": test_values_marker, "list": [1, _Own()]})
    assert [path for path, _ in encoded.problems] == ["fn", "list[1]"]


def test_values_marker() -> None:
    """Stands for a function in a state dict."""


@pytest.mark.parametrize(
    "data",
    [
        {TAG: "no such thing"},
        {TAG: "ndarray", "dtype": "O", "data": []},
        {TAG: "deque", "items": 3, "maxlen": None},
        {TAG: "tensor", "data": "x"},
        {TAG: ["x"]},
        {TAG: "range", "items": [1, 2, 0]},
        {TAG: "sparse", "layout": "torch.sparse_coo", "indices": torch.tensor([[9]]), "values": torch.ones(1),
         "size": [2]},
    ],
)  # fmt: skip
def test_strange_data_is_a_clear_error(data: Any) -> None:
    with pytest.raises(Mismatch):
        revive_values({"v": data})
