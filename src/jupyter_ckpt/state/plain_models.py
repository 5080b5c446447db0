"""Which model of ours a foreign state dict belongs to, and what its keys have too much or too little for that."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from jupyter_ckpt.state.fit import enumerate_keys
from jupyter_ckpt.state.tracked import Kind, Tracked
from jupyter_ckpt.state.wrappers import clean_keys

_DEPTH = 3
_WRAPPERS = frozenset(("module", "_orig_mod"))


@dataclass
class State:
    """One state in a file: its ``key`` there, what it is, itself, and the ``base`` of the key: ``model`` for
    ``model_state_dict``."""

    key: str
    kind: Kind
    content: Any
    base: str


@dataclass
class Placement:
    """A state dict under the ``name`` of the live model that takes it (None when none does), with the keys that this
    model has, and a ``remark`` when the keys had to be changed."""

    state: State
    name: str | None
    entries: Any
    remark: str = ""


@dataclass(frozen=True)
class _Change:
    """``strip`` this prefix from the keys, or ``add`` that one, and leave wrappers' names out."""

    strip: str = ""
    add: str = ""
    unwrap: bool = False

    def new_name(self, name: str) -> str | None:
        """The changed key; None for one outside of the prefix."""
        if not name.startswith(self.strip):
            return None
        name = name[len(self.strip) :]
        if self.unwrap:
            name = ".".join(part for part in name.split(".") if part not in _WRAPPERS)
        return self.add + name


def is_state_dict(obj: Any) -> bool:
    """True for a mapping of names to tensors."""
    if not isinstance(obj, Mapping) or not obj or not all(isinstance(key, str) for key in obj):
        return False
    others = [key for key, value in obj.items() if not isinstance(value, torch.Tensor)]
    return len(others) < len(obj) and all(key.endswith("_extra_state") for key in others)


def place_models(states: list[State], tracked: Iterable[Tracked]) -> list[Placement]:
    """Give each live model the state dict (or the part of one) that has the most of its keys; the same name first."""
    live: dict[str, tuple[Kind, frozenset[str]]] = {}
    for one in tracked:
        obj = one.obj if one.fetch is None else _current(one)
        if one.kind in (Kind.MODEL, Kind.EMA) and isinstance(obj, nn.Module):
            live[one.name] = (one.kind, frozenset(clean_keys(obj, obj.state_dict()).values()))
    matches = []
    for number, state in enumerate(states):
        for name, (kind, keys) in live.items():
            if state.kind is kind and is_state_dict(state.content):
                score, change = _best_change(list(state.content), keys, name)
                if score:
                    matches.append((state.base == name, score, -number, name, change))
    placed: list[Placement] = []
    used: set[tuple[int, str]] = set()
    done: set[str] = set()
    for _, _, number, name, change in sorted(matches, key=lambda match: match[:3], reverse=True):
        whole = (-number, "")
        if name in done or whole in used or (-number, change.strip) in used:
            continue
        if not change.strip and any(taken == -number for taken, _ in used):
            continue
        used.add((-number, change.strip))
        done.add(name)
        placed.append(_place(states[-number], name, change))
    taken = {number for number, _ in used}
    return placed + [Placement(s, None, s.content) for number, s in enumerate(states) if number not in taken]


def _current(one: Tracked) -> Any:
    try:
        return one.current()
    except KeyError:
        return None


def _best_change(theirs: list[str], mine: frozenset[str], name: str) -> tuple[int, _Change]:
    """The change after which most keys are the live model's; the smallest one of those that are as good."""
    best, score = _Change(), 0
    for change in _changes(theirs, mine, name):
        hits = len({change.new_name(key) for key in theirs} & mine)
        if hits > score:
            best, score = change, hits
    return score, best


def _changes(theirs: list[str], mine: Iterable[str], name: str) -> Iterator[_Change]:
    """From none to large; a prefix that says the live model's name before others."""
    prefixes = sorted(_prefixes(theirs), key=lambda prefix: (prefix.split(".")[-2] != name, prefix.count(".")))
    for unwrap in (False, True):
        yield _Change(unwrap=unwrap)
        yield from (_Change(strip=prefix, unwrap=unwrap) for prefix in prefixes)
        yield from (_Change(add=prefix, unwrap=unwrap) for prefix in sorted(_prefixes(mine)))


def _prefixes(names: Iterable[str]) -> set[str]:
    """``a.``, ``a.b.``, … of each name, up to a depth."""
    found = set()
    for name in names:
        parts = name.split(".")[:-1]
        found |= {".".join(parts[: depth + 1]) + "." for depth in range(min(_DEPTH, len(parts)))}
    return found


def _place(state: State, name: str, change: _Change) -> Placement:
    if change == _Change():
        return Placement(state, name, state.content)
    entries: collections.OrderedDict[str, Any] = collections.OrderedDict()
    outside = []
    for key, value in state.content.items():
        new = change.new_name(key)
        if new is None:
            outside.append(key)
        else:
            entries[new] = value
    metadata = getattr(state.content, "_metadata", None)
    if isinstance(metadata, Mapping):
        entries._metadata = _moved(metadata, change.new_name)  # type: ignore[attr-defined]
    remarks = []
    if change.strip:
        remarks.append(f"its keys in the file begin with {change.strip!r}")
    if change.add:
        remarks.append(f"its keys here begin with {change.add!r}, which the file's do not")
    if outside:
        remarks.append(f"not used: {enumerate_keys(outside)}")
    return Placement(state, name, entries, f"{name}: {'; '.join(remarks)}" if remarks else "")


def _moved(metadata: Mapping[Any, Any], new_name: Callable[[str], str | None]) -> dict[str, Any]:
    """Versions of the submodules under their new paths."""
    moved = {}
    for path, version in metadata.items():
        new = new_name(f"{path}." if path else "") if isinstance(path, str) else None
        if new is not None:
            moved[new.removesuffix(".")] = version
    return moved
