"""What people give to the verbs: in other forms than expected, and nonsense."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.errors import AmbiguousState, NotCommitted, RefusedFile, UnknownName, UsageProblem
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.session.origin import Origin

ORIGIN = Origin("notebook", "/work/train.ipynb")


def names() -> dict[str, Any]:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    return {"model": model, "optimizer": torch.optim.Adam(model.parameters())}


@pytest.fixture
def ckpt(tmp_path: Path) -> Checkpointer:
    return Checkpointer(tmp_path / "store", namespace=names(), origin=ORIGIN)


def test_one_tag_and_no_note_are_what_they_look_like(ckpt: Checkpointer) -> None:
    saved = ckpt.save(epoch=0, tags="good", note=None)  # type: ignore[arg-type]
    assert saved.record.tags == ["good"]
    assert ckpt.list()[0].ref == saved.record.ref, "a record that cannot be read is a lost checkpoint"


@pytest.mark.parametrize("given", [{"note": 5}, {"metrics": {"": 1.0}}, {"metrics": {"a\nb": 1.0}}, {"tags": [3]}])
def test_what_a_record_cannot_hold_is_refused_at_the_save(ckpt: Checkpointer, given: dict[str, Any]) -> None:
    with pytest.raises(UsageProblem):
        ckpt.save(epoch=0, **given)
    assert ckpt.list() == []


def test_a_record_that_cannot_be_read_back_is_not_committed(ckpt: Checkpointer) -> None:
    ckpt.save(epoch=0)
    with pytest.raises(NotCommitted, match="could not be read back"):
        ckpt.save(epoch=1, reason=7)  # type: ignore[arg-type]
    assert [one.epoch for one in ckpt.list()] == [0]
    assert ckpt.damaged() == []


def test_a_run_its_latest_and_its_best_are_understood(ckpt: Checkpointer) -> None:
    for epoch in range(3):
        run = ckpt.save(epoch=epoch, metrics={"Acc": -epoch}).record.run
    for target, following in ((run, 3), (f"{run}/", 3), (f"{run}/latest", 3), (f"{run}/best", 1)):
        assert ckpt.resume(target).next_epoch == following, target
    assert ckpt.resume("best:Acc").next_epoch == 1
    assert ckpt.resume(ckpt.find("epoch-0001").path).next_epoch == 2, "a Path"


@pytest.mark.parametrize("target", ["", " ", None, 3, "best:", "latest:acc"])
def test_no_target_at_all_is_not_the_newest(ckpt: Checkpointer, target: Any) -> None:
    ckpt.save(epoch=0)
    for verb in (ckpt.resume, ckpt.find):
        with pytest.raises(UsageProblem):
            verb(target)


def test_a_folder_and_a_text_are_told_for_what_they_are(ckpt: Checkpointer, tmp_path: Path) -> None:
    folder = Path(ckpt.save(epoch=0).path).parent
    (tmp_path / "notes.pt").write_text("hello")
    for verb in (ckpt.resume, ckpt.find):
        with pytest.raises(UsageProblem, match="is a folder"):
            verb(str(folder))
    with pytest.raises(RefusedFile, match=r"notes\.pt is no file of torch\.save"):
        ckpt.resume(tmp_path / "notes.pt")


def test_only_nothing_does_not_restore_everything(ckpt: Checkpointer) -> None:
    ckpt.save(epoch=0)
    with pytest.raises(UsageProblem, match="only what"):
        ckpt.resume(only=[])


def test_a_model_is_not_moved_to_where_its_weights_are_lost(ckpt: Checkpointer) -> None:
    ckpt.save(epoch=0)
    with pytest.raises(UsageProblem, match="meta"):
        ckpt.resume(map_location="meta")
    assert not ckpt.namespace["model"].weight.is_meta


def test_a_metric_that_diverged_is_nobodys_best(ckpt: Checkpointer) -> None:
    ckpt.save(epoch=0, metrics={"val_acc": float("nan"), "loss": 0.5})
    assert ckpt.find("best").epoch == 0
    assert ckpt.resume("best").next_epoch == 1
    with pytest.raises(UnknownName):
        ckpt.find("best:val_acc")


def test_an_object_is_no_hyperparameter(ckpt: Checkpointer) -> None:
    with pytest.raises(UsageProblem, match="loader: a DataLoader is no hyper-parameter"):
        ckpt.run(loader=torch.utils.data.DataLoader([1]))  # type: ignore[arg-type]
    ckpt.run(lr=0.1, layers=[64, 32], act="relu")


def test_a_run_whose_folder_was_removed_is_gone_on_with_in_another(ckpt: Checkpointer) -> None:
    first = Path(ckpt.save(epoch=0).path).parent
    shutil.rmtree(first)
    receipt = ckpt.save(epoch=1)
    assert any(f"the folder of run {first.name} is gone" in line for line in receipt.warnings)
    assert [one.epoch for one in ckpt.list()] == [1]


def test_what_a_save_would_fail_with_is_said_before_the_first_epoch(ckpt: Checkpointer) -> None:
    ckpt.namespace["twin"] = torch.optim.SGD(ckpt.namespace["model"].parameters(), lr=0.1)
    with pytest.raises(AmbiguousState):
        ckpt.epochs(3)


def test_a_loop_that_was_started_over_is_noticed(ckpt: Checkpointer) -> None:
    for epoch in range(3):
        assert not any("comes after" in line for line in ckpt.save(epoch=epoch).warnings)
    assert any("epoch 0 comes after epoch 2" in line for line in ckpt.save(epoch=0).warnings)
    ckpt.resume("epoch-0000")
    assert not any("comes after" in line for line in ckpt.save(epoch=1).warnings)


class _Gone:
    pass


class _Hostile:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def _refuse(self, *_: Any) -> Any:
        raise RuntimeError

    __eq__ = __len__ = __bool__ = __repr__ = _refuse  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def test_strange_things_under_well_known_names_do_not_stop_a_save(ckpt: Checkpointer) -> None:
    make: list[Callable[[], Any]] = [_Hostile, lambda: weakref.proxy(_Gone())]
    for one in make:
        ckpt.namespace.update(dict.fromkeys(("history", "lr", "best", "epoch", "batch_size", "other"), None))
        ckpt.namespace.update({name: one() for name in ("history", "lr", "best", "epoch", "batch_size", "other")})
        assert ckpt.save().record.size
        assert ckpt.resume().checkpoint
        ckpt.status()


def test_an_optimizer_inside_a_model_is_not_forgotten_silently(ckpt: Checkpointer) -> None:
    class Lit(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(2, 2)
            self.opt = torch.optim.Adam(self.net.parameters())

    ckpt.namespace.clear()
    ckpt.namespace["lit"] = Lit()
    notes = [item for item in ckpt.save(epoch=0).items if item.outcome is Outcome.NOT_SAVED]
    assert [item.name for item in notes] == ["lit.opt"]
    assert "%ckpt track lit lit.opt" in notes[0].detail
    ckpt.track("lit", "lit.opt")
    assert all(item.outcome is Outcome.SAVED for item in ckpt.save(epoch=0).items)


def test_a_clock_that_was_set_back_does_not_make_an_older_checkpoint_the_latest(
    ckpt: Checkpointer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime
    import types

    from jupyter_ckpt.session import saving

    class Clock(datetime.datetime):
        ahead = 0

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.datetime.now(tz) + datetime.timedelta(hours=cls.ahead)

    fake = types.SimpleNamespace(datetime=Clock, timedelta=datetime.timedelta, timezone=datetime.timezone)
    monkeypatch.setattr(saving, "datetime", fake)  # the machine's clock is not ours to set
    warnings = []
    for epoch, Clock.ahead in enumerate((0, 3, 0, 0)):
        warnings.append(ckpt.save(epoch=epoch).warnings)
    assert [one.epoch for one in ckpt.list()] == [3, 2, 1, 0]
    assert ckpt.resume().next_epoch == 4
    assert [any("clock of this machine" in line for line in lines) for lines in warnings] == [
        False,
        False,
        True,
        False,
    ]


_READ_ONLY = """
import os, sys
from pathlib import Path
import torch
from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.errors import CkptError
os.chmod(sys.argv[2], int(sys.argv[3], 8))
ckpt = Checkpointer(sys.argv[1], namespace={"model": torch.nn.Linear(3, 2)}, origin=Origin("notebook", sys.argv[4]))
receipt = ckpt.resume()
print(receipt.next_epoch, receipt.warnings, ckpt.choice.warnings)
try:
    print(ckpt.save(epoch=1))
