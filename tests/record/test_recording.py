"""``%ckpt record`` and ``jupyter ckpt record`` as people use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = """%load_ext jupyter_ckpt
import torch
from torch import nn
class SimpleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)
model = SimpleNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()"""
TRAIN = """import jupyter_ckpt as ckpt
for epoch in ckpt.epochs(3):
    ckpt.log(val_acc=[0.9, 0.98, 0.95][epoch])"""


def jupyter(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_ckpt.cli", *words]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=dict(os.environ), timeout=60, check=False
    )


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook that nbclient ran: its kernel knows no notebook, only a folder."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    folder = tmp_path / "work"
    folder.mkdir()
    codes = [SETUP, TRAIN, "%ckpt record", "%ckpt record --text --language zh_CN", "%ckpt record --json"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    path = folder / "train.ipynb"
    nbformat.write(notebook, path)
    return path


def test_a_notebook_that_nbclient_ran(executed: Path) -> None:
    shown = executed.read_text("utf-8")
    outputs = [cell["outputs"] for cell in json.loads(shown)["cells"]]
    markdown = "".join(outputs[2][0]["data"]["text/markdown"])
    assert "**98.0 % val_acc @ epoch 1**" in markdown
    assert "SimpleNet (fc1: 784→128, fc2: 128→10) · 101,770 parameters" in markdown
    assert "| 优化器 | Adam (lr 0.001) |" in "".join(outputs[3][0]["data"]["text/plain"])
    assert "'markdown'" in "".join(outputs[4][0]["data"]["text/plain"])

    dry = jupyter("record", executed.name, "--dry-run", cwd=executed.parent)
    assert dry.returncode == 0, dry.stderr
    assert "would be added" in dry.stdout
    assert "+### SimpleNet" in dry.stdout
    assert executed.read_text("utf-8") == shown

    done = jupyter("record", executed.name, cwd=executed.parent)
    assert done.returncode == 0, done.stderr
    cells = nbformat.read(executed, as_version=4).cells
    assert [cell.cell_type for cell in cells[:4]] == ["code", "code", "markdown", "code"]
    assert cells[2].source == markdown

    again = jupyter("record", executed.name, cwd=executed.parent)
    assert "nothing to change" in again.stdout

    cells[2].source += "\n\nMy own words"
    notebook = nbformat.read(executed, as_version=4)
    notebook.cells[2].source = cells[2].source
    nbformat.write(notebook, executed)
    assert jupyter("record", executed.name, "--language", "zh", cwd=executed.parent).returncode == 0
    source = nbformat.read(executed, as_version=4).cells[2].source
    assert "| 模型 |" in source
    assert source.endswith("\n\nMy own words")
    other = executed.with_name("other.ipynb")
    nbformat.write(nbformat.v4.new_notebook(), other)
    assert "no run of this notebook" in jupyter("record", other.name, cwd=executed.parent).stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["record", "nothing.ipynb"], "no such notebook"),
        (["record", "--language", "fr"], "there are en and zh_CN"),
        (["record", "--dry-run"], "which one?"),
        (["record", "--template", "nowhere.md"], "no such file"),
        (["record", "--run", "nope"], "no run 'nope'"),
        (["record"], "there is no run yet"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, words: list[str], says: str) -> None:
    done = jupyter(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_default_template_can_be_copied(tmp_path: Path) -> None:
    done = jupyter("record", "--template", "default", "--json", cwd=tmp_path)
    (tmp_path / "mine.md").write_text(json.loads(done.stdout).replace("Loss", "Criterion"), "utf-8")
    assert "$title" in done.stdout
    checked = jupyter("record", "--template", "mine.md", cwd=tmp_path)
    assert "there is no run yet" in checked.stderr, "the template is right"


def test_help_and_completion(tmp_path: Path) -> None:
    from jupyter_ckpt import Checkpointer
    from jupyter_ckpt.commands.completion import completions
    from jupyter_ckpt.session.origin import Origin

    help_text = jupyter("record", "-h", cwd=tmp_path).stdout
    assert "train.ipynb --dry-run" in help_text
    (tmp_path / "a.ipynb").write_text("{}")
    session = Checkpointer(tmp_path / "store", namespace={}, origin=Origin("notebook", str(tmp_path / "a.ipynb")))
    assert completions(session, "rec") == ["record"]
    assert completions(session, "record --language ") == ["en", "zh_CN"]
    assert completions(session, "record ") == ["a.ipynb"]
