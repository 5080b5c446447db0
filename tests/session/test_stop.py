"""A Stop (or an error) inside the loop over epochs, and running its cell again in the same kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.errors import Mismatch, StoreError, UsageProblem
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.session.origin import Origin

ORIGIN = Origin("notebook", "/work/train.ipynb")
Seen = list[tuple[int, float]]


def names(seed: int = 0, width: int = 4) -> dict[str, Any]:
    """What the cell that makes the model makes."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, width))
    return {"model": model, "optimizer": torch.optim.AdamW(model.parameters(), lr=1e-2)}


class Notebook:
    """One kernel with a training in it; `told` is what the loops said by themselves."""

    def __init__(self, folder: Path, *, plain: bool = False) -> None:
        self.plain = plain
        self.here = names()
        data = torch.arange(24.0).view(6, 4).repeat(1, 2)[:, :6]
        self.loader = DataLoader(TensorDataset(data), batch_size=1, shuffle=True)
        self.ckpt = Checkpointer(folder / "store", namespace=self.here, origin=ORIGIN)
        self.told: list[Any] = []
        self.ckpt.tell = self.told.append

    def cell(self, end: int, stop: tuple[int, int] | None = None, **options: Any) -> Seen:
        """The training's cell; a Stop after so many batches of an epoch."""
        seen: Seen = []
        for epoch in self.ckpt.epochs(end, **options):
            batches: Any = self.loader if self.plain else self.ckpt.batches(self.loader)
            for number, (x,) in enumerate(batches):
                seen.append((epoch, x[0, 0].item()))
                loss = (self.here["model"](x) / 100).square().mean()
                self.here["optimizer"].zero_grad()
                loss.backward()
                if stop == (epoch, number):
                    raise KeyboardInterrupt
                self.here["optimizer"].step()
        return seen

    def stopped_cell(self, end: int, stop: tuple[int, int], **options: Any) -> None:
        """See `cell`."""
        with pytest.raises(KeyboardInterrupt):
            self.cell(end, stop, **options)

    @property
    def weights(self) -> list[float]:
        """Of the head."""
        return self.here["model"][-1].weight.flatten().tolist()  # type: ignore[no-any-return]

    @property
    def warnings(self) -> str:
        """Of the loop's last receipt."""
        return "\n".join(self.told[-1].warnings)


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(tmp_path)


@pytest.mark.parametrize("plain", [False, True], ids=["batches", "plain loop"])
def test_the_cell_again_after_a_stop_ends_where_an_undisturbed_training_ends(tmp_path: Path, plain: bool) -> None:
    peace = Notebook(tmp_path / "peace", plain=plain)
    expected = peace.cell(3)
    stopped = Notebook(tmp_path / "stopped", plain=plain)
    stopped.stopped_cell(3, (1, 3))
    stopped.told.clear()
    torch.rand(5)  # other cells draw
    assert stopped.cell(3) == [row for row in expected if row[0] >= 1]
    assert stopped.weights == peace.weights
    receipt = stopped.told[0]
    assert receipt.next_epoch == 1
    assert "epoch 1 was stopped: what was trained since" in receipt.warnings[0]


def test_a_save_after_a_stop_keeps_what_was_trained(notebook: Notebook) -> None:
    notebook.stopped_cell(2, (1, 3))
    before = notebook.weights
    record = notebook.ckpt.save().record
    assert (record.next_epoch, record.mid_epoch) == (1, True)
    for epoch in notebook.ckpt.epochs(2):
        assert epoch == 1
        assert notebook.weights == before
        assert len(list(notebook.ckpt.batches(notebook.loader))) == 2, "four of six were handed out"


def test_a_save_after_a_stop_in_a_plain_loop_does_not_skip_the_rest(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path, plain=True)
    notebook.stopped_cell(2, (1, 3))
    receipt = notebook.ckpt.save()
    assert receipt.record.next_epoch == 1
    assert any(item.outcome is Outcome.NOT_EXACT and "starts it over" in item.detail for item in receipt.items)


def test_a_stop_before_anything_was_saved_goes_on_in_memory(notebook: Notebook) -> None:
    notebook.stopped_cell(2, (0, 3))
    first = notebook.weights
    assert len(notebook.ckpt.list()) == 0
    again = notebook.cell(1)
    assert [epoch for epoch, _ in again] == [0, 0], "four of six were handed out"
    assert "goes on with its next batch" in notebook.told[-2].warnings[0]
    assert notebook.weights != first


