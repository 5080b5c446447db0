"""How long a save holds a training up, and when it is durable, beside the limits and all that others offer.

``python tests/benchmarks/saving.py [--state S|M] [--rounds 7] [--folder PATH] [--json FILE] [--only WORD …]``.
Whatever peers are installed take part. Before each round the whole state changes, as a step of training changes it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from limits import Limits
from rounds import Table, attempt, parser, report, turns
from states import State, build
from ways import BACKGROUND, BLOCKING, OURS, OURS_WAITING, PLAIN, Begin, tidy

COPY, WRITE = "memcpy, 1 thread", "direct write + fdatasync"


def main() -> None:
    """Print two tables."""
    options = parser(__doc__, 7)
    options.add_argument("--state", choices=["S", "M"], default="S")
    options.add_argument("--only", nargs="*", default=[], help="peers whose names hold one of these words")
    chosen = options.parse_args()
    where = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-benchmark-", dir=chosen.folder))
    try:
        state = build(chosen.state)
        print(f"{chosen.state}: {state}, torch {torch.__version__}, {torch.get_num_threads()} threads")
        report(measure(state, chosen, where), chosen)
    finally:
        shutil.rmtree(where)


def measure(state: State, chosen: argparse.Namespace, where: Path) -> list[Table]:
    """Both tables."""
    stall = Table(f"{chosen.state}: training held up by a save", f"stall-{chosen.state}", limits=(COPY, PLAIN))
    durable = Table(f"{chosen.state}: until it is durable", f"durable-{chosen.state}", limits=(WRITE, PLAIN))
    stall.missing = durable.missing
    limits = Limits(state.nbytes)
    always = {PLAIN, OURS, OURS_WAITING}
    cases: dict[str, Begin | None] = {COPY: None, WRITE: None}
    for name, way in {**BLOCKING, **BACKGROUND}.items():
        if name in always or not chosen.only or any(word in name for word in chosen.only):
            cases[name] = attempt(lambda way=way: way(state), name, durable.missing)
    for counts, name, begin in turns(cases, chosen.rounds, durable.missing):
        if name == COPY:
            state.step()
            held, whole = clock(limits.copy), None
        elif name == WRITE:
            held, whole = None, clock(lambda: limits.write(where / "direct"))
        else:
            both = attempt(lambda begin=begin: save(begin, where), name, durable.missing)
            held, whole = both or (None, None)
        if counts and held is not None:
            stall.add(name, held)
        if counts and whole is not None:
            durable.add(name, whole)
    return [stall, durable]


def save(begin: Begin, where: Path) -> tuple[float, float]:
    """Seconds that a training waits, and until it is durable."""
    folder = Path(tempfile.mkdtemp(dir=where))
    if hasattr(os, "sync"):
        os.sync()
    start = time.perf_counter()
    wait = begin(folder)
    held = time.perf_counter() - start
    wait()
    whole = time.perf_counter() - start
    tidy(folder)
    return held, whole


def clock(work: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
