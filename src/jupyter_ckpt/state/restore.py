"""Putting a captured state back: everything is checked first, then applied as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from jupyter_ckpt.errors import CkptError, Mismatch, ModelNotDefined, UsageProblem
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.capture import STATE_SUFFIX, parameters_by_id
from jupyter_ckpt.state.fit import Fit, enumerate_keys
from jupyter_ckpt.state.fit_module import fit_module, parse_device
from jupyter_ckpt.state.fit_object import fit_generator, fit_object
from jupyter_ckpt.state.fit_optimizer import fit_optimizer, parameter_names
from jupyter_ckpt.state.inplace import InPlace
from jupyter_ckpt.state.revive import ABSENT, revive_values
from jupyter_ckpt.state.tracked import Kind, Tracked, classify
from jupyter_ckpt.state.undo import Undo

_NOT_OURS = frozenset(("rng", "data", "values", "epoch", "step", "loss"))
"""Words for ``--only`` that name parts of the tree which others put back."""
_ORDER = {kind: number for number, kind in enumerate(Kind)}


@dataclass
class RestorePlan:
    """A restore that was checked and changes nothing until `apply`.

    Parameters
    ----------
    fits : list of Fit
        One per object that will be restored.
    items : list of Item
        What will not be restored, and why.
    values : dict
        The checkpoint's plain values, revived.
    """

    fits: list[Fit] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def apply(self) -> list[Item]:
        """Restore everything.

        Returns
        -------
        list of Item
            Item by item what came back and what did not.

        Raises
        ------
        CkptError
            When an object refused its state; every object is again as it was before. An interrupt (Ctrl-C, Stop)
            puts everything back as well and goes on.
        """
        undo: list[Undo] = [fit.remember() for fit in self.fits]
        at = ""
        try:
            for fit in self.fits:
                at = fit.name
                if fit.apply is not None:
                    fit.apply()
        except BaseException as error:
            for step in reversed(undo):
                step()
            if not isinstance(error, Exception):
                raise
            if isinstance(error, CkptError):
                raise
            reason = f"{type(error).__name__}: {error}"
            raise CkptError(f"{at} could not take its state ({reason}); everything is as it was before") from error
        return [item for fit in self.fits for item in fit.items] + self.items


def plan_restore(
    tree: Mapping[str, Any],
    tracked: Iterable[Tracked],
    *,
    only: set[str] | None = None,
    strict: bool = True,
    map_location: str | torch.device | None = None,
    meta: Mapping[str, Mapping[str, Any]] | None = None,
    ref: str = "NAME",
) -> RestorePlan:
    """Check a checkpoint against the tracked objects. Nothing is changed.

    Parameters
    ----------
    tree : mapping
        A checkpoint's tree, as `capture` made it or `adopt_plain` understood it.
    tracked : iterable of Tracked
        The live objects.
    only : set of str, optional
        Names or kinds (``model``) to restore; the rest is left alone and said so.
    strict : bool
        False loads what fits and reports the rest.
    map_location : str or torch.device, optional
        Moves models there. Without it the live objects decide where their state goes.
    meta : mapping, optional
        `CommitRecord.tracked`: class, and cell that defined it (``cell``), of objects that may not exist here.
    ref : str
        How the checkpoint is called in the lines to type.

    Raises
    ------
    Mismatch
        When something does not fit; lists all of it, and what to type.
    ModelNotDefined
        When the checkpoint holds a model that is not defined here.
    UsageProblem
        For a word in ``only`` or a device that does not exist.
    """
    device = None if map_location is None else parse_device(map_location)
    about = _about(tree, meta or {})
    live = _present(tracked)
    wanted = _selector(only, about, live)
    plan = RestorePlan()
    pairs = _pair(live, about)
    taken = set(pairs.values())
    _check_models(about, live, taken, wanted, strict, meta or {}, plan)
    fresh = revive_values(_section(tree, "values"), device=device)
    merger = InPlace()
    models = {one.name: obj for one, obj in live.values() if isinstance(obj, nn.Module)}
    ids = parameters_by_id(models)
    fits: list[Fit] = []
    for name, (one, obj) in sorted(live.items(), key=lambda entry: _ORDER[entry[1][0].kind]):
        source = pairs.get(name)
        if not wanted(name, one.kind):
            plan.items.append(Item(name, one.kind.value, Outcome.SKIPPED, "not asked for"))
        elif source is None:
            if only and strict and one.kind is Kind.MODEL:
                raise Mismatch(
                    f"{name} is not in the checkpoint, which holds {enumerate_keys(about) or 'no objects'}"
                )
            plan.items.append(Item(name, one.kind.value, Outcome.MISSING, "not in the checkpoint: left as it is"))
        else:
            fits.append(_fit(tree, one, obj, source, about[source], device, fresh, merger, ids))
    for fit in fits:
        if not fit.fits and not strict:
            plan.items += fit.leftovers()
    problems = [line for fit in fits if not fit.fits for line in fit.lines()]
    if problems and (strict or all(fit.apply is None for fit in fits)):
        raise Mismatch(_mismatch_text(problems, fits, ref, strict))
    plan.fits = [fit for fit in fits if fit.apply is not None]
    for fit in plan.fits:
        if pairs[fit.name] != fit.name:
            plan.items.append(
                Item(fit.name, fit.kind.value, Outcome.NOT_EXACT, f"from {pairs[fit.name]!r} of the checkpoint")
            )
    for name, details in about.items():
        if name not in taken and wanted(name, details["kind"]):
            plan.items.append(Item(name, details["kind"].value, Outcome.EXTRA, "in the checkpoint, not tracked here"))
    copies = InPlace()
    plan.values = {name: None if value is ABSENT else copies.merge(None, value) for name, value in fresh.items()}
    return plan


def _about(tree: Mapping[str, Any], meta: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Everything in the checkpoint by name, with at least its ``kind``."""
    details = _section(tree, "tracked")
    found: dict[str, dict[str, Any]] = {}
    names = [
        (key.removesuffix(STATE_SUFFIX), None) for key in tree if isinstance(key, str) and key.endswith(STATE_SUFFIX)
    ]
    names += [(name, Kind.GENERATOR) for name in _section(tree, "generators")]
    names += [(name, Kind.VALUE) for name in _section(tree, "values")]
    for name, kind in names:
        said = details.get(name) if isinstance(details.get(name), Mapping) else meta.get(name, {})
        one = dict(said or {})
        one["kind"] = kind or _kind(one.get("kind"), name)
        found[name] = one
    return found


