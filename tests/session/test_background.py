"""Saves that are written while the training goes on: the values are those of the boundary, and nothing is promised
before it is durable."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.errors import CkptError, NotCommitted, UsageProblem
from jupyter_ckpt.receipt import SaveReceipt
from jupyter_ckpt.session import background
from jupyter_ckpt.session.memory import memory_left
from jupyter_ckpt.session.observers import Happening
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.saving import Writing
from jupyter_ckpt.state.sure_copy import SureCopies
from jupyter_ckpt.store import commit as committing
from jupyter_ckpt.store.verify import verify_file


class Training:
    """A model with its optimizer, and a session that saves them."""

    def __init__(self, folder: Path, width: int = 32, **options: Any) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width), nn.Linear(width, 4))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), fused=True)
        self.ckpt = Checkpointer(folder / "store", namespace={}, origin=Origin("script", "/train.py"), **options)
        self.ckpt.track(model=self.model, optimizer=self.optimizer)
        self.step()

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.model(torch.randn(8, self.model[0].in_features)).sum().backward()
        self.optimizer.step()

    def values(self) -> list[torch.Tensor]:
        held = [value for state in self.optimizer.state.values() for value in state.values()]
        return [tensor.clone() for tensor in (*self.model.state_dict().values(), *held)]


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Nothing is committed until this is set."""
    go, commit = threading.Event(), committing.commit

    def waiting(*args: Any, **options: Any) -> Any:
        assert go.wait(30)
        return commit(*args, **options)

    monkeypatch.setattr("jupyter_ckpt.session.saving.commit", waiting)
    return go


LARGE = 1200  # about 17 MB with AdamW's state


def test_what_is_changed_after_the_save_is_not_in_it(tmp_path: Path, held_up: threading.Event) -> None:
    training = Training(tmp_path)
    saved, random = training.values(), torch.random.get_rng_state()
    versions = [tensor._version for tensor in training.model.state_dict().values()]
    receipt = training.ckpt.save(epoch=0, wait=False)
    assert [tensor._version for tensor in training.model.state_dict().values()] == versions
    assert torch.equal(torch.random.get_rng_state(), random)
    for _ in range(3):
        training.step()
    for parameter in training.model.parameters():
        parameter.data.zero_()  # past autograd's version counters, as fused optimizers are
    assert not receipt.durable
    assert not list(tmp_path.rglob("epoch-*.json"))
    held_up.set()
    done = receipt.wait()
    assert done.durable
    assert verify_file(Path(done.path), done.record) == []
    training.ckpt.resume()
    assert all(torch.equal(*pair) for pair in zip(training.values(), saved, strict=True))
    assert torch.equal(torch.random.get_rng_state(), random)


def test_a_resume_waits_for_the_save_before_it(tmp_path: Path, held_up: threading.Event) -> None:
    training = Training(tmp_path)
    receipt = training.ckpt.save(epoch=4, wait=False)
    threading.Timer(0.1, held_up.set).start()
    assert training.ckpt.resume().checkpoint == receipt.record.ref
    assert [one.ref for one in training.ckpt.list()] == [receipt.record.ref]


def test_small_states_are_durable_at_once_and_large_ones_as_soon_as_there_is_memory(tmp_path: Path) -> None:
    assert Training(tmp_path / "small").ckpt.save(epoch=0).durable
    training = Training(tmp_path / "large", LARGE)
    first = training.ckpt.save(epoch=0)
    assert first.durable
    assert first.stall is None
    second = training.ckpt.save(epoch=1)
    assert not second.durable
    done = second.wait()
    assert done.stall is not None
    assert done.bytes <= done.memory < done.bytes * 1.05 + (1 << 20)
    assert training.ckpt.save(epoch=2, wait=True).durable
    assert [one.epoch for one in training.ckpt.list()] == [2, 1, 0]


def test_after_a_resume_the_first_save_goes_to_the_background(tmp_path: Path) -> None:
    Training(tmp_path, LARGE).ckpt.save(epoch=0)
    again = Training(tmp_path, LARGE)
    again.ckpt.resume()
    receipt = again.ckpt.save(epoch=1)
    assert not receipt.durable
    assert receipt.wait().record.parent == again.ckpt.list()[1].ref


def test_each_save_descends_from_the_one_before(tmp_path: Path) -> None:
    training = Training(tmp_path)
    refs = []
    for epoch in range(4):
        refs.append(training.ckpt.save(epoch=epoch, wait=False).record.ref)
        training.step()
    training.ckpt.wait()
    assert [one.summary.parent for one in reversed(training.ckpt.list())] == [None, *refs[:-1]]
    assert training.ckpt.held == refs[-1]
    assert isinstance(training.ckpt.last_receipt, SaveReceipt)
    assert training.ckpt.last_receipt.durable


