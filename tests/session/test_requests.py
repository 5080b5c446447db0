"""What others ask of a running training: done at its next boundary, once, answered, and gone on with exactly."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.errors import NotCommitted, UsageProblem
from jupyter_ckpt.session.observers import Happening, ignore_everywhere, observe_everywhere
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.requests import TrainingStopped
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.mailbox import Mailbox

SAVE, STOP = "save-request-1", "stop-request-1"
Seen = list[tuple[int, float]]


class Notebook:
    """One kernel with a training in it; `answers` is what was said to those who asked."""

    def __init__(self, folder: Path) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        self.here: dict[str, Any] = {"model": model, "optimizer": optimizer}
        data = torch.arange(24.0).view(6, 4)
        self.loader = DataLoader(TensorDataset(data), batch_size=1, shuffle=True)
        self.origin = Origin("notebook", str(folder / "train.ipynb"))
        self.ckpt = Checkpointer(folder / "store", namespace=self.here, origin=self.origin)
        self.told: list[Any] = []
        self.ckpt.tell = self.told.append
        self.answers: list[tuple[bool, str]] = []

    def ask(self, verb: str, id: str) -> None:
        """As the page's comm does, from another thread."""
        asking = threading.Thread(
            target=lambda: self.ckpt.requests.ask(verb, id, lambda ok, text: self.answers.append((ok, text)))
        )
        asking.start()
        asking.join()

    def cell(self, end: int, at: dict[tuple[int, int], Callable[[], Any]] | None = None, plain: bool = False) -> Seen:
        """The training's cell; ``at`` is done inside the batch so called, before its step."""
        seen: Seen = []
        for epoch in self.ckpt.epochs(end):
            for number, (x,) in enumerate(self.loader if plain else self.ckpt.batches(self.loader)):
                seen.append((epoch, x[0, 0].item()))
                loss = (self.here["model"](x) / 100).square().mean()
                self.here["optimizer"].zero_grad()
                loss.backward()
                (at or {}).get((epoch, number), lambda: None)()
                self.here["optimizer"].step()
        return seen

    @property
    def weights(self) -> list[float]:
        """All of them."""
        return [x for p in self.here["model"].parameters() for x in p.flatten().tolist()]

    @property
    def reasons(self) -> list[tuple[int | None, str]]:
        """Epoch and reason of the checkpoints, oldest first."""
        return [(one.epoch, one.record.reason) for one in reversed(self.ckpt.list())]


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(tmp_path)


def test_save_now_saves_after_the_batch_at_hand_and_training_goes_on_as_ever(tmp_path: Path) -> None:
    peace = Notebook(tmp_path / "a")
    expected = peace.cell(2)
    asked = Notebook(tmp_path / "b")
    assert asked.cell(2, {(0, 2): lambda: asked.ask("save", SAVE)}) == expected
    assert asked.weights == peace.weights
    assert asked.reasons == [(0, "asked"), (0, "epoch"), (1, "epoch")]
    record = asked.ckpt.list()[-1].record
    assert (record.step, record.mid_epoch) == (3, True)
    assert asked.answers == [(True, f"saved {record.ref} (epoch 0, step 3)")]


@pytest.mark.parametrize("place", [(0, 2), (1, 0), (1, 5)], ids=["first epoch", "first batch", "last batch"])
def test_stop_leaves_a_loop_that_goes_on_exactly(tmp_path: Path, place: tuple[int, int]) -> None:
    peace = Notebook(tmp_path / "a")
    expected = peace.cell(3)
    asked = Notebook(tmp_path / "b")
    with pytest.raises(TrainingStopped) as stopped:
        asked.cell(3, {place: lambda: asked.ask("stop", STOP)})
    step = place[0] * 6 + place[1] + 1
    assert asked.answers[0][0]
    assert f"(epoch {place[0]}, step {step}), and stopped" in asked.answers[0][1]
    (line,) = stopped.value._render_traceback_()
    assert line.startswith("Training stopped: saved ")
    torch.rand(7)  # other cells draw
    assert asked.cell(3) == expected[step:]
    assert asked.weights == peace.weights
    assert asked.ckpt.list()[0].record.step == peace.ckpt.list()[0].record.step


