"""A training of three epochs that can be killed anywhere and started again; run by `test_killed_training`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session.origin import Origin

EPOCHS = 3
SAMPLES = 250
BATCH = 8
SAVE_EVERY = 3


class Noisy(Dataset[Any]):
    """Digits-like numbers with random augmentation, drawn in the workers when there are any."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(3)
        self.x = torch.randn(SAMPLES, 10, generator=generator)
        self.y = torch.randint(0, 4, (SAMPLES,), generator=generator)

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        noise = torch.randn(10) * 0.1 + random.random() * 0.1 + np.random.rand() * 0.1
        return self.x[index] + noise, self.y[index]


def train(store: Path, workers: int, log: Path, mark: Callable[[str], None]) -> None:
    """Train to the end, going on where an earlier process was killed.

    Parameters
    ----------
    store : Path
        Where checkpoints go.
    workers : int
        Of the data loader.
    log : Path
        Gets one JSON line for each step, and one with the digest of everything at the end.
    mark : callable
        Told where the training is: ``b`` after a step, ``S`` and ``s`` around a save's writing, ``E`` between epochs.
    """
    torch.set_num_threads(1)
    random.seed(11)
    np.random.seed(11)
    torch.manual_seed(11)
    model = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 4))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    steps = EPOCHS * -(-SAMPLES // BATCH)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    loader = DataLoader(Noisy(), batch_size=BATCH, shuffle=True, num_workers=workers)
    history: list[float] = []
    ckpt = Checkpointer(store, namespace={}, origin=Origin("script", "/killed/training.py"))
    ckpt.track(model=model, optimizer=optimizer, scheduler=scheduler, history=history)

    @contextlib.contextmanager
    def watch(label: str, total: int) -> Iterator[None]:
        saving = label.startswith("saving")
        if saving:
            mark("S")
        yield None
        if saving:
            mark("s")

    ckpt.watch = watch
    with log.open("a") as out:
        for epoch in ckpt.epochs(EPOCHS):
            for x, y in ckpt.batches(loader, save_every=SAVE_EVERY):
                loss = nn.functional.cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                history.append(loss.item())
                line = {"step": len(history), "epoch": epoch, "loss": loss.item().hex(), "x": float(x.sum()).hex()}
                out.write(json.dumps(line) + "\n")
                out.flush()
                mark("b")
            mark("E")
        out.write(json.dumps({"end": digest(model, optimizer, scheduler, history)}) + "\n")
    ckpt.close()


def digest(model: nn.Module, optimizer: Any, scheduler: Any, history: list[float]) -> str:
    """One digest of weights, buffers, optimizer, scheduler, losses and every random state."""
    found = hashlib.sha256()
    for tensor in model.state_dict().values():
        found.update(tensor.numpy().tobytes())
    for state in optimizer.state_dict()["state"].values():
        for tensor in state.values():
            found.update(tensor.numpy().tobytes())
    found.update(json.dumps(scheduler.state_dict(), default=str, sort_keys=True).encode())
    found.update(json.dumps([value.hex() for value in history]).encode())
    found.update(torch.get_rng_state().numpy().tobytes())
    found.update(repr(random.getstate()).encode())
    found.update(repr(np.random.get_state()).encode())
    return found.hexdigest()


def main() -> None:
    """``python killed_training.py STORE WORKERS LOG``: an ordinary process, never killed."""
    train(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), lambda where: None)


if __name__ == "__main__":
    main()
    os._exit(0)
