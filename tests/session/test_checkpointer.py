"""Save and resume as a script or a notebook does it, on real files."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.errors import (
    CorruptCheckpoint,
    Mismatch,
    ModelNotDefined,
    NoSpace,
    NothingTracked,
    RefusedFile,
    UnknownName,
    UsageProblem,
)
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.session.origin import Origin

ORIGIN = Origin("notebook", "/work/train.ipynb")


class Net(nn.Module):
    """A small model with a head that transfer learning replaces."""

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.backbone = nn.Linear(6, 8)
        self.fc = nn.Linear(8, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.relu(self.backbone(x)))  # type: ignore[no-any-return]


def names(seed: int = 0, classes: int = 4) -> dict[str, Any]:
    """A notebook's names after its cells were run."""
    torch.manual_seed(seed)
    model = Net(classes)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    return {"model": model, "optimizer": optimizer, "scheduler": scheduler, "history": [], "best_acc": 0.0}


def step(here: dict[str, Any]) -> float:
    """One optimizer step on random numbers."""
    loss: torch.Tensor = here["model"](torch.randn(5, 6)).square().mean()
    here["optimizer"].zero_grad()
    loss.backward()
    here["optimizer"].step()
    here["history"].append(loss.item())
    return loss.item()


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., Checkpointer]:
    """Makes a session, as each start of a kernel does."""

    def make(here: dict[str, Any], **more: Any) -> Checkpointer:
        more.setdefault("origin", ORIGIN)
        return Checkpointer(tmp_path / "store", namespace=here, **more)

    return make


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_same_cell_is_right_the_first_time_and_every_time(session: Callable[..., Checkpointer]) -> None:
    here = names()
    first = session(here)
    assert first.resume().next_epoch == 0
    for epoch in range(2):
        step(here)
        here["epoch"], here["best_acc"] = epoch, epoch / 10
        first.save(metrics={"acc": epoch / 10})
    expected = [step(here) for _ in range(3)]
    first.close()

    again = names(seed=99)
    held = again["history"]
    second = session(again)
    receipt = second.resume()
    assert receipt.next_epoch == 2
    assert again["history"] is held
    assert len(held) == 2
    assert again["best_acc"] == 0.1
    assert [step(again) for _ in range(3)] == expected, "Adam's state and the random states came back"
    assert all(item.outcome is Outcome.RESTORED for item in receipt.items), receipt.items


def test_a_resume_goes_on_in_its_run_and_a_save_without_one_begins_another(
    session: Callable[..., Checkpointer],
) -> None:
    first = session(names())
    run = first.save(epoch=0).record.run
    first.close()
    second = session(names())
    second.resume()
    receipt = second.save(epoch=1)
    assert receipt.record.run == run
    assert receipt.record.parent is not None
    second.close()
    third = session(names())
    assert third.save(epoch=0).record.run != run


def test_another_notebook_is_not_resumed_but_told_about(session: Callable[..., Checkpointer]) -> None:
    first = session(names())
    saved = first.save(epoch=3)
    first.close()
    other = session(names(), origin=Origin("notebook", "/work/other.ipynb"))
    receipt = other.resume()
    assert receipt.next_epoch == 0
    assert saved.record.ref in receipt.warnings[0]
    assert other.resume(saved.record.ref).next_epoch == 4


def test_other_hyperparameters_are_another_run(session: Callable[..., Checkpointer]) -> None:
    first = session(names())
    first.run(lr=0.01, batch_size=8)
    first.save(epoch=0)
    first.close()
    for lr, expected in ((0.02, 0), (0.01, 1)):
        later = session(names())
        later.run(lr=lr, batch_size=8)
        assert later.resume().next_epoch == expected
        later.close()
    run = session(names())
    run.run(lr=0.01, batch_size=8, new=True)
    assert run.resume().next_epoch == 0
    assert "lr0.01_bs8" in run.save(epoch=0).record.run