def test_observers_hear_of_it_when_it_is_durable(tmp_path: Path, held_up: threading.Event) -> None:
    training = Training(tmp_path)
    seen: list[Happening] = []
    training.ckpt.observers.add(lambda one: seen.append(one) if one.kind in ("saved", "save_failed") else None)
    receipt = training.ckpt.save(epoch=0, wait=False)
    time.sleep(0.05)
    assert seen == []
    held_up.set()
    receipt.wait()
    (one,) = seen
    assert isinstance(one.receipt, SaveReceipt)
    assert one.receipt.durable


def test_a_failure_is_told_and_the_next_save_descends_from_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    first = training.ckpt.save(epoch=0, wait=False).wait()
    told: list[Any] = []
    training.ckpt.tell = told.append
    commit = committing.commit

    def full(folder: Path, name: str, *args: Any, **options: Any) -> Any:
        raise NotCommitted(f"{name} was not saved: no room", errno.ENOSPC)

    monkeypatch.setattr("jupyter_ckpt.session.saving.commit", full)
    lost = training.ckpt.save(epoch=1, wait=False)
    with pytest.raises(NotCommitted, match="no room"):
        lost.wait()
    training.ckpt.settle()
    assert [str(one) for one in told] == [f"{lost.record.name} was not saved: no room"]
    assert training.ckpt.held == first.record.ref
    monkeypatch.setattr("jupyter_ckpt.session.saving.commit", commit)
    assert training.ckpt.save(epoch=1, wait=False).wait().record.parent == first.record.ref


def test_a_save_that_waited_for_one_that_failed_descends_from_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    training.ckpt.tell = lambda event: None
    good = training.ckpt.save(epoch=0, wait=True)
    go, commit, calls = threading.Event(), committing.commit, 0

    def fails_once(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            assert go.wait(30)
            raise NotCommitted("the volume is gone", errno.EIO)
        return commit(*args, **options)

    monkeypatch.setattr("jupyter_ckpt.session.saving.commit", fails_once)
    training.ckpt.save(epoch=1, wait=False)
    threading.Timer(0.3, go.set).start()
    assert training.ckpt.save(epoch=2, wait=True).record.parent == good.record.ref


def test_a_stop_whose_save_fails_in_the_background_does_not_stop_and_is_not_called_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    answers: list[tuple[bool, str]] = []
    training.ckpt.save(epoch=0, wait=True)
    training.ckpt.tell = lambda event: None

    def fails(*args: Any, **options: Any) -> Any:
        raise NotCommitted("the volume is gone", errno.EIO)

    monkeypatch.setattr("jupyter_ckpt.session.saving.commit", fails)
    training.ckpt.requests.ask("stop", "asked-while-it-trains", lambda ok, text: answers.append((ok, text)))
    training.ckpt.save(epoch=1, wait=False)
    assert answers == [(False, "it is not stopped, since it could not be saved: the volume is gone")]


def test_the_last_save_of_a_loop_is_waited_for_and_its_failure_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path, LARGE)
    for _ in training.ckpt.epochs(3):
        training.step()
    assert isinstance(training.ckpt.last_receipt, SaveReceipt)
    assert training.ckpt.last_receipt.durable
    assert training.ckpt.last_receipt.stall is not None, "it was written in the background"
    assert [one.epoch for one in training.ckpt.list()] == [2, 1, 0]

    def full(*_: Any, **__: Any) -> Any:
        raise NotCommitted("no room", errno.ENOSPC)

    monkeypatch.setattr("jupyter_ckpt.session.saving.commit", full)
    with pytest.raises(NotCommitted, match="no room"):
        for _ in training.ckpt.epochs(4):
            training.step()


def test_where_memory_is_short_the_training_waits_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "memory_left", lambda: 10 << 20)
    training = Training(tmp_path, LARGE)
    remarks = [training.ckpt.save(epoch=epoch).warnings for epoch in range(3)]
    assert "memory is short: states are written while the training waits" in " ".join(remarks[0])
    assert not any("memory is short" in line for lines in remarks[1:] for line in lines)
    assert training.ckpt.background.memory == 0


