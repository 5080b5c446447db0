"""What Tab offers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.commands import execute
from jupyter_ckpt.commands.completion import completions
from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.session.origin import Origin


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpointer:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter-config"))
    here = {"model": torch.nn.Linear(2, 1), "loss": torch.tensor(0.5), "rate": 0.1, "name": "x"}
    ckpt = Checkpointer(tmp_path / "store", namespace=here, origin=Origin("notebook", "/work/a.ipynb"))
    ckpt.save(epoch=0, metrics={"val/acc": 0.5})
    return ckpt


def test_metrics_are_what_can_be_measured(session: Checkpointer) -> None:
    assert completions(session, "save --metric ") == ["loss", "rate"]
    assert completions(session, "resume best:") == ["best:val/acc"]


def test_help_completes_verbs(session: Checkpointer) -> None:
    assert completions(session, "help re") == ["resume", "record"]


def test_contradictions_and_spaces_are_told(session: Checkpointer) -> None:
    with pytest.raises(UsageProblem, match="--everything"):
        execute(session, ["keep", "--everything", "--last", "2"], "%ckpt", kernel=True)
    with pytest.raises(UsageProblem, match="quotes"):
        execute(session, ["resume", "./a", "b.pt"], "%ckpt", kernel=True)