def test_stop_goes_on_exactly_in_another_kernel_too(tmp_path: Path) -> None:
    peace = Notebook(tmp_path / "a")
    expected = peace.cell(3)
    asked = Notebook(tmp_path / "b")
    with pytest.raises(TrainingStopped):
        asked.cell(3, {(1, 3): lambda: asked.ask("stop", STOP)})
    asked.ckpt.close()
    later = Notebook(tmp_path / "b")
    assert later.cell(3) == expected[10:]
    assert later.weights == peace.weights


def test_without_batches_it_is_done_after_the_epoch_and_said_so(tmp_path: Path) -> None:
    peace = Notebook(tmp_path / "a")
    expected = peace.cell(3, plain=True)
    asked = Notebook(tmp_path / "b")
    with pytest.raises(TrainingStopped):
        asked.cell(3, {(0, 1): lambda: asked.ask("save", SAVE), (1, 1): lambda: asked.ask("stop", STOP)}, plain=True)
    assert asked.reasons == [(0, "epoch"), (1, "epoch")], "the save that was due there is enough"
    assert "looks after each epoch" in asked.answers[0][1]
    assert asked.answers[1][0]
    torch.rand(7)
    assert asked.cell(3, plain=True) == expected[12:]
    assert asked.weights == peace.weights


def test_a_plain_loop_is_asked_at_its_saves(notebook: Notebook) -> None:
    ckpt = notebook.ckpt
    ckpt.save(epoch=0)
    notebook.ask("save", SAVE)
    ckpt.save(epoch=1)
    assert len(ckpt.list()) == 2, "its own save is the one that was asked for"
    assert "looks at each save" in notebook.answers[0][1]
    notebook.ask("stop", STOP)
    with pytest.raises(TrainingStopped, match="resume` goes on there"):
        ckpt.save(epoch=2)
    assert ckpt.resume().next_epoch == 3


def test_the_same_request_twice_is_once_whatever_the_way(notebook: Notebook) -> None:
    notebook.ckpt.save(epoch=0)
    box = Mailbox(notebook.ckpt.list()[0].folder)
    notebook.ask("save", SAVE)
    notebook.ask("save", SAVE)
    box.post("save", SAVE)
    notebook.ckpt.requests.refuse("nothing runs")  # looks into the mailbox at once
    notebook.ask("save", SAVE)
    notebook.cell(1)
    assert len(notebook.answers) == 1
    assert [reason for _, reason in notebook.reasons] == ["manual"], "and epoch 0 was done"


def test_the_mailbox_is_looked_into_while_it_trains(notebook: Notebook) -> None:
    notebook.cell(1)
    box = Mailbox(notebook.ckpt.list()[0].folder)

    def post() -> None:
        notebook.ckpt.requests._mailbox._looked = float("-inf")  # type: ignore[union-attr]  # half a second later
        box.post("stop", STOP)

    with pytest.raises(TrainingStopped):
        notebook.cell(2, {(1, 2): post})
    answer = box.answer_of(STOP)
    assert answer is not None
    assert answer.ok
    assert notebook.ckpt.list()[0].record.step == 9


def test_what_was_asked_before_the_training_began_is_refused(notebook: Notebook) -> None:
    notebook.cell(1)
    notebook.ckpt.close()
    box = Mailbox(notebook.ckpt.list()[0].folder)
    box.post("stop", STOP)
    later = Notebook(Path(notebook.origin.path).parent)
    assert {epoch for epoch, _ in later.cell(2)} == {1}
    answer = box.answer_of(STOP)
    assert answer is not None
    assert not answer.ok
    assert "before this training began" in answer.text