@pytest.mark.parametrize("off", [{"background": False}, {}])
def test_it_can_be_switched_off(off: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not off:
        monkeypatch.setenv(background.BLOCKING_VARIABLE, "1")
    training = Training(tmp_path, LARGE, **off)
    assert all(training.ckpt.save(epoch=epoch).durable for epoch in range(2))


SCRIPT = """
import sys, torch
from jupyter_ckpt import Checkpointer
ckpt = Checkpointer(sys.argv[1])
model = torch.nn.Linear(2000, 2000)
ckpt.track(model=model)
print(ckpt.save(epoch=0, wait=False).durable, flush=True)
"""


def test_a_process_that_ends_writes_what_is_in_flight(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "store")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False"]
    ckpt = Checkpointer(tmp_path / "store", origin=Origin("folder", str(tmp_path)))
    ((_, problems),) = ckpt.verify(everywhere=True)
    assert problems == []


def test_memory_is_what_machine_and_container_leave(tmp_path: Path) -> None:
    meminfo, group = tmp_path / "meminfo", tmp_path / "cgroup"
    meminfo.write_text("MemTotal: 100 kB\nMemAvailable:   5000 kB\n")
    group.mkdir()
    assert memory_left(meminfo, group) == 5000 << 10
    (group / "memory.max").write_text("max\n")
    assert memory_left(meminfo, group) == 5000 << 10
    (group / "memory.max").write_text("3000000\n")
    (group / "memory.current").write_text("2500000\n")
    (group / "memory.stat").write_text("anon 5\ninactive_file 1000\n")
    assert memory_left(meminfo, group) == 501_000
    assert memory_left(tmp_path / "none", tmp_path / "none") is None
    if os.path.exists("/proc/meminfo"):
        assert (memory_left() or 0) > 1 << 20


def test_an_error_that_nobody_foresaw_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("oops")

    training = Training(tmp_path)
    monkeypatch.setattr("jupyter_ckpt.session.saving.commit", broken)
    with pytest.raises(CkptError, match="was not saved: ZeroDivisionError: oops"):
        training.ckpt.save(epoch=0, wait=False).wait()


def test_an_interrupt_while_the_state_is_copied_waits_for_the_save_to_be_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    training.ckpt.save(epoch=0, wait=False).wait()
    copy_into, saved = Writing.copy_into, training.values()

    def interrupted(writing: Writing, image: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        copy_into(writing, image)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Writing, "copy_into", interrupted)
        with pytest.raises(KeyboardInterrupt):
            training.ckpt.save(epoch=1, wait=False)
    training.step()
    assert training.ckpt.save(epoch=2, wait=False).wait().record.parent.partition("/")[2].startswith("epoch-0001")
    training.ckpt.resume("epoch-0001")
    assert all(torch.equal(one, other) for one, other in zip(training.values(), saved, strict=True))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_does_not_wait_for_what_its_parent_is_writing(tmp_path: Path, held_up: threading.Event) -> None:
    training = Training(tmp_path)
    receipt = training.ckpt.save(epoch=0, wait=False)
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # what hangs is ended
        held_up.set()
        training.ckpt.list()
        os._exit(0 if training.ckpt.background.memory == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    held_up.set()
    assert receipt.wait().durable


def test_a_save_while_the_interpreter_ends_is_written_at_once(tmp_path: Path) -> None:
    program = f"""
import atexit, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_background import LARGE, Training

training = Training(Path({str(tmp_path)!r}), LARGE)
training.ckpt.save(epoch=0, wait=False).wait()

def last():
    print("durable:", training.ckpt.save(epoch=1).durable)
    training.ckpt.close()

atexit.register(last)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "durable: True\n", done.stderr


@pytest.mark.parametrize("moment", ["before the copies", "after the copies"])
def test_an_interrupted_resume_leaves_the_session_where_the_objects_are(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    first, values = training.ckpt.save(epoch=0, wait=True), training.values()
    training.step()
    training.ckpt.save(epoch=7, wait=True)
    run = SureCopies.run

    def interrupted(copies: SureCopies) -> None:
        if moment == "before the copies":
            signal.raise_signal(signal.SIGINT)
        run(copies)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(SureCopies, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.ckpt.resume(first.record.ref)
    assert all(torch.equal(one, other) for one, other in zip(training.values(), values, strict=True))
    assert training.ckpt.held == first.record.ref
    assert next(iter(training.ckpt.epochs(3))) == 1


def test_whoever_is_told_of_a_save_that_was_written_meanwhile_cannot_save_in_that_moment(tmp_path: Path) -> None:
    training, said = Training(tmp_path), []

    def save_too(happening: Happening) -> None:
        if happening.kind == "saved" and not said:
            with pytest.raises(UsageProblem) as caught:
                training.ckpt.save(epoch=9, wait=False).wait()  # this thread would wait for itself
            said.append(str(caught.value))

    training.ckpt.observers.add(save_too)
    flight = training.ckpt.save(epoch=0, wait=False).in_flight
    assert flight is not None
    done = threading.Event()
    flight.when_done(lambda outcome: done.set())
    assert done.wait(20)
    assert "at the next boundary" in said[0]
    assert training.ckpt.save(epoch=1, wait=False).wait().durable
