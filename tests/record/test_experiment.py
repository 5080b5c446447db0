"""A run folded into what a person wants to read of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from written import WrittenRun

from jupyter_ckpt.record.experiment import read_experiment


@pytest.fixture
def run(tmp_path: Path) -> WrittenRun:
    return WrittenRun(tmp_path)


def test_best_last_and_checkpoints(run: WrittenRun) -> None:
    for epoch, acc in enumerate([0.5, 0.98, 0.9]):
        run.save(epoch, val_acc=acc, loss=1 / (epoch + 1))
    found = read_experiment(run.folder)
    assert found.metric == "val_acc"
    assert found.best is not None
    assert (found.best.epoch, found.best.metrics) == (1, {"val_acc": 0.98})
    assert found.last is not None
    assert (found.last.epoch, found.last.metrics["val_acc"]) == (2, 0.9)
    assert found.best_kept is not None
    assert found.last_kept is not None
    assert (found.best_kept.name, found.last_kept.name) == ("epoch-0001", "epoch-0002")
    assert found.best_kept.durability == "persistent"
    assert tuple(found.trend) == (0.5, 0.98, 0.9)


def test_the_best_value_is_remembered_when_its_checkpoint_is_gone(run: WrittenRun) -> None:
    for epoch, acc in enumerate([0.5, 0.98, 0.9]):
        run.save(epoch, val_acc=acc)
    for file in run.folder.glob("epoch-0001.*"):
        file.unlink()
    found = read_experiment(run.folder)
    assert found.best is not None
    assert found.best.epoch == 1
    assert found.best_kept is not None
    assert found.best_kept.name == "epoch-0002"


def test_idle_time_is_no_training(run: WrittenRun) -> None:
    run.event("started").described("a").save(0, 60).save(1, 60)
    run.event("resumed", after=3600 * 9, name="epoch-0001", pid=1)
    run.event("described", 50, description={}, session="b", since="2026-04-05T23:25:00.000Z").save(2, 60)
    found = read_experiment(run.folder)
    assert found.duration == pytest.approx(120 + 110)
    assert (found.resumes, found.interruptions) == (1, 1)


def test_a_stop_and_a_finished_training_are_no_interruptions(run: WrittenRun) -> None:
    run.described("a", epochs=3).save(0).event("stopped", epoch=0, reason="asked")
    run.event("resumed", 500, name="epoch-0000").described("b", epochs=3).save(1).save(2)
    run.event("resumed", 500, name="epoch-0002").described("c", epochs=5).save(3)
    found = read_experiment(run.folder)
    assert (found.resumes, found.stops, found.interruptions) == (2, 1, 0)


def test_a_resume_that_trained_nothing_does_not_count(run: WrittenRun) -> None:
    run.described("a").save(0).event("resumed", 10, name="epoch-0000").event("resumed", 10, name="epoch-0000")
    assert read_experiment(run.folder).resumes == 0


def test_it_grows_with_the_journal_also_by_half_lines(run: WrittenRun) -> None:
    run.save(0, loss=3.0)
    first = read_experiment(run.folder)
    whole = (
        b'{"time": "2026-04-05T15:00:00.000Z", "event": "metrics", "epoch": 1, "step": 9, "metrics": {"loss": 2.0}}\n'
    )
    journal = run.folder / "journal.jsonl"
    with open(journal, "ab") as file:
        file.write(whole[:40])
    assert read_experiment(run.folder).best == first.best
    with open(journal, "ab") as file:
        file.write(whole[40:])
    second = read_experiment(run.folder)
    assert second.best is not None
    assert second.best.metrics == {"loss": 2.0}
    assert second.rev > first.rev
    journal.write_bytes(whole)
    assert read_experiment(run.folder).rev == len(whole), "a journal that is another one is read anew"


def test_a_long_journal_is_read_once(run: WrittenRun) -> None:
    line = b'{"time": "2026-04-05T15:00:00.000Z", "event": "metrics", "step": %d, "metrics": {"loss": 2.5}}\n'
    (run.folder / "journal.jsonl").write_bytes(b"".join(line % step for step in range(50_000)))
    started = time.perf_counter()
    read_experiment(run.folder)
    whole = time.perf_counter() - started
    run.event("metrics", epoch=1, step=50_001, metrics={"loss": 1.0})
    started = time.perf_counter()
    found = read_experiment(run.folder)
    assert time.perf_counter() - started < whole / 2, "it read 50,000 lines once more"
    assert found.best is not None
    assert found.best.metrics == {"loss": 1.0}


@pytest.mark.parametrize(
    "event",
    [
        {"event": "described", "description": 3},
        {"event": "described", "description": {"models": 3, "epochs": "x"}, "since": "never", "cells": [1]},
        {"event": "saved", "epoch": "x", "metrics": {"loss": "x", "acc": None, "big": 10**400}},
        {"event": "metrics", "metrics": []},
        {"event": "record_wanted", "cell_id": 3, "notebook": []},
    ],
)
def test_odd_events_say_nothing(run: WrittenRun, event: dict[str, object]) -> None:
    run.save(0, loss=1.0).event(**event)  # type: ignore[arg-type]
    assert read_experiment(run.folder).metric == "loss"


def test_a_diverged_training_has_no_best_there(run: WrittenRun) -> None:
    run.save(0, loss=2.0).save(1, loss=float("nan"))
    found = read_experiment(run.folder)
    assert found.best is not None
    assert found.best.metrics == {"loss": 2.0}


def test_an_empty_folder_and_a_run_of_a_former_version(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert read_experiment(empty).checkpoints == 0
    assert read_experiment(WrittenRun(tmp_path).save(0).folder).checkpoints == 1


def test_no_torch_is_needed() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; import jupyter_ckpt.record.markdown, jupyter_ckpt.record.notebook;"
        " import jupyter_ckpt.record.experiment; assert 'nbformat' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