def test_a_stop_that_cannot_be_saved_does_not_stop(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    save = notebook.ckpt._save

    def full(*words: Any) -> Any:
        if words[-1] == "asked":
            raise NotCommitted("no room on the volume", 28)
        return save(*words)

    monkeypatch.setattr(notebook.ckpt, "_save", full)
    assert len(notebook.cell(2, {(0, 2): lambda: notebook.ask("stop", STOP)})) == 12
    assert notebook.answers == [
        (False, "it is not stopped, since it could not be saved: no room on the volume"),
    ]


def test_nonsense_is_refused(notebook: Notebook) -> None:
    for verb, id in (("rm", SAVE), ("save", "../x"), ("save", "")):
        with pytest.raises(UsageProblem):
            notebook.ckpt.requests.ask(verb, id, lambda *_: None)


def test_a_stop_is_written_into_the_journal_and_told_to_observers(notebook: Notebook) -> None:
    seen: list[Happening] = []
    notebook.ckpt.observers.add(seen.append)
    with pytest.raises(TrainingStopped):
        notebook.cell(2, {(1, 2): lambda: notebook.ask("stop", STOP)})
    notebook.ckpt.log(loss=0.5)
    assert [one.kind for one in seen] == ["resumed", "training", "saved", "saved", "stopped", "metrics"]
    (entry,) = Journal(notebook.ckpt.list()[0].folder).select(["stopped"])
    assert (entry["epoch"], entry["step"], entry["reason"]) == (1, 9, "asked")


def test_observers_that_fail_never_reach_the_training(notebook: Notebook) -> None:
    def fail(happening: Happening) -> None:
        raise RuntimeError(happening.kind)

    seen: list[str] = []
    notebook.ckpt.observers.add(fail)
    observe_everywhere(fail)
    notebook.ckpt.observers.add(lambda one: seen.append(one.kind))
    try:
        assert len(notebook.cell(2)) == 12
    finally:
        ignore_everywhere(fail)
    assert seen == ["resumed", "training", "saved", "saved"]


def test_a_failed_save_is_told_to_observers(notebook: Notebook) -> None:
    seen: list[Happening] = []
    notebook.ckpt.observers.add(seen.append)
    with pytest.raises(UsageProblem):
        notebook.ckpt.save(epoch=-1)
    assert [(one.kind, "whole number" in one.text) for one in seen] == [("save_failed", True)]


def test_a_renamed_notebook_keeps_its_runs(notebook: Notebook) -> None:
    notebook.ckpt.save(epoch=0)
    first = notebook.ckpt.run_id
    notebook.ckpt.run(new=True)
    notebook.ckpt.save(epoch=0)
    second = notebook.ckpt.run_id
    renamed = Path(notebook.origin.path).with_name("better.ipynb")
    assert sorted(notebook.ckpt.renamed(renamed)) == sorted([str(first), str(second)])
    notebook.ckpt.save(epoch=1)
    assert notebook.ckpt.run_id == second, "the same run goes on"
    assert len(notebook.ckpt.list()) == 3
    assert notebook.ckpt.renamed(renamed) == []
    notebook.ckpt.close()
    later = Checkpointer(notebook.ckpt.store, namespace=notebook.here, origin=Origin("notebook", str(renamed)))
    assert later.resume().checkpoint == later.list()[0].ref
    (entry,) = Journal(later.list()[0].folder).select(["renamed"])
    assert (entry["path"], entry["before"]) == (str(renamed), notebook.origin.path)


def test_a_copied_notebook_leaves_the_others_runs_to_it(notebook: Notebook) -> None:
    Path(notebook.origin.path).write_text("{}")
    notebook.ckpt.save(epoch=0)
    first = notebook.ckpt.run_id
    notebook.ckpt.run(new=True)
    notebook.ckpt.save(epoch=0)
    copy = Path(notebook.origin.path).with_name("copy.ipynb")
    assert notebook.ckpt.renamed(copy) == [notebook.ckpt.run_id]
    old = Checkpointer(notebook.ckpt.store, namespace={}, origin=notebook.origin)
    assert [run.id for run in old.runs()] == [first]


def test_the_folder_is_not_looked_at_with_each_batch(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook.ckpt.save(epoch=0)
    looks = []
    look = os.lstat
    monkeypatch.setattr("jupyter_ckpt.store.mailbox.os.lstat", lambda path: (looks.append(path), look(path))[1])
    started = time.monotonic()
    for _ in range(20_000):
        notebook.ckpt._boundaries.serve(0, None)
    assert len(looks) <= 2 * (time.monotonic() - started) + 2
