"""One checkpoint in full."""

from __future__ import annotations

import math

from shown import HOSTILE, NOW, check, checkpoint, tensor

from jupyter_ckpt.display.show import load_snippet, show_view

FULL = {
    "metrics": {"val_loss": 0.123456789, "acc": math.nan},
    "tracked": {
        "optimizer": {"kind": "optimizer", "class": "torch.optim.adamw.AdamW"},
        "model": {"kind": "model", "class": "Net", "parameters": 61_706, "defined_in": "cell 3"},
        "history": {"kind": "value", "class": "list"},
    },
    "items": [
        {"name": "model", "kind": "model", "outcome": "saved", "detail": ""},
        {"name": "history[3]", "kind": "value", "outcome": "not saved", "detail": "is a lambda"},
    ],
    "hyperparameters": {"lr": 3e-4, "layers": [64, 128], "aug": {"flip": True}},
    "environment": {"torch": "2.9.1", "git": {"commit": "ab12"}},
    "storage": {"durability": "session", "reason": "Part of the pod."},
    "durations": {"capture": 0.01, "write": 0.2},
    "tensors": [tensor(f"model_state_dict.fc{i}.weight", 128, 100 + i) for i in range(25)],
    "code": {
        "Net": {"source": "class Net:\n\tx = 1 < 2\n", "cell": 3, "file": None, "names": ["model"]},
        "Lost": {"source": "", "cell": None, "file": None, "names": ["model"]},
    },
    "note": "record's own",
}


def test_everything_is_in_it() -> None:
    shown = checkpoint(3, verified="ok", verified_at="2026-04-05T13:00:00Z", tags=("t",), **FULL)
    view = show_view(shown, now=NOW, width=120)
    text = view.text
    for part in (
        f"training checkpoint {shown.ref}  [not safe: session, verified, #t]",
        "epoch 3, step 300, goes on with epoch 4",
        "16 h ago (2026-04-04 21:50:00 UTC), manual",
        "45.1 MB, capture 0.01 s, write 0.20 s",
        "Part of the pod.  [not safe: session]",
        "its bytes are those that were saved, 1 h ago",
        "val_loss  0.123457",
        "aug.flip  true",
        "git.commit  ab12",
        "not saved  history[3]  is a lambda",
        "model_state_dict.fc24.weight",
        "and 5 more",
        f"Source code of Net: %ckpt show {shown.ref} --code",
    ):
        assert part in text, part
    assert "61.7 k" in text
    assert "fc0.weight" not in text
    assert "class Net" not in text
    page = check(view)
    assert page.all("details")
    assert str(shown.path) in page.text


def test_the_code_is_shown_when_asked() -> None:
    view = show_view(checkpoint(3, **FULL), code=True, now=NOW)
    assert "Net (cell 3)\n    class Net:\n        x = 1 < 2" in view.text
    assert "x = 1 < 2" in check(view).text


def test_a_record_with_nothing_in_it() -> None:
    view = show_view(checkpoint(0, metrics={}), now=NOW)
    assert "not yet" in view.text
    assert "Tracked" not in view.text
    check(view)


def test_the_snippet_loads_with_torch_alone() -> None:
    shown = checkpoint(3, **FULL)
    lines = load_snippet(shown, shown.record).split("\n")
    compile("\n".join(lines), "snippet", "exec")
    assert f"torch.load({str(shown.path)!r}, map_location='cpu', weights_only=True)" in lines[1]
    assert lines[2:] == [
        "model.load_state_dict(state['model_state_dict'])",
        "optimizer.load_state_dict(state['optimizer_state_dict'])",
    ]


def test_a_hostile_record() -> None:
    fields = {
        "tracked": {
            "x'); import os; os.abort(); ('": {"kind": "model", "class": HOSTILE},
            "y": HOSTILE,
            HOSTILE: {"kind": ["a"], "parameters": {"b": HOSTILE}},
        },
        "items": [{"outcome": "not saved"}, {"name": HOSTILE, "outcome": "not exact", "detail": HOSTILE}, HOSTILE],
        "environment": {HOSTILE: {HOSTILE: [HOSTILE]}},
        "storage": {"durability": HOSTILE, "reason": 3},
        "durations": {HOSTILE: 10**400, "write": "x"},
        "tensors": [tensor(HOSTILE, 10**200, 10**200), tensor("b", dtype=HOSTILE), tensor("c", -1)],
        "code": {"a": {"b": [{"source": HOSTILE, "name": HOSTILE, "cell": [1]}, 7]}, "source": None},
        "metrics": {HOSTILE: 10**400},
        "parent": HOSTILE,
        "note": HOSTILE,
    }
    shown = checkpoint(3, **fields)
    view = show_view(shown, code=True, now=NOW)
    check(view)
    assert "os.abort" not in load_snippet(shown, shown.record)
