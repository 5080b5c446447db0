"""Random numbers in the workers of a data loader, made to depend on the batch alone.

What a worker draws (flips, crops, noise) depends on every batch that it loaded before, so that no resume could repeat
it. Here each batch seeds the worker's generators anew, from the seed of its pass and its number in the pass: the same
batch gets the same numbers, after a resume and with another number of workers.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import Dataset, get_worker_info


@dataclass(frozen=True)
class Numbered:
    """The indices of one batch, on their way to a worker.

    Parameters
    ----------
    indices : Any
        What the sampler gave.
    seed : int
        Of the pass.
    number : int
        Of the batch in the pass.
    """

    indices: Any
    seed: int
    number: int


class SeededDataset(Dataset[Any]):
    """The user's dataset, in a worker: takes `Numbered` indices and seeds before it loads.

    Parameters
    ----------
    dataset : Dataset
        Map-style; attribute access goes to it.
    """

    def __init__(self, dataset: Any) -> None:
        self.wrapped = dataset

    def __getitems__(self, order: Any) -> Any:
        indices = _seeded(order)
        if getattr(self.wrapped, "__getitems__", None):
            return self.wrapped.__getitems__(indices)
        return [self.wrapped[index] for index in indices]

    def __getitem__(self, order: Any) -> Any:
        return self.wrapped[_seeded(order)]

    def __len__(self) -> int:
        return len(self.wrapped)

    def __getattr__(self, name: str) -> Any:
        if name == "wrapped" or name.startswith("__"):  # asked for while it is being unpickled
            raise AttributeError(name)
        return getattr(self.wrapped, name)


class WorkerStart:
    """The loader's ``worker_init_fn``; shows it, and the dataset, the user's own dataset in ``get_worker_info()``.

    Parameters
    ----------
    then : callable, optional
        The user's ``worker_init_fn``.
    """

    def __init__(self, then: Callable[[int], None] | None) -> None:
        self.then = then

    def __call__(self, worker: int) -> None:
        info = get_worker_info()
        if info is not None and isinstance(info.dataset, SeededDataset):
            object.__setattr__(info, "dataset", info.dataset.wrapped)
        if self.then is not None:
            self.then(worker)


def pass_seed(generator: torch.Generator, number: int) -> int:
    """The seed of one pass, from a generator that is not advanced, and from how many passes there were before.

    With persistent workers torch draws nothing between two passes: the number makes them differ.
    """
    state = generator.get_state().cpu().numpy().tobytes() if _has_numpy() else bytes(generator.get_state().tolist())
    return int.from_bytes(hashlib.blake2b(state + str(number).encode(), digest_size=7).digest(), "little")


def _has_numpy() -> bool:
    return "numpy" in sys.modules


def _seeded(order: Any) -> Any:
    """Seed for this batch, and give its indices."""
    if not isinstance(order, Numbered):
        return order
    digest = hashlib.blake2b(f"{order.seed}:{order.number}".encode(), digest_size=32).digest()
    torch.default_generator.manual_seed(int.from_bytes(digest[:7], "little"))
    random.seed(int.from_bytes(digest[8:16], "little"))
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed([int.from_bytes(digest[at : at + 4], "little") for at in range(16, 32, 4)])
    return order.indices
