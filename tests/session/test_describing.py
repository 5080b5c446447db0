"""What is trained is written into the journal, and never in a save's way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session import describing
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.store.journal import Journal


@pytest.fixture
def names() -> dict[str, Any]:
    model = torch.nn.Linear(2, 1)
    return {"model": model, "optimizer": torch.optim.SGD(model.parameters(), 0.1), "seed": 1}


def session(store: Path, names: dict[str, Any]) -> Checkpointer:
    return Checkpointer(store, "run", namespace=names, origin=Origin("notebook", "/w/a.ipynb"))


def events(store: Path) -> list[dict[str, Any]]:
    return Journal(store / "run").select({"described"})


def test_once_a_session_and_again_when_it_changed(
    tmp_path: Path, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "_EVERY_S", 0.0)
    monkeypatch.setattr(describing, "_SHARE", 0)
    first = session(tmp_path, names)
    for epoch in range(3):
        first.save(epoch=epoch)
    assert [one["description"]["models"][0]["text"] for one in events(tmp_path)] == ["Linear (2→1)"]
    names["seed"] = 2
    first.save(epoch=3)
    assert [one["description"]["seeds"][0] for one in events(tmp_path)] == [["seed", 1], ["seed", 2]]
    first.close()
    second = session(tmp_path, names)
    second.resume()
    second.save(epoch=4)
    written = events(tmp_path)
    assert len({one["session"] for one in written}) == 2
    assert len(written) == 3
    second.close()


def test_a_loop_says_how_far_it_goes_and_since_when(tmp_path: Path, names: dict[str, Any]) -> None:
    ckpt = session(tmp_path, names)
    for _ in ckpt.epochs(3):
        pass
    ckpt.close()
    [only] = events(tmp_path)
    assert only["description"]["epochs"] == 3
    assert only["since"] <= Journal(tmp_path / "run").select({"saving"})[0]["time"]
    assert only["description"]["environment"]["python"]


def test_what_cannot_be_described_is_saved_all_the_same(
    tmp_path: Path, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no words")

    monkeypatch.setattr(describing, "_describe", fail)
    ckpt = session(tmp_path, names)
    ckpt.save(epoch=0, wait=True)
    assert len(ckpt.list()) == 1
    assert events(tmp_path) == []
    ckpt.close()
