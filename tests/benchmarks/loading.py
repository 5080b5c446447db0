"""What a verified resume into live objects costs, beside torch's unverified load of the same state.

``python tests/benchmarks/loading.py [--state S|M] [--rounds 7] [--folder PATH]``. Warm: both files lie in the page
cache. Cold (as root on Linux): the page cache is dropped before each case. The cases take turns; figures are medians
with the least and the greatest beside them, and ratios to torch's load.
"""

from __future__ import annotations

import argparse
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
from saving import SIZES, build, table

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.store.digest import xxh3

_DROP = Path("/proc/sys/vm/drop_caches")


def main() -> None:
    """Print a table for warm and one for cold files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--state", choices=sorted(SIZES), default="S")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", default=".")
    options = parser.parse_args()
    where = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-benchmark-", dir=options.folder))
    try:
        measure(*build(*SIZES[options.state]), where, options.rounds)
    finally:
        shutil.rmtree(where)


def measure(model: torch.nn.Module, optimizer: torch.optim.Optimizer, where: Path, rounds: int) -> None:
    """Time everything in turns, warm and cold."""
    ckpt = Checkpointer(where / "store", namespace={}, origin=Origin("script", "/benchmark"))
    ckpt.track(model=model, optimizer=optimizer)
    ours = Path(ckpt.save(epoch=0).path)
    theirs = where / "theirs.pt"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, theirs)
    os.sync() if hasattr(os, "sync") else None
    expected = digest(model, optimizer)

    def load_torchs() -> None:
        loaded = torch.load(theirs, weights_only=True, mmap=True)
        model.load_state_dict(loaded["model"])
        optimizer.load_state_dict(loaded["optimizer"])
        for held in optimizer.state.values():  # read in, and not left mapped onto the file
            held.update({key: value.clone() for key, value in held.items()})

    cases: dict[str, Callable[[], Any]] = {
        "plain read of the file": lambda: read(ours),
        "torch.load(mmap) + load_state_dict, unverified": load_torchs,
        "jupyter-ckpt resume, every byte verified": lambda: ckpt.resume(),
    }
    print(f"{ours.stat().st_size / 1e6:,.0f} MB, {rounds} rounds, torch {torch.__version__}")
    for cold in (False, True):
        if cold and not os.access(_DROP, os.W_OK):
            print("\ncold: only root can drop the page cache")
            continue
        times: dict[str, list[float]] = {name: [] for name in cases}
        for number in range(rounds + 1):
            for name, case in cases.items():
                spoil(model, optimizer)
                if cold:
                    os.sync()
                    _DROP.write_text("3")
                else:
                    read(ours), read(theirs)
                start = time.perf_counter()
                case()
                if number:  # the first round warms up
                    times[name].append(time.perf_counter() - start)
                if case is not cases["plain read of the file"]:
                    assert digest(model, optimizer) == expected, f"{name}: not what was saved"
        print(f"\n{'cold' if cold else 'warm'}")
        table(times, "torch.load(mmap) + load_state_dict, unverified", list(cases))
        best = {name: statistics.median(found) for name, found in times.items()}
        print(f"resume / plain read: {best[list(cases)[2]] / best[next(iter(cases))]:.2f}")


def read(path: Path) -> None:
    """Read a file in blocks into the same memory."""
    block = bytearray(8 << 20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass


def spoil(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Change a little of everything, so that a load that does nothing is noticed."""
    with torch.no_grad():
        for tensor in (*model.parameters(), *(t for s in optimizer.state.values() for t in s.values())):
            tensor.view(-1)[:1] += 1


def digest(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> list[str]:
    """Of the first numbers of each tensor."""
    found = (*model.parameters(), *(t for s in optimizer.state.values() for t in s.values()))
    return [xxh3(tensor.detach().reshape(-1)[:64].numpy().tobytes()) for tensor in found]


if __name__ == "__main__":
    sys.exit(main())
