"""Words that people type and that are not quite ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.commands import execute
from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.session.origin import Origin


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Checkpointer:
    ckpt = Checkpointer(tmp_path_factory.mktemp("store"), namespace={}, origin=Origin("notebook", "/w/a.ipynb"))
    ckpt.track(model=torch.nn.Linear(2, 2))
    for epoch in (7, 8, 8):
        ckpt.save(epoch=epoch, metrics={"acc": epoch / 10})
    return ckpt


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("load", "did you mean resume?"),
        ("restore best", "did you mean resume?"),
        ("ls", "did you mean list?"),
        ("save --metrics acc", "did you mean --metric?"),
        ("resume bset", "did you mean best?"),
        ("resume lastest", "did you mean latest"),
        ("list --lmit 3", "did you mean --limit?"),
    ],
)
def test_what_was_meant_is_said(session: Checkpointer, line: str, says: str) -> None:
    with pytest.raises((UnknownName, UsageProblem)) as caught:
        execute(session, line.split(), "%ckpt", kernel=True)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["8", "epoch-8", "epoch8", "epoch-0008"])
def test_an_epoch_is_a_name(session: Checkpointer, text: str) -> None:
    found = session.find(text)
    assert found.epoch == 8
    assert found.name == session.list()[0].name, "the newest of that epoch"


def test_a_comment_is_no_argument(session: Checkpointer) -> None:
    answer, _ = execute(session, ["list", "#", "what", "have", "I"], "%ckpt", kernel=True)
    assert answer.view is not None
    assert "3 checkpoints" in answer.view.text


def test_an_empty_list_says_where_it_looked(tmp_path: Path) -> None:
    ckpt = Checkpointer(tmp_path, namespace={}, origin=Origin("notebook", "/w/new.ipynb"))
    answer, _ = execute(ckpt, ["list"], "%ckpt", kernel=True)
    assert answer.view is not None
    assert f"looked in {tmp_path}" in " ".join(answer.view.text.split())
