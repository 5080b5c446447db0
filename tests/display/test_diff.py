"""Two checkpoints compared: only what differs."""

from __future__ import annotations

import json
import math
from typing import Any

from shown import HOSTILE, check, checkpoint, tensor

from jupyter_ckpt.display.diff import Change, compare, diff_view
from jupyter_ckpt.store.record import CommitRecord


def _record(epoch: int = 1, **fields: Any) -> CommitRecord:
    return checkpoint(epoch, **fields).record


def test_only_what_differs_is_in_it() -> None:
    a = _record(
        1,
        metrics={"loss": 2.0, "bad": math.nan, "gone": 1.0},
        hyperparameters={"lr": 0.1, "net": {"depth": 3, "width": 8}, "flag": 1},
        environment={"torch": "2.9", "python": "3.11"},
        tracked={"model": {"class": "Net", "parameters": 10}},
        tensors=[tensor("same", 2), tensor("shape", 2), tensor("value", 2, digest="x"), tensor("old", 2)],
        code={"Net": "class Net:\n    a = 1\n", "Same": "x"},
    )
    b = _record(
        2,
        metrics={"loss": 1.0, "bad": math.nan, "new": 1.0},
        hyperparameters={"lr": 0.01, "net": {"depth": 3, "width": 16}, "flag": True},
        environment={"torch": "2.10", "python": "3.11"},
        tracked={"model": {"class": "Net", "parameters": 12}},
        tensors=[tensor("same", 2), tensor("shape", 3), tensor("value", 2, digest="y"), tensor("new", 2)],
        code={"Net": "class Net:\n    a = 2\n", "Same": "x"},
    )
    diff = compare(a, b)
    assert diff.hyperparameters == [Change("lr", 0.1, 0.01), Change("net.width", 8, 16), Change("flag", 1, True)]
    assert diff.metrics == [Change("loss", 2.0, 1.0), Change("gone", 1.0, None), Change("new", None, 1.0)]
    assert diff.environment == [Change("torch", "2.9", "2.10")]
    assert diff.tracked == [Change("model.parameters", 10, 12)]
    tensors = diff.tensors
    assert (tensors.added, tensors.removed, tensors.changed, tensors.unchanged) == (["new"], ["old"], ["value"], 1)
    assert tensors.reshaped == [Change("shape", "float32 [2]", "float32 [3]")]
    assert list(diff.code) == ["Net"]
    assert "-    a = 1\n+    a = 2" in diff.code["Net"]
    assert not diff.same
    json.dumps(diff.to_json())
    view = diff_view(diff, width=100)
    check(view, 100, longest=76)
    assert "-1 (-50 %)" in view.text
    assert "Tensors: 1 of another type or shape, 1 only before, 1 only after, 1 other values, 1 the same" in view.text
    assert "+    a = 2" in view.text


def test_the_same_state_twice() -> None:
    fields = {"tensors": [tensor("w", 2)], "hyperparameters": {"lr": 0.1, "x": math.nan}}
    diff = compare(_record(1, **fields), _record(1, **fields))
    assert diff.same
    assert "same code, hyper-parameters, environment and tensors" in diff_view(diff).text


def test_hostile_records() -> None:
    a = _record(1, code={"n": "\n".join(map(str, range(90_000)))}, hyperparameters={HOSTILE: HOSTILE})
    b = _record(2, code={"n": "x", HOSTILE: HOSTILE}, metrics={HOSTILE: 10**400})
    diff = compare(a, b)
    assert diff.code["n"] == "differs (too long to be compared line by line)"
    check(diff_view(diff))