def test_resume_after_a_stop_says_what_it_undoes_or_cannot_undo(notebook: Notebook) -> None:
    notebook.stopped_cell(2, (0, 3))
    assert "nothing was saved, and the weights keep what they learned" in notebook.ckpt.resume().warnings[0]
    notebook.stopped_cell(2, (1, 3))
    assert "epoch 1 was stopped: what was trained since" in notebook.ckpt.resume().warnings[0]
    assert notebook.ckpt.resume().warnings == [], "nothing was trained since"


def test_a_break_ends_its_epoch(notebook: Notebook) -> None:
    for epoch in notebook.ckpt.epochs(9):
        list(notebook.ckpt.batches(notebook.loader))
        if epoch == 1:
            break
    notebook.told.clear()
    assert [epoch for epoch, _ in notebook.cell(3)] == [2] * 6
    assert len(notebook.told) == 1, "no resume"


def test_a_model_made_anew_is_resumed(notebook: Notebook) -> None:
    notebook.cell(2)
    trained = notebook.weights
    notebook.here.update(names(seed=7))  # all cells were run again
    assert notebook.cell(2) == []
    assert notebook.weights == trained
    notebook.here["optimizer"] = torch.optim.SGD(notebook.here["model"].parameters(), lr=0.1)  # another phase
    notebook.told.clear()
    assert {epoch for epoch, _ in notebook.cell(3)} == {2}
    assert len(notebook.told) == 1, "no resume"


def test_another_architecture_is_told_how_to_begin_anew(notebook: Notebook) -> None:
    notebook.cell(1)
    notebook.here.update(names(width=9))
    with pytest.raises(Mismatch, match="%ckpt run --new"):
        notebook.ckpt.epochs(2)
    notebook.ckpt.run(new=True)
    assert {epoch for epoch, _ in notebook.cell(1)} == {0}


def test_a_resume_in_the_loops_body_goes_on_from_there(notebook: Notebook) -> None:
    seen = []
    for epoch in notebook.ckpt.epochs(4):
        seen.append(epoch)
        if epoch == 3 and seen.count(3) == 1:
            notebook.ckpt.resume("epoch-0001")
    assert seen == [0, 1, 2, 3, 2, 3]
    assert [one.epoch for one in reversed(notebook.ckpt.list())] == [0, 1, 2, 2, 3]


def test_epochs_within_epochs_is_an_error(notebook: Notebook) -> None:
    for _ in notebook.ckpt.epochs(1):
        with pytest.raises(UsageProblem, match="inside the loop over epochs"):
            notebook.ckpt.epochs(5)
    assert list(notebook.ckpt.epochs(0)) == []
    assert list(notebook.ckpt.epochs(2)) == [1]


def test_a_last_save_that_failed_is_done_when_the_cell_is_run_again(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise StoreError("no room", 28)

    save: Callable[..., Any] = notebook.ckpt.save
    monkeypatch.setattr(notebook.ckpt, "save", full)
    with pytest.raises(StoreError):
        notebook.cell(1)
    monkeypatch.setattr(notebook.ckpt, "save", save)
    trained = notebook.weights
    assert notebook.cell(1) == []
    assert [one.epoch for one in notebook.ckpt.list()] == [0]
    assert notebook.weights == trained


def test_progress_bars_do_not_hide_how_a_loop_ended(notebook: Notebook) -> None:
    class Bar:
        def __init__(self, iterable: Any) -> None:
            self.iterable = iterable

        def __iter__(self) -> Any:
            yield from self.iterable

    bar = Bar(notebook.ckpt.epochs(3))
    for _ in bar:
        break
    assert list(notebook.ckpt.epochs(3)) == [1, 2]
    bar = Bar(notebook.ckpt.epochs(5))
    with pytest.raises(KeyboardInterrupt):
        for _ in bar:
            raise KeyboardInterrupt
    assert list(notebook.ckpt.epochs(4)) == [3], "stopped inside: once more"


def test_a_loop_over_epochs_goes_on_after_epochs_that_were_saved_by_hand(notebook: Notebook) -> None:
    for epoch in range(3):
        notebook.ckpt.save(epoch=epoch)
    assert list(notebook.ckpt.epochs(4)) == [3]
    notebook.ckpt.resume("epoch-0001")
    notebook.ckpt.save(epoch=2)
    assert list(notebook.ckpt.epochs(4)) == [3]