def _kind(text: Any, name: str) -> Kind:
    """A saved object's kind; in a file without our notes, what its name says."""
    try:
        return Kind(text)
    except ValueError:
        words = {"model": Kind.MODEL, "net": Kind.MODEL, "optim": Kind.OPTIMIZER, "sched": Kind.SCHEDULER}
        words |= {"scaler": Kind.SCALER, "ema": Kind.EMA}
        return next((kind for word, kind in words.items() if word in name.lower()), Kind.STATEFUL)


def _section(tree: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = tree.get(key, {})
    if not isinstance(section, Mapping) or not all(isinstance(name, str) for name in section):
        raise Mismatch(f"the checkpoint's {key!r} makes no sense")
    return section


def _present(tracked: Iterable[Tracked]) -> dict[str, tuple[Tracked, Any]]:
    """The live objects; a value whose name is gone can still be given back under its name."""
    live = {}
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


def _selector(
    only: set[str] | None, about: Mapping[str, Mapping[str, Any]], live: Mapping[str, tuple[Tracked, Any]]
) -> Callable[[str, Kind], bool]:
    if not only:
        return lambda name, kind: True
    kinds = {kind.value for kind in Kind} | {kind.value + "s" for kind in Kind}
    names = {*about, *live}
    unknown = sorted(only - names - kinds - _NOT_OURS)
    if unknown:
        raise UsageProblem(f"--only {unknown[0]}: no such object; there are {enumerate_keys(sorted(names))}")
    by_kind = {word.removesuffix("s") for word in only if word not in names}
    return lambda name, kind: name in only or kind.value in by_kind


def _pair(live: Mapping[str, tuple[Tracked, Any]], about: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
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


def _check_models(
    about: Mapping[str, Mapping[str, Any]],
    live: Mapping[str, tuple[Tracked, Any]],
    taken: set[str],
    wanted: Callable[[str, Kind], bool],
    strict: bool,
    meta: Mapping[str, Mapping[str, Any]],
    plan: RestorePlan,
) -> None:
    absent = [n for n, d in about.items() if d["kind"] is Kind.MODEL and n not in taken and wanted(n, Kind.MODEL)]
    if not absent or (not strict and any(one.kind is Kind.MODEL for one, _ in live.values())):
        return
    name = absent[0]
    said = {**about[name], **meta.get(name, {})}
    cls = f" ({said['class']})" if said.get("class") else ""
    cell = said.get("cell") if said.get("cell") is not None else said.get("defined_in")
    if isinstance(cell, int):
        cell = f"cell [{cell}]"
    where = f"; its class was defined in {cell}: run that first" if cell else ": run the cell that makes it first"
    others = [n for n, (one, _) in live.items() if one.kind is Kind.MODEL]
    rest = f", or leave it out with --only {' '.join(others)}" if others else ""
    raise ModelNotDefined(
        f"the checkpoint holds the model {name!r}{cls}, which is not defined here{where}"
        f" (`%ckpt show NAME --code` prints its source){rest}"
    )


def _fit(
    tree: Mapping[str, Any],
    one: Tracked,
    obj: Any,
    source: str,
    details: Mapping[str, Any],
    device: torch.device | None,
    fresh: Mapping[str, Any],
    merger: InPlace,
    ids: Mapping[int, str],
) -> Fit:
    kind: Kind = details["kind"]
    if kind is not one.kind and Kind.STATEFUL not in (kind, one.kind) and {kind, one.kind} != {Kind.MODEL, Kind.EMA}:
        return Fit(one.name, one.kind, other=[f"a {kind.value} in the checkpoint, a {one.kind.value} here"])
    if one.kind is Kind.VALUE:
        return _fit_value(one, obj, fresh[source], merger)
    if one.kind is Kind.GENERATOR:
        return fit_generator(one.name, obj, tree["generators"][source])
    saved = tree[source + STATE_SUFFIX]
    if isinstance(obj, nn.Module):
        return fit_module(one.name, one.kind, obj, saved, details, device=device)
    if one.kind is Kind.OPTIMIZER and (isinstance(obj, torch.optim.Optimizer) or "param_groups" in saved):
        return fit_optimizer(one.name, obj, saved, details, parameter_names(obj, ids))
    return fit_object(one.name, one.kind, obj, saved, details)


def _fit_value(one: Tracked, obj: Any, fresh: Any, merger: InPlace) -> Fit:
    def apply() -> None:
        result = merger.merge(obj, fresh)
        if result is not obj and one.rebind is not None:
            one.rebind(result)
        one.obj = result

    def remember() -> Undo:
        def undo() -> None:
            merger.undo()
            if one.rebind is not None and one.fetch is not None and one.fetch() is not obj:
                one.rebind(obj)
            one.obj = obj

        return undo

    name, kind = one.name, Kind.VALUE.value
    fit = Fit(one.name, Kind.VALUE, apply=apply, remember=remember, items=[Item(name, kind, Outcome.RESTORED)])
    if one.rebind is None and not isinstance(fresh, (list, dict, set, torch.Tensor)):
        fit.items = [
            Item(name, kind, Outcome.NOT_EXACT, "has no name to come back under: take it from receipt.values")
        ]
    return fit


def _mismatch_text(problems: list[str], fits: list[Fit], ref: str, strict: bool) -> str:
    head = "checkpoint and live objects do not fit; nothing was changed"
    good = [fit.name for fit in fits if fit.fits]
    partly = [fit.name for fit in fits if not fit.fits and fit.apply is not None]
    ways = []
    if strict and (partly or good):
        ways.append(f"`%ckpt resume {ref} --no-strict` loads what fits and leaves the rest")
    if good:
        ways.append(f"`%ckpt resume {ref} --only {' '.join(good)}` restores only that")
    lines = [head, *(f"  {line}" for line in problems)]
    return "\n".join([*lines, "; ".join(ways)] if ways else lines)
