"""What decides the order of a loader's batches: its random generators, its samplers' counters, its shape."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.data import Dataset, Sampler

from jupyter_ckpt.errors import Mismatch
from jupyter_ckpt.state.generators import generator_state, is_generator, set_generator_state

_SAMPLERS = ("sampler", "batch_sampler", "samplers", "base_sampler")
_DATASETS = ("dataset", "datasets", "transform", "transforms", "target_transform")
_DEPTH = 4
_MANY = 64

Fingerprint = dict[str, Any]


@dataclass
class Sources:
    """Where a loader's order comes from, by path (``sampler.generator``); what occurs twice is listed once."""

    generators: dict[str, Any] = field(default_factory=dict)
    samplers: dict[str, Any] = field(default_factory=dict)

    def states(self) -> dict[str, Any]:
        """State of every generator."""
        return {path: generator_state(generator) for path, generator in self.generators.items()}

    def put(self, states: Mapping[str, Any]) -> None:
        """Set the generators that are here.

        Raises
        ------
        Mismatch
            When a state has the right form and an impossible content.
        """
        for path, state in states.items():
            if path in self.generators:
                try:
                    set_generator_state(self.generators[path], state)
                except (ValueError, RuntimeError, TypeError, KeyError) as error:
                    raise Mismatch(f"{path}: the checkpoint's state is not valid: {error}") from error

    def counters(self) -> dict[str, int]:
        """The samplers' whole numbers, such as ``sampler.epoch``."""
        return {
            f"{path}.{name}": value
            for path, sampler in self.samplers.items()
            for name, value in _attributes(sampler)
            if isinstance(value, int) and not isinstance(value, bool)
        }

    def put_counters(self, counters: Mapping[str, int]) -> None:
        """Set those that are here."""
        here = self.counters()
        for path, value in counters.items():
            if path in here and here[path] != value:
                owner, _, name = path.rpartition(".")
                setattr(self.samplers[owner], name, value)


def find_sources(loader: Any, *, dataset: bool) -> Sources:
    """Look through the loader, its samplers and, if wanted, its dataset; nothing is called or drawn."""
    sources = Sources()
    known = {id(one) for one in _global_generators()}
    for name in ("generator", "sampler", "batch_sampler", *(("dataset",) if dataset else ())):
        _walk(name, name, getattr(loader, name, None), sources, known, 0)
    return sources


def find_fingerprint(loader: Any) -> Fingerprint:
    """What must be the same for a pass to go on; nothing is drawn."""
    found: Fingerprint = {"loader": type(loader).__name__}
    dataset = getattr(loader, "dataset", None)
    if dataset is None:
        return {**found, "length": _length(loader)}
    found |= {"dataset": type(dataset).__name__, "length": _length(dataset)}
    for name in ("batch_size", "drop_last"):
        value = getattr(loader, name, None)
        found[name] = value if value is None or isinstance(value, (int, bool)) else str(value)[:40]
    for name in ("sampler", "batch_sampler"):
        sampler = getattr(loader, name, None)
        found[name] = None if sampler is None else type(sampler).__name__
        # a user's own sampler may draw random numbers to find out how long it is
        found[f"length of {name}"] = _length(sampler) if type(sampler).__module__.startswith("torch") else None
    return found


def differences(saved: Mapping[str, Any], now: Fingerprint) -> str:
    """What is not the same, in words; empty when all is."""
    words = {"length": "length of the dataset", "loader": "class of the loader", "dataset": "class of the dataset"}
    changed = [
        f"{words.get(name, name)} is {now.get(name)}, was {saved.get(name)}"
        for name in now
        if now.get(name) != saved.get(name)
    ]
    return ", ".join(changed)


def _global_generators() -> Iterator[Any]:
    yield torch.default_generator
    yield random._inst
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        yield numpy_random.mtrand._rand
    yield from getattr(torch.cuda, "default_generators", ())


def _walk(path: str, name: str, obj: Any, sources: Sources, known: set[int], depth: int) -> None:
    if obj is None or id(obj) in known or depth > _DEPTH:
        return
    if is_generator(obj):
        known.add(id(obj))
        sources.generators[path] = obj
    elif isinstance(obj, (list, tuple)) and name in _SAMPLERS + _DATASETS:
        if len(obj) <= _MANY:
            for number, one in enumerate(obj):
                if isinstance(one, (Sampler, Dataset)) or name.startswith("transform") or is_generator(one):
                    _walk(f"{path}.{number}", name, one, sources, known, depth + 1)
    elif name in _SAMPLERS + _DATASETS or isinstance(obj, (Sampler, Dataset)):
        known.add(id(obj))
        if name in _SAMPLERS or isinstance(obj, Sampler):
            sources.samplers[path] = obj
        for attribute, value in _attributes(obj):
            if path in sources.samplers and attribute in _DATASETS:
                continue  # a sampler's dataset has no part in its order
            if attribute in _SAMPLERS + _DATASETS or isinstance(value, Sampler) or is_generator(value):
                _walk(f"{path}.{attribute}", attribute, value, sources, known, depth + 1)


def _attributes(obj: Any) -> list[tuple[str, Any]]:
    return list(getattr(obj, "__dict__", {}).items())


def _length(obj: Any) -> int | None:
    try:
        return len(obj)
    except Exception:  # noqa: BLE001 - a user's own __len__ may raise anything
        return None
