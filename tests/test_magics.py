"""``%ckpt`` in a real kernel, as a user types it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import Kernel

TRAINING = """
import torch
from torch import nn

class SimpleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 8)
        self.fc2 = nn.Linear(8, 2)
    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))

torch.manual_seed(0)
model = SimpleNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
history = []
def step():
    loss = model(torch.randn(8, 4)).square().mean()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    return loss.item()
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("notebook")
    with Kernel(folder, JUPYTER_CKPT_STORE=str(folder / "store"), JPY_SESSION_NAME=str(folder / "a.ipynb")) as kernel:
        kernel.run("%load_ext jupyter_ckpt")
        yield kernel


def test_loading_brings_no_torch_and_loading_twice_is_fine(kernel: Kernel) -> None:
    ran = kernel.run("import sys\n'torch' in sys.modules")
    assert ran.value == "False"
    assert kernel.run("%load_ext jupyter_ckpt").error is None


def test_help_has_every_verb_and_examples(kernel: Kernel) -> None:
    text = kernel.run("%ckpt -h").text
    verbs = "status track run save resume keep prune list show diff verify pin tag rm export storage extract"
    for verb in re.split(" ", verbs):
        assert f"\n  {verb} " in text
    save = kernel.run("%ckpt save -h").text
    assert "%ckpt save --metric loss acc" in save
    assert "resume" in kernel.run("%ckpt?").text or kernel.run("%ckpt?").error is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%ckpt sav", ["no such verb", "did you mean save"]),
        ("%ckpt save", ["no model or optimizer was found", "%ckpt track"]),
        ("%ckpt save --epoch", ["expected one argument", "-h"]),
        ("%ckpt save --epoch two", ["whole number"]),
        ("%ckpt resume nothing-like-it", ["no checkpoint 'nothing-like-it'"]),
        ("%ckpt resume ./no/such.pt", ["no such file"]),
        ("%ckpt track modle", ["modle", "no such name"]),
        ("%ckpt keep --best 1", ["--metric"]),
        ("%ckpt run ../up", ["not a run's name"]),
    ],
)
def test_a_users_mistake_is_one_clear_line(kernel: Kernel, line: str, words: list[str]) -> None:
    ran = kernel.run(line)
    assert ran.error is not None, "a run of all cells must stop here"
    assert ran.error.startswith("UsageError: ")
    assert ran.text.startswith("UsageError: "), ran.text
    assert "Traceback" not in ran.text
    assert len(ran.text.strip().splitlines()) == 1
    for word in words:
        assert word in ran.text


def test_a_training_from_the_first_run_to_the_last(kernel: Kernel) -> None:
    kernel.run(TRAINING)
    first = kernel.run("start_epoch = %ckpt resume\nstart_epoch")
    assert first.value == "0"
    assert "nothing to resume" in first.text
    loop = (
        "for epoch in range(start_epoch, 3):\n    loss = step(); history.append(loss)\n    %ckpt save --metric loss"
    )
    ran = kernel.run(loop)
    assert ran.error is None, ran.error
    assert "epoch-0002" in ran.text
    assert ran.updates == 2, "the saves of one cell share one place"
    listed = kernel.run("%ckpt list")
    assert listed.text.count("epoch-000") >= 3
    assert "<table" in listed.html
    assert "<svg" in listed.html, "a picture of the metric"
    kernel.run("held = history; before = model.fc1.weight.detach().clone(); history.append('later')")
    kernel.run("model.fc1.weight.data.zero_(); optimizer.param_groups[0]['lr'] = 9.0")
    assert kernel.run("start_epoch = %ckpt resume\nstart_epoch").value == "3"
    assert kernel.run("torch.equal(model.fc1.weight, before), held is history, len(held)").value == "(True, True, 3)"
    assert kernel.run("optimizer.param_groups[0]['lr']").value == "0.01"


def test_a_metric_that_does_not_exist_loses_no_work(kernel: Kernel) -> None:
    count = int(kernel.run("import jupyter_ckpt\nlen(jupyter_ckpt.list())").value or 0)
    ran = kernel.run("%ckpt save --metric los step=7.0")
    assert "UsageError: metric los" in ran.text
    assert "did you mean loss" in ran.text
    assert "was saved without it" in ran.text
    assert kernel.run("len(jupyter_ckpt.list())").value == str(count + 1)
    assert kernel.run("jupyter_ckpt.find('latest').metrics").value == "{'step': 7.0}"


def test_looking_after_them(kernel: Kernel) -> None:
    assert "every byte" in kernel.run("%ckpt verify").text
    assert "pinned" in kernel.run("%ckpt pin latest").text
    assert "is pinned" in kernel.run("%ckpt rm latest").text
    kernel.run("%ckpt unpin latest")
    assert "brings it back" in kernel.run("%ckpt rm epoch-0001").text
    assert "epoch-0001" not in kernel.run("%ckpt list").text
    assert "is back" in kernel.run("%ckpt undo").text
    assert "epoch-0001" in kernel.run("%ckpt list").text
    assert "paper" in kernel.run("%ckpt tag epoch-0001 paper").text
    assert "loss" in kernel.run("%ckpt diff epoch-0000 epoch-0002").text
    shown = kernel.run("%ckpt show latest --code").text
    assert "class SimpleNet(nn.Module):" in shown
    assert "torch.load(" in shown


