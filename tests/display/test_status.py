"""How things stand."""

from __future__ import annotations

from shown import HOSTILE, NOW, check, checkpoint

from jupyter_ckpt.display.status import status_view
from jupyter_ckpt.volumes.assessment import Durability


def test_a_session_at_work() -> None:
    last = checkpoint(3)
    status = {
        "store": "/data/store",
        "durability": Durability.EPHEMERAL,
        "reason": "Lost with the container.",
        "run": "mnist",
        "tracked": [{"name": "optimizer", "kind": "optimizer", "class": "torch.optim.adamw.AdamW"}],
        "last": {"ref": last.ref, "time": last.time},
        "policy": "keep the last 3",
        "free": 10**11,
        "size": 858_000_000,
        "checkpoints": 19,
        "problems": ["the last save failed"],
        "position": "epoch 3, batch 37 of 100",
    }
    view = status_view(status, now=NOW, width=120)
    lines = view.text.split("\n")
    assert lines[0] == "problem: the last save failed"
    found = {line[2:12].strip(): line[13:].strip() for line in lines[3:]}
    assert found == {
        "store": "/data/store: Lost with the container.  [not safe: ephemeral]",
        "run": "mnist · 19 checkpoints · 858 MB",
        "tracked": "optimizer (optimizer, AdamW)",
        "position": "epoch 3, batch 37 of 100",
        "last save": f"{last.ref}, 16 h ago",
        "policy": "keep the last 3",
        "room left": "100 GB",
    }
    check(view, 120)
    assert (
        status_view({**status, "durability": "ephemeral", "last": (last.ref, last.time)}, now=NOW, width=120) == view
    )


def test_nothing_yet_says_what_to_type() -> None:
    view = status_view({"tracked": [], "last": None}, width=100)
    assert "%ckpt storage" in view.text
    assert "or %ckpt track MODEL OPTIMIZER" in view.text
    check(view, 100)


def test_hostile_values() -> None:
    status = dict.fromkeys(("store", "durability", "reason", "run", "policy", "position", "last"), HOSTILE)
    check(status_view({**status, "problems": [HOSTILE], "tracked": [{"name": HOSTILE, "class": HOSTILE}]}))
