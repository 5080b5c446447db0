"""What a verified resume into live objects costs, beside torch's unverified load of the same state.

``python tests/benchmarks/loading.py [--state S|M] [--rounds 7] [--folder PATH] [--json FILE]``. Warm: both files lie
in the page cache. Cold (as root on Linux): the page cache is dropped before each case. What was loaded is compared
with what was saved after each case.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from limits import read
from rounds import Table, attempt, parser, report, turns
from states import State, build

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.store.digest import xxh3

READ = "plain read of the file"
TORCH = "torch.load(mmap) + load_state_dict, unverified"
OURS = "jupyter-ckpt resume, every byte verified"
_DROP = Path("/proc/sys/vm/drop_caches")


def main() -> None:
    """Print a table for warm and one for cold files."""
    options = parser(__doc__, 7)
    options.add_argument("--state", choices=["S", "M"], default="S")
    chosen = options.parse_args()
    where = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-benchmark-", dir=chosen.folder))
    try:
        state = build(chosen.state)
        print(f"{chosen.state}: {state}, torch {torch.__version__}, {torch.get_num_threads()} threads")
        report(measure(state, chosen.state, where, chosen.rounds), chosen)
    finally:
        shutil.rmtree(where)


def measure(state: State, name: str, where: Path, rounds: int) -> list[Table]:
    """Time everything in turns, warm and cold."""
    ckpt = Checkpointer(where / "store", namespace={}, origin=Origin("script", "/benchmark"))
    ckpt.track(model=state.model, optimizer=state.optimizer)
    ours = Path(ckpt.save(epoch=0, wait=True).path)
    theirs, flat = where / "theirs.pt", where / "theirs.safetensors"
    torch.save(state.tree(), theirs)
    cases: dict[str, Callable[[], Any]] = {
        READ: lambda: read(ours),
        TORCH: lambda: load_torchs(state, theirs),
        OURS: lambda: ckpt.resume(),
    }
    missing: dict[str, str] = {}
    attempt(lambda: save_safetensors(state, flat), "safetensors", missing)
    if not missing:
        cases["safetensors, model alone, unverified"] = lambda: load_safetensors(state, flat)
    expected = digest(state)
    tables = []
    for cold in (False, True):
        title = f"{name}: load into the live model and optimizer, {'cold' if cold else 'warm'}"
        table = Table(title, f"load-{name}-{'cold' if cold else 'warm'}", limits=(READ, TORCH), missing=dict(missing))
        tables.append(table)
        if cold and not os.access(_DROP, os.W_OK):
            table.missing["all"] = "only root can drop the page cache"
            continue
        for counts, case_name, case in turns(cases, rounds, {}):
            spoil(state)
            if cold:
                os.sync()
                _DROP.write_text("3", encoding="ascii")
            else:
                for path in (ours, theirs, flat):
                    if path.exists():
                        read(path)
            start = time.perf_counter()
            case()
            if counts:
                table.add(case_name, time.perf_counter() - start)
            if case_name in (TORCH, OURS):
                assert digest(state) == expected, f"{case_name}: not what was saved"
    return tables


def load_torchs(state: State, path: Path) -> None:
    """As tutorials do, read in, and not left mapped onto the file."""
    loaded = torch.load(path, weights_only=True, mmap=True)
    state.model.load_state_dict(loaded["model"])
    state.optimizer.load_state_dict(loaded["optimizer"])
    for held in state.optimizer.state.values():
        held.update({key: value.clone() for key, value in held.items()})


def save_safetensors(state: State, path: Path) -> None:
    """The model; an optimizer has no place in it."""
    from safetensors.torch import save_file

    save_file(state.model.state_dict(), path)


def load_safetensors(state: State, path: Path) -> None:
    """The model, a third of the state."""
    from safetensors.torch import load_file

    state.model.load_state_dict(load_file(path))


def spoil(state: State) -> None:
    """Change a little of everything, so that a load that does nothing is noticed."""
    with torch.no_grad():
        for tensor in state.tensors:
            tensor.view(-1)[:1] += 1


def digest(state: State) -> list[str]:
    """Of the first numbers of each tensor."""
    return [xxh3(tensor.detach().reshape(-1)[:64].numpy().tobytes()) for tensor in state.tensors]


if __name__ == "__main__":
    sys.exit(main())
