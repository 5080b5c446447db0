"""The promise: killed anywhere, any number of times, the training ends bit for bit where it would have ended."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

KILLS = 32
_CHILD = Path(__file__).parent / "killed_training.py"
sys.path.insert(0, str(_CHILD.parent))


def _read(log: Path) -> tuple[dict[int, set[tuple[str, str]]], list[str]]:
    """Step → all (loss, inputs) that were seen for it; and the digests of finished trainings."""
    steps: dict[int, set[tuple[str, str]]] = {}
    ends = []
    for line in log.read_text().splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # the kill fell into the log's own write
        if "end" in row:
            ends.append(row["end"])
        else:
            steps.setdefault(row["step"], set()).add((row["loss"], row["x"]))
    return steps, ends


def _attempt(store: Path, workers: int, log: Path, dice: random.Random) -> str:
    """One process that is killed; returns where: the last mark, or ``done`` when it was not."""
    receiving, sending = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(receiving)
        try:
            from killed_training import train

            train(store, workers, log, lambda where: os.write(sending, where.encode()) and None)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a forked child must never go on as pytest
            import traceback

            log.with_suffix(".error").write_text(traceback.format_exc())
            os._exit(3)
    os.close(sending)
    aim = dice.choice("bbbSSE")
    count = dice.randint(1, 12) if aim == "b" else dice.randint(1, 3) if aim == "S" else 1
    last, deadline = "start", time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([receiving], [], [], 1.0)
        if not ready:
            continue
        seen = os.read(receiving, 1)
        if not seen:
            break
        last = seen.decode()
        count -= last == aim
        if count <= 0:
            time.sleep(dice.random() * 0.006)  # into the middle of whatever comes next
            os.kill(pid, signal.SIGKILL)
            break
    while select.select([receiving], [], [], 0)[0]:  # where it had got to when it died
        seen = os.read(receiving, 1)
        if not seen:
            break
        last = seen.decode()
    os.close(receiving)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return last
    error = log.with_suffix(".error")
    assert os.WEXITSTATUS(status) == 0, f"the training itself failed: {error.read_text() if error.exists() else ''}"
    return "done"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("workers", [0, 2])
def test_killed_thirty_times_it_ends_where_it_would_have_ended(tmp_path: Path, workers: int) -> None:
    peace = tmp_path / "peace.jsonl"
    command = [sys.executable, str(_CHILD), str(tmp_path / "peace"), str(workers), str(peace)]
    subprocess.run(command, check=True, timeout=300)
    steps, ends = _read(peace)
    assert len(ends) == 1
    assert all(len(seen) == 1 for seen in steps.values())

    import killed_training  # noqa: F401 - once, here: each fork would import torch anew

    dice = random.Random(workers + 2026)
    places: Counter[str] = Counter()
    rounds = 0
    while sum(places.values()) < KILLS or rounds == 0:
        rounds += 1
        log = tmp_path / f"killed-{rounds}.jsonl"
        while True:
            where = _attempt(tmp_path / f"store-{rounds}", workers, log, dice)
            if where == "done":
                break
            places[where] += 1
            assert sum(places.values()) < 400, "it does not get on"
        killed_steps, killed_ends = _read(log)
        assert killed_ends == ends, "weights, optimizer, scheduler, losses and random states at the end"
        for step, seen in killed_steps.items():
            assert seen == steps[step], f"step {step} had other inputs or another loss after a resume"
    kills = sum(places.values())
    print(
        f"\n{workers} workers: {kills} kills in {rounds} trainings of {len(steps)} steps; last seen {dict(places)}:"
        f" inside an epoch {places['b'] + places['S'] + places['s']}, inside a save {places['S']};"
        f" all {len(steps)} losses and the end bit-equal"
    )
    assert places["S"] > 0
    assert places["b"] + places["s"] >= kills / 6, "too few between the saves"