except CkptError as error:
    print("error:", error)
os.chmod(sys.argv[2], 0o755)
"""


def _as_nobody_special(need: Any, store: Path, folder: Path, mode: str) -> str:
    """What a process says that has no power over permissions, with ``folder`` of that mode."""
    command = [sys.executable, "-c", _READ_ONLY, str(store), str(folder), mode, ORIGIN.path]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        need(shutil.which("setpriv"), "setpriv is not installed")
        command[:0] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such modes")
def test_a_read_only_store_is_resumed_from_and_an_unreadable_run_is_told(
    ckpt: Checkpointer, tmp_path: Path, need: Any
) -> None:
    ckpt.namespace.pop("optimizer")
    folder = Path(ckpt.save(epoch=0).path).parent
    ckpt.close()
    told = _as_nobody_special(need, tmp_path / "store", tmp_path / "store", "555")
    assert told.startswith("1 "), told
    assert "cannot be written to" in told
    told = _as_nobody_special(need, tmp_path / "store", folder, "555")
    assert "error: epoch-0001" in told
    assert "Permission denied" in told
    told = _as_nobody_special(need, tmp_path / "store", folder, "000")
    assert "was passed over: Permission denied" in told


def test_a_loop_that_does_not_begin_where_the_resume_says_is_told(ckpt: Checkpointer) -> None:
    early, late = (ckpt.save(epoch=epoch).record.ref for epoch in (3, 9))
    assert ckpt.resume(early).next_epoch == 4
    (told,) = [line for line in ckpt.save(epoch=10).warnings if "counted wrongly" in line]
    assert told.startswith("epoch 10 is the first after a resume that goes on with epoch 4")
    ckpt.resume(early)
    assert not [line for line in ckpt.save(epoch=4).warnings if "counted wrongly" in line]
    assert late != early


def test_the_newest_after_a_choice_by_name_is_told(ckpt: Checkpointer) -> None:
    early, late = (ckpt.save(epoch=epoch).record.ref for epoch in (3, 9))
    ckpt.resume(early)
    again = ckpt.resume()
    assert again.checkpoint == late
    assert again.warnings[0].startswith(f"{early} was resumed before, this is the newest one")
    assert not [line for line in ckpt.resume().warnings if "resumed before" in line]
