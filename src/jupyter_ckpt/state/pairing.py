"""What a checkpoint holds, what is here, and which belongs to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jupyter_ckpt.errors import Mismatch, UsageProblem
from jupyter_ckpt.state.capture import STATE_SUFFIX
from jupyter_ckpt.state.fit import enumerate_keys
from jupyter_ckpt.state.tracked import Kind, Tracked, classify

Live = dict[str, tuple[Tracked, Any]]
"""Tracked objects that are here now, by name, each with the object that the name stands for."""
About = dict[str, dict[str, Any]]
"""What a checkpoint holds, by name, with at least its ``kind``."""

_NOT_OURS = frozenset(("rng", "data", "values", "epoch", "step", "loss"))
"""Words for ``--only`` that name parts of the tree which others put back."""


def read_contents(tree: Mapping[str, Any], meta: Mapping[str, Mapping[str, Any]]) -> About:
    """Everything in the checkpoint by name.

    Raises
    ------
    Mismatch
        When a section of the tree is not what it should be.
    """
    details = section(tree, "tracked")
    states = [key.removesuffix(STATE_SUFFIX) for key in tree if isinstance(key, str) and key.endswith(STATE_SUFFIX)]
    names: list[tuple[str, Kind | None]] = [(name, None) for name in states]
    names += [(name, Kind.GENERATOR) for name in section(tree, "generators")]
    names += [(name, Kind.VALUE) for name in section(tree, "values")]
    found: About = {}
    for name, kind in names:
        said = details.get(name)
        one = dict(said if isinstance(said, Mapping) else meta.get(name, {}))
        one["kind"] = kind or _kind(one.get("kind"), name)
        found[name] = one
    return found


def section(tree: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """``tree[key]`` as a mapping by name; empty when it is not there.

    Raises
    ------
    Mismatch
        When it is something else.
    """
    found = tree.get(key, {})
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise Mismatch(f"the checkpoint's {key!r} makes no sense")
    return found


def find_live(tracked: Iterable[Tracked]) -> Live:
    """The live objects; a value whose name is gone can still be given back under its name."""
    live: Live = {}
    for one in tracked:
        try:
            obj = one.current()
        except KeyError:
            if one.kind is not Kind.VALUE:
                continue
            obj = None
        if one.kind is Kind.VALUE or classify(one.name, obj) is not None:
            live[one.name] = (one, obj)
    return live


def make_selector(only: set[str] | None, about: About, live: Live) -> Callable[[str, Kind], bool]:
    """Tells whether an object is asked for by ``--only`` (names or kinds).

    Raises
    ------
    UsageProblem
        For a word that names nothing.
    """
    if not only:
        return lambda name, kind: True
    kinds = {kind.value for kind in Kind} | {kind.value + "s" for kind in Kind}
    names = {*about, *live}
    unknown = sorted(only - names - kinds - _NOT_OURS)
    if unknown:
        raise UsageProblem(f"--only {unknown[0]}: no such object; there are {enumerate_keys(sorted(names))}")
    by_kind = {word.removesuffix("s") for word in only if word not in names}
    return lambda name, kind: name in only or kind.value in by_kind


def pair_names(live: Live, about: About) -> dict[str, str]:
    """Live name → name in the checkpoint: the same one, or the only one of the kind that is left on either side."""
    pairs = {name: name for name in live if name in about}
    for kind in Kind:
        if kind in (Kind.VALUE, Kind.GENERATOR, Kind.STATEFUL):
            continue
        mine = [name for name, (one, _) in live.items() if one.kind is kind and name not in pairs]
        theirs = [name for name, details in about.items() if details["kind"] is kind and name not in live]
        if len(mine) == len(theirs) == 1:
            pairs[mine[0]] = theirs[0]
    return pairs


def _kind(text: Any, name: str) -> Kind:
    """The kind of something with a state; in a file without our notes, what its name says."""
    try:
        kind = Kind(text)
        return Kind.STATEFUL if kind in (Kind.VALUE, Kind.GENERATOR) else kind
    except ValueError:
        words = {"model": Kind.MODEL, "net": Kind.MODEL, "optim": Kind.OPTIMIZER, "sched": Kind.SCHEDULER}
        words |= {"scaler": Kind.SCALER, "ema": Kind.EMA}
        return next((kind for word, kind in words.items() if word in name.lower()), Kind.STATEFUL)
