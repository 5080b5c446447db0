"""Every name that holds a list, dict or tensor sees it restored, and a failed restore leaves no trace."""

from __future__ import annotations

import collections
import copy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from round_trip import outcomes, resume, save, track

from jupyter_ckpt.errors import Mismatch
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.capture import capture
from jupyter_ckpt.state.inplace import InPlace
from jupyter_ckpt.state.restore import plan_restore

Namespace = dict[str, Any]


def test_a_list_held_by_two_names_comes_back_in_both() -> None:
    tree = save({"history": [1, 2, 3]})
    plotted = [9]
    here: Namespace = {"history": plotted}
    resume(tree, here)
    assert here["history"] is plotted
    assert plotted == [1, 2, 3]


def test_nested_containers_and_tensors_keep_their_identity() -> None:
    tree = save({"history": {"loss": [1.0], "best": {"w": torch.ones(2), "n": np.arange(2)}, "tags": {"a"}}})
    here: Namespace = {
        "history": {"loss": [], "best": {"w": torch.zeros(2), "n": np.zeros(2, "int64")}, "tags": {"b"}, "late": 1}
    }
    history = here["history"]
    loss, weight, array, tags = history["loss"], history["best"]["w"], history["best"]["n"], history["tags"]
    resume(tree, here)
    assert here["history"] is history
    assert list(history) == ["loss", "best", "tags"]
    assert (history["loss"] is loss, history["best"]["w"] is weight, history["best"]["n"] is array) == (True,) * 3
    assert loss == [1.0]
    assert weight.tolist() == [1, 1]
    assert array.tolist() == [0, 1]
    assert history["tags"] is tags
    assert tags == {"a"}


def test_numbers_text_and_tuples_are_rebound() -> None:
    tree = save({"best_acc": 0.9, "stage": "warm", "shape": (1, 2), "patience_counter": 3})
    here: Namespace = {"best_acc": 0.0, "stage": "", "shape": None, "patience_counter": 0}
    items = resume(tree, here)
    assert here == {"best_acc": 0.9, "stage": "warm", "shape": (1, 2), "patience_counter": 3}
    assert outcomes(items, "best_acc") == [Outcome.RESTORED]


def test_a_tensor_of_another_size_stays_the_same_object() -> None:
    tree = save({"losses": torch.arange(5.0)})
    here: Namespace = {"losses": torch.zeros(2)}
    held = here["losses"]
    resume(tree, here)
    assert here["losses"] is held
    assert held.tolist() == [0, 1, 2, 3, 4]


def test_an_array_of_another_size_and_another_type_are_rebound() -> None:
    tree = save({"a": np.arange(3), "b": [1], "c": {"x": 1}})
    here: Namespace = {"a": np.zeros(1), "b": {"not": "a list"}, "c": None}
    resume(tree, here)
    assert here["a"].tolist() == [0, 1, 2]
    assert (here["b"], here["c"]) == ([1], {"x": 1})


def test_a_live_alias_that_the_checkpoint_had_not_is_taken_apart() -> None:
    tree = save({"a": [1], "b": [2]})
    one: list[int] = []
    here: Namespace = {"a": one, "b": one}
    resume(tree, here)
    assert (here["a"], here["b"]) == ([1], [2])


def test_a_shared_list_is_shared_again_and_lists_apart_stay_apart() -> None:
    shared = [1]
    tree = save({"history": {"loss": shared}, "losses": shared, "other": [1]})
    here: Namespace = {"history": {"loss": []}, "losses": [], "other": []}
    resume(tree, here)
    here["other"].append(2)
    assert here["losses"] == [1]
    assert here["history"]["loss"] == [1]


def test_a_default_factory_that_cannot_be_saved_is_kept_from_the_live_one() -> None:
    counts = collections.defaultdict(lambda: 7, {"a": 1})
    tree = capture(track({"counts": counts})).tree
    here: Namespace = {"counts": collections.defaultdict(lambda: 7)}
    resume(tree, here)
    assert here["counts"] == {"a": 1}
    assert here["counts"]["new"] == 7


