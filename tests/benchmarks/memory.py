"""How much memory saving takes beside the state, and how many bytes a second save writes.

``python tests/benchmarks/memory.py [--state M] [--rounds 1] [--only WORD …] [--folder PATH] [--json FILE]``. Each
case has a process of its own. Memory: the greatest resident size while three saves are made and waited for, less that
before the first one, whatever allocator it came from. Bytes: what the process gives to the disk for a second save,
after one more step of training, as the kernel counts it. Linux only.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rounds import Table, parser, report
from states import State, build
from ways import BACKGROUND, BLOCKING, OURS, OURS_WAITING, PLAIN

_WAYS = {**BLOCKING, **BACKGROUND}
_STATE = "the state itself"
_WHOLE = "bytes of M's state"
_SAVES = 3


def main() -> None:
    """Print both tables; with --case measure one and print it as JSON."""
    options = parser(__doc__, 1)
    options.add_argument("--state", choices=["S", "M"], default="M")
    options.add_argument("--only", nargs="*", default=[], help="peers whose names hold one of these words")
    options.add_argument("--case", nargs=2, metavar=("WAY", "STATE"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.case:
        print(json.dumps(one(*chosen.case, Path(chosen.folder))))
        return
    ratio = f"{chosen.state}: memory that {_SAVES} saves take beside the state"
    memory = Table(ratio, f"memory-{chosen.state}", "MB", (_STATE,))
    second = Table("bytes written by the second save, F frozen to nine tenths", "second", "MB", (_WHOLE,))
    second.missing = memory.missing
    always = {PLAIN, OURS, OURS_WAITING}
    for number in range(chosen.rounds):
        for name in _WAYS:
            if name in always or not chosen.only or any(word in name for word in chosen.only):
                take(name, number, chosen, memory, second)
    report([memory, second], chosen)


def take(name: str, number: int, chosen: argparse.Namespace, memory: Table, second: Table) -> None:
    """One case into both tables."""
    if name in memory.missing:
        return
    whole = asked(name, chosen.state, chosen.folder)
    if "missing" in whole:
        memory.missing[name] = whole["missing"]
        return
    if len(memory.found.get(_STATE, [])) == number:  # the same for all ways
        memory.add(_STATE, whole["state"] / 1e6)
        second.add(_WHOLE, whole["state"] / 1e6)
    memory.add(name, whole["memory"] / 1e6)
    second.add(f"M, {name}", whole["written"] / 1e6)
    second.add(f"F, {name}", asked(name, "F", chosen.folder)["written"] / 1e6)


def asked(name: str, state: str, folder: str) -> dict[str, Any]:
    """`one`, in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, "--folder", folder, "--case", name, state]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"missing": done.stderr.strip().splitlines()[-1][:100] if done.stderr.strip() else "it ended"}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def one(name: str, state_name: str, folder: Path) -> dict[str, int]:
    """Bytes of the state, of the memory beside it, and of what the second save wrote."""
    where = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-benchmark-", dir=folder))
    try:
        warm(name, where)
        state = build(state_name)
        state.step()
        begin = _WAYS[name](state)
        give_back_unused()
        before, most, written = resident("VmRSS"), 0, 0
        for number in range(_SAVES):
            if number:
                state.step()
            give_back_unused()
            forget_peak()  # the step's own
            put = given_to_disk()
            target = where / f"save-{number}"
            target.mkdir()
            begin(target)()
            written = given_to_disk() - put if number == 1 else written
            most = max(most, resident("VmHWM"))
        return {"state": state.nbytes, "memory": max(most - before, 0), "written": written}
    finally:
        shutil.rmtree(where)


def warm(name: str, where: Path) -> None:
    """Import what a save imports, with a state of no size."""
    import torch

    model = torch.nn.Linear(8, 8)
    small = State(model, torch.optim.AdamW(model.parameters()))
    small.step()
    (where / "warm" / "up").mkdir(parents=True)
    _WAYS[name](small)(where / "warm" / "up")()


def forget_peak() -> None:
    """From here on the greatest size counts anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def give_back_unused() -> None:
    """What the allocator holds of a step that is over is nobody's; glibc alone has this."""
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def resident(field: str) -> int:
    """Bytes of this process in memory: ``VmRSS`` now, ``VmHWM`` at most."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) << 10
    raise OSError(f"/proc/self/status has no {field}")


def given_to_disk() -> int:
    """Bytes that this process has caused to be written."""
    if hasattr(os, "sync"):
        os.sync()
    for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise OSError("/proc/self/io has no write_bytes")


if __name__ == "__main__":
    sys.exit(main())