def test_a_named_run_is_found_by_its_name(session: Callable[..., Checkpointer]) -> None:
    first = session(names(), run="baseline")
    assert first.save(epoch=5).record.run == "baseline"
    first.close()
    assert session(names(), run="baseline", origin=Origin("script", "/x.py")).resume().next_epoch == 6


def _damage(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)


def test_a_damaged_latest_is_reported_and_the_newest_good_one_is_used(session: Callable[..., Checkpointer]) -> None:
    here = names()
    first = session(here)
    receipts = [first.save(epoch=epoch) for epoch in range(3)]
    _damage(Path(receipts[2].path))
    Path(receipts[1].path).write_bytes(Path(receipts[1].path).read_bytes()[:500])
    first.close()
    receipt = session(names()).resume()
    assert receipt.next_epoch == 1
    text = "\n".join(receipt.warnings)
    assert receipts[2].record.name in text
    assert receipts[1].record.name in text
    assert "cut short" in text


def test_a_damaged_one_asked_for_by_name_is_not_replaced_by_another(session: Callable[..., Checkpointer]) -> None:
    here = names()
    first = session(here)
    receipts = [first.save(epoch=epoch) for epoch in range(2)]
    _damage(Path(receipts[1].path))
    before = here["model"].fc.weight.detach().clone()
    here["model"].fc.weight.data.add_(1)
    with pytest.raises(CorruptCheckpoint, match=f"nothing was changed.*{receipts[0].record.name}"):
        first.resume(receipts[1].record.name)
    assert torch.equal(here["model"].fc.weight, before + 1)


def test_when_nothing_verifies_nothing_is_changed(session: Callable[..., Checkpointer]) -> None:
    here = names()
    first = session(here)
    _damage(Path(first.save(epoch=0).path))
    with pytest.raises(CorruptCheckpoint, match=r"no checkpoint .* verifies"):
        first.resume()


def test_transfer_learning(session: Callable[..., Checkpointer]) -> None:
    first = session(names())
    saved = first.save(epoch=7)
    first.close()
    here = names(seed=5, classes=10)
    head = here["model"].fc.weight.detach().clone()
    second = session(here, origin=Origin("notebook", "/work/finetune.ipynb"))
    with pytest.raises(Mismatch, match=r"fc.weight: checkpoint 4×8, (model|here) 10×8"):
        second.resume(saved.record.ref)
    assert torch.equal(here["model"].fc.weight, head)
    receipt = second.resume(saved.path, only=["model"], strict=False)
    assert receipt.next_epoch == 0, "only the weights were asked for"
    assert torch.equal(here["model"].fc.weight, head)
    assert torch.equal(here["model"].backbone.weight, torch.load(saved.path)["model_state_dict"]["backbone.weight"])
    assert any("fc.weight" in f"{item.name} {item.detail}" for item in receipt.items)


def test_files_of_others(session: Callable[..., Checkpointer], tmp_path: Path) -> None:
    there = names(seed=3)
    step(there)
    tutorial = {
        "epoch": 4,
        "model_state_dict": there["model"].state_dict(),
        "optimizer_state_dict": there["optimizer"].state_dict(),
        "loss": 0.4,
    }
    torch.save(tutorial, tmp_path / "tutorial.pt")
    torch.save(there["model"].state_dict(), tmp_path / "weights.pth")
    here = names()
    ckpt = session(here)
    assert ckpt.resume(str(tmp_path / "tutorial.pt")).next_epoch == 5
    assert torch.equal(here["model"].fc.weight, there["model"].fc.weight)
    assert here["optimizer"].state_dict()["state"][0]["step"] == 1
    here = names()
    session(here).resume(str(tmp_path / "weights.pth"))
    assert torch.equal(here["model"].fc.weight, there["model"].fc.weight)


class _Bomb:
    def __reduce__(self) -> Any:
        import os

        return os.system, ("touch /tmp/jupyter-ckpt-bomb",)


