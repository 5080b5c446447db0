"""Finding the training state in a user's namespace, without guessing: what could mean two things is an error.

The links decide: an optimizer belongs to the model whose parameters it holds, a scheduler to its optimizer.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import torch

from jupyter_ckpt.errors import NothingTracked, UnknownName, UsageProblem
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.ambiguity import Found, check_links
from jupyter_ckpt.state.generators import is_generator
from jupyter_ckpt.state.tracked import Kind, Tracked, classify, explain
from jupyter_ckpt.state.wrappers import unwrap

_SHELL_NAMES = frozenset(("In", "Out", "exit", "quit", "get_ipython", "open"))
_LINKED = (Kind.MODEL, Kind.EMA, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER)
_GOOD_NAMES = ("model", "net", "network", "optimizer", "scheduler", "scaler", "ema")
_VALUES = re.compile(
    r"(history|log_history|logs|results|metrics|losses|accs|accuracies"
    r"|(train|val|valid|test|epoch|running)_(loss|losses|acc|accs|accuracy|accuracies|metrics|history)"
    r"|best|best_\w+|\w+_(history|losses|accs)"
    r"|patience_counter|epochs_no_improve|epochs_without_improvement|no_improve|bad_epochs|early_stop\w*"
    r"|global_step|global_iter|total_steps|iter_num|n_iter|num_updates|samples_seen|tokens_seen)"
)


@dataclass
class Discovery:
    """What was found: ``tracked``, and ``notes`` about what was seen and left out."""

    tracked: list[Tracked] = field(default_factory=list)
    notes: list[Item] = field(default_factory=list)


def discover(namespace: Mapping[str, Any], *, only: Iterable[str] | None = None) -> list[Tracked]:
    """The training state in a namespace; see `survey`.

    Parameters
    ----------
    namespace : mapping
        Usually the notebook's. Not changed.
    only : iterable of str, optional
        Track exactly these names (what ``%ckpt track`` does), of whatever kind.

    Raises
    ------
    AmbiguousState
        When several things could be meant; lists them and the line to type.
    NothingTracked
        When there is no model and no optimizer.
    UnknownName, UsageProblem
        When a name in ``only`` does not exist or cannot be tracked.
    """
    if only is not None:
        return track_names(namespace, only)
    return survey(namespace).tracked


def track_names(namespace: Mapping[str, Any], names: Iterable[str]) -> list[Tracked]:
    """Track exactly these names.

    Raises
    ------
    UnknownName
        A name does not exist; close ones are suggested.
    UsageProblem
        What it names cannot be saved.
    """
    found = []
    for name in dict.fromkeys(names):
        try:
            obj = _look_up(namespace, name)
        except KeyError:
            raise UnknownName(f"{name}: no such name here{_close(name, namespace)}") from None
        kind = classify(name, obj)
        if kind is None:
            raise UsageProblem(f"{name} {explain(obj)}")
        found.append(_tracked(namespace, name, obj, kind))
    return found


def survey(namespace: Mapping[str, Any]) -> Discovery:
    """Find models, their optimizers, those optimizers' schedulers, and what goes with them.

    Plain values are found by name only: histories (``history``, ``train_losses``, ``results``), bests
    (``best_acc``, ``best_model_wts``), counters (``patience_counter``, ``global_step``, ``tokens_seen``), and
    tensors that an optimizer changes. What has such a name and cannot be saved is a note. ``epoch`` and ``step``
    are none of them: where the training stands is kept by the session, and a loop's own variable is set by the loop.

    Raises
    ------
    AmbiguousState, NothingTracked
        See `discover`.
    """
    found = Found()
    for name, obj in _candidates(namespace):
        kind = classify(name, obj)
        if kind is not None and kind is not Kind.VALUE:
            found.add(name, obj, kind)
    found.drop_contained()
    if not found.models and not found.optimizers:
        inside = " ".join(_names_inside(namespace)) or "NAME ..."
        raise NothingTracked(
            "no model or optimizer was found in this notebook: run the cells that make them,"
            f" or name them with `%ckpt track {inside}`, in a function with `jupyter_ckpt.track(model=model)`"
        )
    kept, notes = check_links(found)
    tracked = [_tracked(namespace, name, obj, kind) for name, obj, kind in kept]
    tracked += _loader_generators(namespace, tracked)
    values, unsaveable = _values(namespace, tracked)
    tracked += values
    notes += unsaveable + _forgotten(namespace, tracked)
    order = {kind: number for number, kind in enumerate(Kind)}
    return Discovery(sorted(tracked, key=lambda one: order[one.kind]), notes)


def absent_values(namespace: Mapping[str, Any], names: Iterable[str]) -> list[Tracked]:
    """Track those ``names`` (of a checkpoint's values) that stand for nothing here, so that a restore makes them.

    After a kernel restart the cell with ``history = []`` has often not run yet when the user resumes.
    """
    lacking = [name for name in names if name.isidentifier() and name not in namespace]
    return [_tracked(namespace, name, None, Kind.VALUE) for name in lacking]


def _user_names(namespace: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names that a user gave, to objects rather than to code."""
    return [
        (name, obj)
        for name, obj in list(namespace.items())
        if isinstance(name, str)
        and not name.startswith("_")
        and name not in _SHELL_NAMES
        and not issubclass(type(obj), (type, types.ModuleType, types.FunctionType))
        and _tells_its_class(obj)
        and not _is_ours(obj)
    ]


def _tells_its_class(obj: Any) -> bool:
    """False for a proxy of something that is gone, and others whose class cannot be asked for."""
    try:
        return obj.__class__ is not None
    except Exception:  # noqa: BLE001 - the user's code
        return False


def _forgotten(namespace: Mapping[str, Any], tracked: list[Tracked]) -> list[Item]:
    """Notes about optimizers and the like that lie inside an object: an optimizer starts cold after a resume."""
    known = {id(unwrap(obj)) for _, obj in _user_names(namespace)}
    stateful = {one.name for one in tracked if one.kind is not Kind.MODEL}  # what lies in these is their own affair
    names = [one.name for one in tracked if one.kind in _LINKED]
    return [
        Item(name, kind.value, Outcome.NOT_SAVED, f"lies inside an object: `%ckpt track {' '.join(names)} {name}`")
        for name, obj, kind in _inside(namespace)
        if kind in (Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER)
        and id(unwrap(obj)) not in known
        and name.partition(".")[0] not in stateful
    ]


def _names_inside(namespace: Mapping[str, Any]) -> list[str]:
    """Dotted names of what objects of the user's hold as attributes: ``agent.net``, ``agent.optimizer``."""
    return [name for name, _, _ in _inside(namespace)]


def _inside(namespace: Mapping[str, Any]) -> list[tuple[str, Any, Kind]]:
    found: dict[int, tuple[str, Any, Kind]] = {}
    for name, obj in _user_names(namespace):
        held = getattr(obj, "__dict__", None)
        for attribute, value in held.items() if isinstance(held, dict) else ():
            kind = classify(attribute, value) if isinstance(attribute, str) and _tells_its_class(value) else None
            if kind in _LINKED:
                found.setdefault(id(value), (f"{name}.{attribute}", value, kind))
    return list(found.values())


def _candidates(namespace: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A user's names, each object once, under its best name."""
    best: dict[int, tuple[tuple[int, int], str, Any]] = {}
    for number, (name, obj) in enumerate(_user_names(namespace)):
        rank = (_GOOD_NAMES.index(name) if name in _GOOD_NAMES else len(_GOOD_NAMES), number)
        key = id(unwrap(obj))
        if key not in best or rank < best[key][0]:
            best[key] = (rank, name, obj)
    return [(name, obj) for (_, number), name, obj in sorted(best.values(), key=lambda entry: entry[0][1])]


def _is_ours(obj: Any) -> bool:
    return type(obj).__module__.partition(".")[0] in ("jupyter_ckpt", "IPython", "ipykernel")


def _tracked(namespace: Mapping[str, Any], name: str, obj: Any, kind: Kind) -> Tracked:
    one = Tracked(name, obj, kind, fetch=lambda: _look_up(namespace, name))
    parent, _, attribute = name.rpartition(".")
    if kind is Kind.VALUE and parent:
        one.rebind = lambda value: setattr(_look_up(namespace, parent), attribute, value)
    elif kind is Kind.VALUE and isinstance(namespace, MutableMapping):
        one.rebind = lambda value: namespace.__setitem__(name, value)
        one.unbind = lambda: namespace.pop(name, None)
    return one


def _look_up(namespace: Mapping[str, Any], name: str) -> Any:
    """The object of a name, dotted ones through attributes; ``KeyError`` when there is none."""
    first, *attributes = name.split(".")
    obj = namespace[first]
    for attribute in attributes:
        try:
            obj = getattr(obj, attribute)
        except AttributeError:
            raise KeyError(name) from None
    return obj


def _close(name: str, namespace: Mapping[str, Any]) -> str:
    import difflib

    names = [n for n in namespace if isinstance(n, str) and not n.startswith("_")]
    close = difflib.get_close_matches(name, names, n=2)
    return f": did you mean {' or '.join(close)}?" if close else ": run the cell that defines it first"


def _loader_generators(namespace: Mapping[str, Any], tracked: list[Tracked]) -> list[Tracked]:
    """The generators inside data loaders and their samplers, which shuffle."""
    seen = {id(one.obj) for one in tracked} | {id(torch.default_generator)}
    found = []
    for name, obj in _candidates(namespace):
        if not isinstance(obj, torch.utils.data.DataLoader):
            continue
        for path in ("generator", "sampler.generator", "batch_sampler.sampler.generator"):
            try:
                generator = _look_up({name: obj}, f"{name}.{path}")
            except KeyError:
                continue
            if is_generator(generator) and id(generator) not in seen:
                seen.add(id(generator))
                found.append(_tracked(namespace, f"{name}.{path}", generator, Kind.GENERATOR))
    return found


def _values(namespace: Mapping[str, Any], tracked: list[Tracked]) -> tuple[list[Tracked], list[Item]]:
    """Values with well-known names, and tensors that a kept optimizer changes (an image that is optimised).

    Two names may stand for one object and both are kept: 0 is one object in Python, whoever counts with it.
    """
    optimizers = [one.obj for one in tracked if one.kind is Kind.OPTIMIZER]
    optimised = {id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]}
    found, notes = [], []
    for name, obj in _user_names(namespace):
        if not _VALUES.fullmatch(name) and not (isinstance(obj, torch.Tensor) and id(obj) in optimised):
            continue
        kind = classify(name, obj)
        if kind is Kind.VALUE:
            found.append(_tracked(namespace, name, obj, kind))
        elif kind is None and not callable(obj):
            notes.append(Item(name, Kind.VALUE.value, Outcome.NOT_SAVED, explain(obj)))
    return found, notes
