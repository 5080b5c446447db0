"""What a training feels of one save of M, written while it trains, beside a save that it waits for.

``python tests/benchmarks/training.py [--rounds 5] [--loops matmul adamw python] [--folder PATH] [--json FILE]``.
Three loops, each bound by something else: multiplications on all threads, AdamW's way through the memory, the
interpreter on one thread. Each case trains until its save is durable and a little longer; what is added is the time
of all these steps above as many steps without a save, measured right before them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rounds import Table, attempt, parser, report, turns
from states import State, build
from ways import BACKGROUND, BLOCKING, OURS, PLAIN, THREAD, Begin, tidy

WAITING = "torch.save + fsync, training waits"
_BEFORE, _AFTER = 40, 5
_PEERS = ("DCP async_save", "DCP async_save, DefaultStager", "Lightning AsyncCheckpointIO", "moonclip")


def main() -> None:
    """Print five tables a loop."""
    options = parser(__doc__, 5)
    options.add_argument("--state", choices=["S", "M"], default="M")
    options.add_argument("--loops", nargs="*", choices=list(LOOPS), default=list(LOOPS))
    options.add_argument("--peers", nargs="*", default=list(_PEERS))
    chosen = options.parse_args()
    where = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-benchmark-", dir=chosen.folder))
    try:
        state = build(chosen.state)
        print(f"{chosen.state}: {state}, torch {torch.__version__}, {torch.get_num_threads()} threads")
        for name in chosen.loops:
            report(measure(state, name, chosen, where), chosen)
    finally:
        shutil.rmtree(where)


def measure(state: State, loop: str, chosen: argparse.Namespace, where: Path) -> list[Table]:
    """The step alone, time added, longest step with and without the one that saves, time until durable."""
    title, make = LOOPS[loop]
    step = make()
    alone = Table(f"{title}: a step alone, before each case", f"alone-{loop}", "ms")
    added = Table(f"{title}: time added by one save of {chosen.state}", f"added-{loop}", "s", (WAITING,))
    longest = Table(f"{title}: longest step, with the call of save", f"longest-{loop}", "ms", (WAITING, THREAD))
    later = Table(f"{title}: longest step after the call", f"later-{loop}", "ms", (WAITING, THREAD))
    durable = Table(f"{title}: until it is durable", f"busy-durable-{loop}", "s", (WAITING,))
    longest.missing = later.missing = durable.missing = added.missing
    ways = {WAITING: waiting(state), THREAD: BACKGROUND[THREAD](state), OURS: BACKGROUND[OURS](state)}
    for name in chosen.peers:
        if (begin := attempt(lambda name=name: BACKGROUND[name](state), name, added.missing)) is not None:
            ways[name] = begin
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if loop == "python" else threads)
    try:
        for counts, name, begin in turns(ways, chosen.rounds, added.missing):
            state.step()
            found = attempt(lambda begin=begin: train(step, begin, where), name, added.missing)
            if counts and found is not None:
                before, steps, until = found
                base = statistics.mean(before)
                alone.add(name, base * 1000)
                added.add(name, sum(steps) - len(steps) * base)
                longest.add(name, max(steps) * 1000)
                later.add(name, max(steps[1:]) * 1000)
                durable.add(name, until)
    finally:
        torch.set_num_threads(threads)
    return [alone, added, longest, later, durable]


def train(step: Callable[[], object], begin: Begin, where: Path) -> tuple[list[float], list[float], float]:
    """Seconds of the steps without a save, of those from the save on, and until it was durable."""
    folder = Path(tempfile.mkdtemp(dir=where))
    if hasattr(os, "sync"):
        os.sync()
    before = [clock(step) for _ in range(_BEFORE)][_BEFORE // 4 :]
    ended: list[float] = []
    steps: list[float] = []
    start = time.perf_counter()
    wait = begin(folder)
    steps.append(time.perf_counter() - start)

    def watch() -> None:
        wait()
        ended.append(time.perf_counter() - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    steps[0] += clock(step)  # the step that saves
    left = _AFTER
    while left:
        steps.append(clock(step))
        left -= bool(ended)
    watcher.join()
    tidy(folder)
    return before, steps, ended[0]


def clock(step: Callable[[], object]) -> float:
    """Seconds of one step."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def waiting(state: State) -> Begin:
    """The blocking save, durable before the next step."""
    save = BLOCKING[PLAIN](state)

    def begin(folder: Path) -> Callable[[], object]:
        save(folder)()
        return lambda: None

    return begin


def matmul() -> Callable[[], object]:
    """Bound by multiplications, on all of torch's threads."""
    one, other = torch.randn(1024, 1024), torch.randn(1024, 1024)
    into = torch.empty(1024, 1024)

    def step() -> object:
        for _ in range(2):
            torch.mm(one, other, out=into)
        return float(into[0, 0])

    return step


def adamw() -> Callable[[], object]:
    """Bound by the memory: AdamW over 8 million parameters."""
    parameters = [torch.nn.Parameter(torch.randn(1 << 20)) for _ in range(8)]
    optimizer = torch.optim.AdamW(parameters)
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, 1e-3)
    return optimizer.step


def python() -> Callable[[], object]:
    """Bound by the interpreter: a small model, a lot of Python around it."""
    model = torch.nn.Sequential(*(torch.nn.Linear(16, 16) for _ in range(8)))
    data = torch.randn(4, 16)

    def step() -> object:
        total = 0.0
        for _ in range(20):
            loss = model(data).square().mean()
            loss.backward()
            total += loss.item()
        return total + sum(number % 7 for number in range(100_000))

    return step


LOOPS: dict[str, tuple[str, Callable[[], Callable[[], object]]]] = {
    "matmul": ("matmul, all threads", matmul),
    "adamw": ("AdamW, memory-bound", adamw),
    "python": ("Python, 1 thread", python),
}

if __name__ == "__main__":
    sys.exit(main())