def test_a_pickle_that_runs_code_does_not_run(session: Callable[..., Checkpointer], tmp_path: Path) -> None:
    torch.save({"model_state_dict": {}, "x": _Bomb()}, tmp_path / "bomb.pt")
    with pytest.raises(RefusedFile, match=r"posix.system|nt.system"):
        session(names()).resume(str(tmp_path / "bomb.pt"))
    assert not Path("/tmp/jupyter-ckpt-bomb").exists()


def test_a_model_that_is_not_there_is_named(session: Callable[..., Checkpointer]) -> None:
    first = session(names())
    first.save(epoch=0)
    first.close()
    with pytest.raises(ModelNotDefined, match="Net"):
        session({}).resume()


def test_nothing_to_save_is_said(session: Callable[..., Checkpointer], tmp_path: Path) -> None:
    with pytest.raises(NothingTracked, match="track"):
        session({"epoch": 1}).save()
    assert not (tmp_path / "store").exists()


def test_nothing_is_ever_overwritten(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    paths = [ckpt.save(epoch=1, step=1).path for _ in range(5)]
    assert len(set(paths)) == 5
    assert [problems for _, problems in ckpt.verify()] == [[]] * 5


def test_what_cannot_be_saved_is_named_and_the_rest_is_saved(session: Callable[..., Checkpointer]) -> None:
    here = names()
    here["history"] = [object()]
    ckpt = session(here)
    receipt = ckpt.save(epoch=0)
    not_saved = [item for item in receipt.items if item.outcome is Outcome.NOT_SAVED]
    assert [item.name.partition(".")[0] for item in not_saved] == ["history"]
    assert ckpt.resume().next_epoch == 1


def test_policy_thins_out_after_each_save_and_keeps_the_best(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    ckpt.keep(last=2, best=1, metric="acc")
    for epoch, acc in enumerate([0.1, 0.9, 0.3, 0.4, 0.5]):
        ckpt.save(epoch=epoch, metrics={"acc": acc})
    assert [one.epoch for one in ckpt.list()] == [4, 3, 1]
    assert ckpt.find("best").epoch == 1
    assert ckpt.resume("best").next_epoch == 2
    assert len(ckpt.trash()) == 2


def test_a_policy_set_before_the_first_save_is_shown_and_used(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    ckpt.keep(last=1)
    assert ckpt.policy is not None
    assert "the last one" in ckpt.policy.describe()
    for epoch in range(3):
        ckpt.save(epoch=epoch)
    assert [one.epoch for one in ckpt.list()] == [2]


def test_too_little_room_is_one_error_and_nothing_is_lost(
    session: Callable[..., Checkpointer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_ckpt.store import space

    ckpt = session(names())
    ckpt.save(epoch=0)
    before = _files(tmp_path / "store")
    monkeypatch.setattr(space, "free", lambda path: space.Space(1000, None, 10**9, True))  # a full real one is slow
    with pytest.raises(NoSpace, match=r"1\.0 kB left"):
        ckpt.save(epoch=1)
    assert _files(tmp_path / "store") == before
    assert [problems for _, problems in ckpt.verify()] == [[]]


_OTHER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_checkpointer import ORIGIN, names
from jupyter_ckpt import Checkpointer
ckpt = Checkpointer(sys.argv[2], namespace=names(), origin=ORIGIN)
ckpt.resume()
print(ckpt.save(epoch=1).record.ref, flush=True)
sys.stdin.readline()
print(ckpt.save(epoch=2).record.ref, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no record locks")
def test_two_kernels_on_one_run_lose_nothing(session: Callable[..., Checkpointer], tmp_path: Path) -> None:
    first = session(names())
    run = first.save(epoch=0).record.run
    first.close()
    command = [sys.executable, "-c", _OTHER, str(Path(__file__).parent), str(tmp_path / "store")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline().startswith(run)
        here = session(names())
        receipt = here.resume()
        assert any("another kernel is writing" in line for line in receipt.warnings)
        mine = here.save(epoch=2).record
        assert mine.run != run
        assert mine.parent == receipt.checkpoint
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline().startswith(run)
        other.wait(60)
    found = here.verify()
    assert len(found) == 4
    assert all(not problems for _, problems in found)


def test_epochs_saves_and_goes_on(session: Callable[..., Checkpointer]) -> None:
    here = names()
    first = session(here)
    random.seed(4)
    drawn = []
    for epoch in first.epochs(4):
        drawn.append((epoch, random.random(), step(here)))
        first.log(loss=drawn[-1][2])
    assert [one.epoch for one in first.list()] == [3, 2, 1, 0]
    assert first.list()[0].metrics == {"loss": drawn[-1][2]}
    first.close()

    again = names(seed=8)
    second = session(again)
    second.resume("epoch-0001")
    random.seed(77)  # what other cells draw between the resume and the loop does not matter
    torch.randn(3)
    assert [(epoch, random.random(), step(again)) for epoch in second.epochs(4)] == drawn[2:]
    assert list(second.epochs(4)) == [], "running the cell again neither restarts nor over-trains"
    assert list(second.epochs(5)) == [4]


def test_the_step_counter_of_the_notebook_comes_back(session: Callable[..., Checkpointer]) -> None:
    here = names() | {"epoch": 0, "global_step": 120}
    first = session(here)
    assert "step-00000120" in first.save().record.name
    first.close()
    again = names() | {"global_step": 0}
    session(again).resume()
    assert again["global_step"] == 120


def test_a_save_in_a_plain_loop_does_not_skip_the_rest_of_its_epoch(session: Callable[..., Checkpointer]) -> None:
    here = names()
    here["loader"] = torch.utils.data.DataLoader(range(10), batch_size=2)
    ckpt = session(here)
    for number, _ in enumerate(here["loader"]):
        if number == 2:
            receipt = ckpt.save(epoch=3)
    assert receipt.record.next_epoch == 3
    assert any(item.outcome is Outcome.NOT_EXACT and "batches(loader)" in item.detail for item in receipt.items)
    assert ckpt.save(epoch=3).record.next_epoch == 4, "after the loop the epoch is done"
    here["dataiter"] = iter(here["loader"])
    next(here["dataiter"])
    assert ckpt.save(epoch=3).record.next_epoch == 4, "a batch taken to look at it is no loop"


def test_unknown_words(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    ckpt.save(epoch=0, metrics={"strange": 1.0})
    with pytest.raises(UnknownName):
        ckpt.resume("epoch-0007")
    with pytest.raises(UsageProblem, match="strange"):
        ckpt.resume("best")
    with pytest.raises(UnknownName):
        ckpt.resume("best:acc")
    with pytest.raises(UsageProblem):
        ckpt.resume(only=["modle"])


def test_a_save_changes_nothing_in_the_training(session: Callable[..., Checkpointer]) -> None:
    here = names()
    ckpt = session(here)
    step(here)
    versions = [p._version for p in here["model"].parameters()]
    state = torch.get_rng_state(), random.getstate()
    ckpt.save(epoch=0)
    assert [p._version for p in here["model"].parameters()] == versions
    assert torch.equal(torch.get_rng_state(), state[0])
    assert random.getstate() == state[1]


def _batches(count: int) -> torch.utils.data.DataLoader[int]:
    return torch.utils.data.DataLoader(range(count), batch_size=1)  # type: ignore[arg-type]


def test_metrics_belong_to_the_epoch_in_which_they_were_measured(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    loader = _batches(6)
    for epoch in ckpt.epochs(2):
        for _ in ckpt.batches(loader, save_every=4):
            pass
        ckpt.log(acc=epoch + 0.5)
    by_step = {one.step: one.metrics for one in ckpt.list()}
    assert by_step == {4: {}, 6: {"acc": 0.5}, 8: {}, 12: {"acc": 1.5}}


def test_the_last_batch_is_not_saved_twice(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    loader = _batches(6)
    for _ in ckpt.epochs(2):
        for _ in ckpt.batches(loader, save_every=3):
            pass
    assert [(one.step, one.summary.mid_epoch) for one in reversed(ckpt.list())] == [
        (3, True),
        (6, False),
        (9, True),
        (12, False),
    ]


def test_a_break_ends_the_epoch_and_an_error_does_not(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    loader = _batches(6)
    for number, _ in enumerate(ckpt.batches(loader)):
        if number == 2:
            break
    assert ckpt.save(epoch=4).record.next_epoch == 5
    with pytest.raises(KeyboardInterrupt):
        for number, _ in enumerate(ckpt.batches(loader)):
            if number == 2:
                raise KeyboardInterrupt
    record = ckpt.save(epoch=5).record
    assert (record.next_epoch, record.mid_epoch) == (5, True)


def test_a_validation_loop_does_not_count_as_steps(session: Callable[..., Checkpointer]) -> None:
    ckpt = session(names())
    training, validation = _batches(4), _batches(3)
    for _ in ckpt.epochs(2):
        for _ in ckpt.batches(training):
            pass
        for _ in ckpt.batches(validation):
            pass
    assert [one.step for one in ckpt.list()] == [8, 4]


def test_history_comes_back_even_when_its_cell_was_not_run(session: Callable[..., Checkpointer]) -> None:
    here = names() | {"history": [1.0, 2.0]}
    first = session(here)
    first.save(epoch=0)
    first.close()
    again = names()
    del again["history"]
    session(again).resume()
    assert again["history"] == [1.0, 2.0]


def test_another_store_gets_the_next_saves(session: Callable[..., Checkpointer], tmp_path: Path) -> None:
    ckpt = session(names())
    ckpt.save(epoch=0)
    ckpt.use_storage(tmp_path / "elsewhere")
    assert Path(ckpt.save(epoch=1).path).is_relative_to(tmp_path / "elsewhere")
    assert [one.epoch for one in ckpt.list()] == [1]


def test_other_settings_and_other_code_are_told(session: Callable[..., Checkpointer]) -> None:
    first = session(names() | {"lr": 0.01, "num_epochs": 5})
    first.save(epoch=0)
    first.close()
    here = names() | {"lr": 0.5, "num_epochs": 9}
    again = session(here)
    text = "\n".join(again.resume().warnings)
    assert "lr 0.01 (here 0.5)" in text
    assert "`%ckpt run --new`" in text
    assert "num_epochs" not in text, "training for longer is what a resume is for"
    assert again.save(epoch=1).record.hyperparameters["lr"] == 0.01, "the optimizer's, not the name's"

    cells = ["", "class Net:\n    size = 1", "class Net:\n    size = 2"]
    code = {"Net": {"source": cells[1]}}
    from jupyter_ckpt.session.drift import code_changed

    assert code_changed(code, {"Net": {"source": cells[1] + "\n"}}, "x") == []
    assert "`%ckpt show x --code`" in code_changed(code, {"Net": {"source": cells[2]}}, "x")[0]


def test_what_was_asked_for_by_name_must_exist(session: Callable[..., Checkpointer]) -> None:
    first = session(names())
    run = first.save(epoch=2, metrics={"acc": 0.5}).record.run
    first.close()
    other = Origin("notebook", "/work/transfer.ipynb")
    second = session(names(seed=4), origin=other)
    with pytest.raises(UnknownName, match=f"{run}/best"):
        second.resume("best", only=["model"], strict=False)
    with pytest.raises(UnknownName, match="no checkpoint"):
        second.resume(only=["model"])
    receipt = second.resume(f"{run}/best", only=["model"])
    assert receipt.next_epoch == 0
    assert not receipt.training
    assert second.save(epoch=0).record.parent == receipt.checkpoint, "where the weights came from"
