"""What a save and a verified load cost, beside their limits and torch's own, on the same state in the same run.

``python tests/benchmarks/saving.py [--state S|M] [--rounds 7] [--folder PATH]``. S is 12 million parameters and AdamW
(140 MB), M 124 million (1.5 GB). The cases take turns (A B C, A B C, …), so that what else the machine does hits all
of them; figures are medians, with the least and the greatest beside them, and their ratios to the limit.
"""

from __future__ import annotations

import argparse
import mmap
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session.origin import Origin

SIZES = {"S": (12, 1024), "M": (30, 2048)}
_BLOCK = 16 << 20


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--state", choices=sorted(SIZES), default="S")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", default=".")
    options = parser.parse_args()
    model, optimizer = build(*SIZES[options.state])
    where = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-benchmark-", dir=options.folder))
    try:
        measure(model, optimizer, where, options.rounds)
    finally:
        shutil.rmtree(where)


def build(layers: int, width: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model of equal layers, and AdamW after one step."""
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(width, width) for _ in range(layers)))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(4, width)).sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return model, optimizer


def measure(model: nn.Module, optimizer: torch.optim.Optimizer, where: Path, rounds: int) -> None:
    """Time everything in turns."""
    state = {"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
    tensors = [*model.parameters(), *(t for s in optimizer.state.values() for t in s.values())]
    nbytes = sum(t.numel() * t.element_size() for t in tensors)
    image = torch.zeros(-(-nbytes // _BLOCK) * _BLOCK, dtype=torch.uint8)
    copy = torch.zeros_like(image)
    aligned = mmap.mmap(-1, len(image))
    aligned.write(bytes(len(image)))
    ckpt = Checkpointer(where / "store", namespace={}, origin=Origin("script", "/benchmark"))
    ckpt.track(model=model, optimizer=optimizer)
    theirs = where / "theirs.pt"
    last: list[Path] = []

    def ours() -> None:
        for path in last:
            path.unlink()
            path.with_suffix(".json").unlink()
        last[:] = [Path(ckpt.save(epoch=0).path)]

    def torchs() -> None:
        with theirs.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())

    def load_torchs() -> None:
        loaded = torch.load(theirs, weights_only=True, mmap=True)
        model.load_state_dict(loaded["model_state_dict"])
        optimizer.load_state_dict({**loaded["optimizer_state_dict"]})
        for held in optimizer.state.values():  # read in, and not left mapped onto a file that the next round replaces
            held.update({key: value.clone() for key, value in held.items()})

    cases: dict[str, Callable[[], Any]] = {
        "one-thread copy in memory": lambda: one_thread(lambda: copy.copy_(image)),
        "direct write + fdatasync (the limit)": lambda: direct(where / "direct", aligned),
        "torch.save + fsync": torchs,
        "jupyter-ckpt save, durable": ours,
        "torch.load(mmap) + load_state_dict, unverified": load_torchs,
        "jupyter-ckpt resume, every byte verified": lambda: ckpt.resume(),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            start = time.perf_counter()
            case()
            if number:  # the first round warms up
                times[name].append(time.perf_counter() - start)
    print(f"{nbytes / 1e6:,.0f} MB in {len(tensors)} tensors, {rounds} rounds, torch {torch.__version__}")
    table(times, "direct write + fdatasync (the limit)", list(cases)[:4])
    table(times, "torch.load(mmap) + load_state_dict, unverified", list(cases)[4:])


def one_thread(work: Callable[[], Any]) -> None:
    """Run it with one of torch's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        work()
    finally:
        torch.set_num_threads(before)


def direct(path: Path, image: mmap.mmap) -> None:
    """As fast as the disk takes it: past the page cache, in large blocks, durable at the end."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        fd = os.open(path, flags | getattr(os, "O_DIRECT", 0))
    except OSError:  # a file system without it
        fd = os.open(path, flags)
    try:
        with memoryview(image) as view:
            for start in range(0, len(image), _BLOCK):
                os.pwrite(fd, view[start : start + _BLOCK], start)
        os.fdatasync(fd)
    finally:
        os.close(fd)


def table(times: dict[str, list[float]], limit: str, names: list[str]) -> None:
    """Medians with their spread, and how many times the limit they are."""
    base = statistics.median(times[limit])
    print(f"\n{'':<48}{'median':>9}  {'least – most':>17}   / {limit.split(' (', maxsplit=1)[0]}")
    for name in names:
        found = times[name]
        spread = f"{min(found):.3f} – {max(found):.3f}"
        print(f"{name:<48}{statistics.median(found):>8.3f}s  {spread:>17}   {statistics.median(found) / base:.2f}")


if __name__ == "__main__":
    sys.exit(main())