def test_tab_knows_verbs_options_and_names(kernel: Kernel) -> None:
    assert "resume" in kernel.complete("%ckpt res")
    assert "resume" in kernel.complete("start = %ckpt res")
    assert "--no-strict" in kernel.complete("%ckpt resume --no")
    assert any(word.startswith("epoch-0002") for word in kernel.complete("%ckpt resume epoch-0002"))
    assert "history" in kernel.complete("%ckpt track his")
    assert "best" in kernel.complete("%ckpt show be")
    assert "loss" in kernel.complete("%ckpt resume best:")
    assert "loss" in kernel.complete("%ckpt resume best:l")


def test_a_save_in_a_function_knows_the_functions_names(kernel: Kernel) -> None:
    kernel.run("epoch = 77\ndef train():\n    epoch, acc = 2, 0.625\n    %ckpt save --metric acc\ntrain()")
    assert kernel.run("one = jupyter_ckpt.find()\none.epoch, one.metrics").value == "(2, {'acc': 0.625})"
    kernel.run("%ckpt rm latest\ndel epoch")


def test_a_model_that_is_not_defined_is_named_with_its_cell(kernel: Kernel) -> None:
    kernel.run("kept = model, optimizer; del model, optimizer, kept")
    ran = kernel.run("%ckpt resume")
    assert ran.text.startswith("UsageError: "), ran.text
    assert "SimpleNet" in ran.text
    assert "cell [" in ran.text
    assert "--code" in ran.text
    kernel.run(TRAINING)
    assert kernel.run("%ckpt resume").error is None


def test_classes_go_to_a_module(kernel: Kernel, tmp_path: Path) -> None:
    target = tmp_path / "models.py"
    assert "wrote" in kernel.run(f"%ckpt extract model {target}").text
    check = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import models; models.SimpleNet()"
    assert "fc1" in (kernel.run(check).value or "")
    assert "--force" in kernel.run(f"%ckpt extract model {target}").text


def test_export_is_what_others_expect(kernel: Kernel, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    assert "wrote" in kernel.run(f"%ckpt export latest {weights} --weights-only").text
    loaded = kernel.run(f"SimpleNet().load_state_dict(torch.load({str(weights)!r}, weights_only=True))")
    assert "All keys matched" in (loaded.value or ""), loaded.error


def test_what_the_loops_do_by_themselves_is_shown(kernel: Kernel) -> None:
    kernel.run(TRAINING)
    kernel.run("%ckpt run --hparam lr=0.5")
    ran = kernel.run("for epoch in jupyter_ckpt.epochs(3):\n    jupyter_ckpt.log(loss=step())")
    assert ran.error is None
    assert "nothing to resume" in ran.text
    assert "saved epoch-0002" in ran.text
    assert ran.updates == 2, "three saves in one place"


def test_an_error_of_the_python_functions_is_one_line_too(kernel: Kernel) -> None:
    ran = kernel.run("jupyter_ckpt.resume('nothing-like-it')")
    assert ran.error is not None
    assert ran.error.startswith("UnknownName: no checkpoint")
    assert len(ran.traceback) == 1


def test_a_function_saves_its_own_model_and_not_the_notebooks(kernel: Kernel) -> None:
    kernel.run(TRAINING)
    kernel.run("%ckpt run --new")
    kernel.run("loss, acc, epoch = 9.0, 0.0, 77")
    code = """
def train(n):
    net = SimpleNet()
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(n):
        loss = net(torch.randn(4, 4)).square().mean()
        opt.zero_grad(); loss.backward(); opt.step()
        acc = epoch / 10
        %ckpt save --metric loss acc
    return net
trained = train(2)
"""
    ran = kernel.run(code)
    assert ran.error is None, ran.error
    kernel.run("one = jupyter_ckpt.find('latest'); state = torch.load(one.path, weights_only=True)")
    assert kernel.run("one.epoch, one.metrics['acc']").value == "(1, 0.1)"
    assert kernel.run("torch.equal(state['net_state_dict']['fc1.weight'], trained.fc1.weight)").value == "True"
    assert kernel.run("sorted(k for k in state if k.endswith('_state_dict'))").value == (
        "['net_state_dict', 'opt_state_dict']"
    )
    python = code.replace("%ckpt save --metric loss acc", "receipt = jupyter_ckpt.save(metrics=['loss', 'acc'])")
    assert kernel.run(python).error is None
    assert kernel.run("jupyter_ckpt.find('latest').epoch").value == "1"
    loops = code.replace("for epoch in range(n)", "for epoch in jupyter_ckpt.epochs(n)").replace(
        "%ckpt save --metric loss acc", "jupyter_ckpt.log(acc=acc)"
    )
    kernel.run("%ckpt run --new")
    assert kernel.run(loops).error is None
    kernel.run("state = torch.load(jupyter_ckpt.find('latest').path, weights_only=True)")
    assert kernel.run("torch.equal(state['net_state_dict']['fc1.weight'], trained.fc1.weight)").value == "True"
