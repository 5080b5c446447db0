"""A small training whose every batch is on record, and that can be saved anywhere and built anew."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.rng import capture_rng, restore_rng

Loaders = Mapping[str, Any]


class Numbers(Dataset):
    """Its index and, if wanted, noise from every global generator."""

    def __init__(self, n: int, noise: bool = False) -> None:
        self.n, self.noise = n, noise

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> torch.Tensor:
        noise = [float(torch.rand(1)), random.random(), np.random.rand()] if self.noise else [0.0, 0.0, 0.0]
        return torch.tensor([float(index), *noise], dtype=torch.float64)


class Stream(IterableDataset):
    """Numbers, one after the other."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self):
        for number in range(self.n):
            yield torch.tensor([float(number), 0.0, 0.0, 0.0], dtype=torch.float64)


class StreamWithState(Stream):
    """The same, and knows where it is."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.at = 0

    def __iter__(self):
        while self.at < self.n:
            self.at += 1
            yield torch.tensor([float(self.at - 1), 0.0, 0.0, 0.0], dtype=torch.float64)
        self.at = 0

    def state_dict(self) -> dict[str, int]:
        return {"at": self.at}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.at = state["at"]


@dataclass
class Saved:
    """A checkpoint, and where in the uninterrupted training it was made."""

    where: str
    file: bytes
    seen: int
    epoch: int
    inside: bool
    items: list[Item]


@dataclass
class Result:
    seen: list[tuple[str, Any]] = field(default_factory=list)
    saves: list[Saved] = field(default_factory=list)
    weights: torch.Tensor | None = None
    rng: Any = None
    load_items: list[Item] = field(default_factory=list)
    position: Position | None = None


def seed(number: int) -> None:
    torch.manual_seed(number)
    random.seed(number)
    np.random.seed(number)


def train(
    make: Callable[[], Loaders],
    epochs: int = 3,
    *,
    resume: Saved | None = None,
    plain: bool = False,
    save: bool | Callable[[int, str, int], bool] = False,
    on_epoch: Callable[[Loaders, int], None] | None = None,
    marked: bool = True,
) -> Result:
    """Train with dropout; ``plain`` loops over the loaders themselves."""
    seed(7 if resume is None else 1234)
    loaders = make()
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 1)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
    result = Result()
    now: dict[str, Any] = {"epoch": 0, "name": "", "k": 0}

    def checkpoint(where: str) -> None:
        wanted = save if isinstance(save, bool) else save(now["epoch"], now["name"], now["k"])
        if not wanted:
            return
        items = position.items()
        tree = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "rng": capture_rng(),
            "data": position.state(),
        }
        file = io.BytesIO()
        torch.save(tree, file)
        epoch = now["epoch"] if position.inside else now["epoch"] + 1
        text = f"{where} of batch {now['k']} of {now['name']} in epoch {now['epoch']}"
        result.saves.append(Saved(text, file.getvalue(), len(result.seen), epoch, position.inside, items))

    position = Position(on_boundary=lambda: checkpoint("boundary"))
    result.position = position
    first = 0
    if resume is not None:
        tree = torch.load(io.BytesIO(resume.file), weights_only=True)
        model.load_state_dict(tree["model"])
        optimizer.load_state_dict(tree["optimizer"])
        restore_rng(tree["rng"])
        result.load_items = position.load(tree["data"], tree["rng"])
        first = resume.epoch
        if resume.inside:  # other cells draw between the resume and the loop
            torch.rand(3), random.random(), np.random.rand()
    for epoch in range(first, epochs):
        inside_here = resume is not None and resume.inside and epoch == first
        if marked and not inside_here:
            position.begin_epoch()
        now["epoch"] = epoch
        if on_epoch is not None:
            on_epoch(loaders, epoch)
        for name, loader in loaders.items():
            now.update(name=name, k=0)
            batches = loader if plain else position.batches(loader)
            now["k"] = 0 if plain else batches.done
            for batch in batches:
                result.seen.append((name, batch.tolist()))
                now["k"] += 1
                if name == "train":
                    loss = model(batch.reshape(-1, 4)).square().mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                else:
                    torch.rand(1), random.random()
                checkpoint("body")
        if marked:
            position.end_epoch()
        checkpoint("end")
    result.weights = torch.cat([p.detach().flatten() for p in model.parameters()])
    result.rng = capture_rng()
    return result


def assert_goes_on(whole: Result, saved: Saved, again: Result) -> None:
    """What came after the save is what the uninterrupted training did."""
    assert again.seen == whole.seen[saved.seen :], saved.where
    assert torch.equal(whole.weights, again.weights), saved.where
    assert_same_rng(whole.rng, again.rng, saved.where)


def assert_same_rng(a: Any, b: Any, where: str = "") -> None:
    assert a.keys() == b.keys(), where
    for name in a:
        one, two = a[name], b[name]
        if isinstance(one, dict):
            assert_same_rng(one, two, f"{where}: {name}")
        elif isinstance(one, torch.Tensor):
            assert torch.equal(one, two), f"{where}: {name}"
        else:
            assert one == two, f"{where}: {name}"


def assert_all_exact(make: Callable[[], Loaders], pick: slice = slice(None), **options: Any) -> Result:
    """Plain iteration, a run with `batches`, and resumes from every save (or those picked) are one and the same."""
    whole = train(make, save=True, **options)
    for saved in whole.saves[pick]:
        assert all(item.outcome is Outcome.SAVED for item in saved.items), (saved.where, saved.items)
        again = train(make, resume=saved, **options)
        assert all(item.outcome is Outcome.RESTORED for item in again.load_items), (saved.where, again.load_items)
        assert not again.position.remarks, (saved.where, again.position.remarks)
        assert_goes_on(whole, saved, again)
    return whole


def loader(n: int = 10, **options: Any) -> DataLoader:
    return DataLoader(Numbers(n, options.pop("noise", False)), **options)