def test_a_nested_default_factory_is_that_of_the_live_parent() -> None:
    def make() -> Any:
        return collections.defaultdict(lambda: collections.defaultdict(lambda: [0]))

    counts = make()
    counts["train"]["loss"].append(1)
    here: Namespace = {"counts": make()}
    resume(capture(track({"counts": counts})).tree, here)
    assert here["counts"] == {"train": {"loss": [0, 1]}}
    assert here["counts"]["train"]["new"] == [0]


def test_a_deque_of_another_length_is_rebound_with_its_own() -> None:
    tree = save({"recent": collections.deque([1, 2], maxlen=3)})
    here: Namespace = {"recent": collections.deque([9], maxlen=1)}
    resume(tree, here)
    assert here["recent"] == collections.deque([1, 2], maxlen=3)
    assert here["recent"].maxlen == 3


def test_an_entry_that_could_not_be_saved_stays_as_it_is_here() -> None:
    mark = object()
    tree = capture(track({"state": {"n": 1, "fn": mark}})).tree
    here: Namespace = {"state": {"n": 0, "fn": "mine"}}
    resume(tree, here)
    assert here["state"] == {"n": 1, "fn": "mine"}


def test_a_number_that_an_object_holds_comes_back_into_the_object() -> None:
    class Trainer:
        best, net = 0.5, torch.nn.Linear(1, 1)

    trainer, other = Trainer(), Trainer()
    tree = save({"trainer": trainer}, ["trainer.best", "trainer.net"])
    other.best = 0.0
    resume(tree, {"trainer": other}, ["trainer.best", "trainer.net"])
    assert other.best == 0.5


def test_a_value_without_a_name_to_rebind_is_in_the_plan() -> None:
    tree = save({"best": 0.5})
    tracked = track({"best": 0.0})
    tracked[0].rebind = None
    plan = plan_restore(tree, tracked)
    items = plan.apply()
    assert outcomes(items, "best") == [Outcome.NOT_EXACT]
    assert plan.values == {"best": 0.5}


def test_the_best_weights_are_never_written_into_the_model_that_they_were_taken_from() -> None:
    model = torch.nn.Linear(1, 1)
    tree = save({"model": model, "best": {k: v + 1 for k, v in model.state_dict().items()}})
    here: Namespace = {"model": torch.nn.Linear(1, 1)}
    here["best"] = dict(here["model"].state_dict())  # not a copy: the live weights
    resume(tree, here)
    assert torch.equal(here["model"].weight, model.weight)
    assert torch.equal(here["best"]["weight"], model.weight + 1)


def test_an_inference_tensor_is_replaced() -> None:
    tree = save({"t": torch.ones(2)})
    with torch.inference_mode():
        here: Namespace = {"t": torch.zeros(2)}
    resume(tree, here)
    assert here["t"].tolist() == [1, 1]


_plain = st.recursive(
    st.one_of(st.integers(0, 3), st.text("ab", max_size=2), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
        st.sets(st.integers(0, 3), max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3).map(lambda items: collections.deque(items, 5)),
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(_plain, _plain)
def test_merging_gives_the_new_content_and_undo_the_old(live: Any, fresh: Any) -> None:
    before, wanted = copy.deepcopy(live), copy.deepcopy(fresh)
    merger = InPlace()
    result = merger.merge(live, fresh)
    assert result == wanted
    if type(live) is type(fresh) and isinstance(live, (list, dict, set, collections.deque)):
        assert result is live
    merger.undo()
    assert live == before


@pytest.mark.parametrize("name", ["history", "t", "array", "best"])
def test_undo_puts_values_back(name: str) -> None:
    saved: Namespace = {"history": [[1]], "t": torch.ones(3), "array": np.ones(2), "best": 1}
    tree = save(saved, [name])
    here: Namespace = {"history": [[5], 6], "t": torch.zeros(2), "array": np.zeros(2), "best": 7}
    held, before = here[name], copy.deepcopy(here[name])

    def refuse() -> list[Item]:
        raise Mismatch("no")

    with pytest.raises(Mismatch):
        plan_restore(tree, track(here, [name])).apply(refuse)
    assert here[name] is held
    assert np.array_equal(np.asarray(held, dtype=object), np.asarray(before, dtype=object)) or held == before
