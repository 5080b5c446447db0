"""Putting a captured state back: everything is checked first, then applied as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from jupyter_ckpt.errors import CkptError, Mismatch, ModelNotDefined
from jupyter_ckpt.interrupts import Interrupts
from jupyter_ckpt.receipt import NOT_ASKED_FOR, Item, Outcome
from jupyter_ckpt.state.capture import STATE_SUFFIX, parameters_by_id
from jupyter_ckpt.state.fit import Fit, enumerate_keys, lost_items
from jupyter_ckpt.state.fit_module import fit_module, parse_device
from jupyter_ckpt.state.fit_object import fit_generator, fit_object
from jupyter_ckpt.state.fit_optimizer import fit_optimizer, parameter_names
from jupyter_ckpt.state.fit_value import fit_value
from jupyter_ckpt.state.inplace import InPlace, address
from jupyter_ckpt.state.pairing import About, Live, find_live, make_selector, pair_names, read_contents, section
from jupyter_ckpt.state.revive import ABSENT, revive_values
from jupyter_ckpt.state.sure_copy import SureCopies
from jupyter_ckpt.state.tracked import Kind, Tracked, optimizers_of
from jupyter_ckpt.state.undo import Undo

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
    _undo: list[tuple[str, Undo]] = field(default_factory=list, repr=False)

    def apply(self, then: Callable[[], list[Item]] = list, interrupts: Interrupts | None = None) -> list[Item]:
        """Restore everything: first whatever might fail, at the very end the copies that cannot.

        Parameters
        ----------
        then : callable, optional
            What is to come after the objects and with them or not at all: random states, since loading an object may
            draw random numbers. Gives more items.
        interrupts : Interrupts, optional
            Held from the point on where there is no way back.

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
        at = ""
        copies: SureCopies | None = None
        try:
            for fit in self.fits:
                at = fit.name
                self._undo.append((at, fit.remember()))
            for fit in self.fits:
                at = fit.name
                if fit.apply is not None:
                    fit.apply()
            at = ""
            if interrupts is not None:
                interrupts.hold()
            more = then()
            copies = SureCopies(copy for fit in self.fits for copy in fit.copies)
            copies.run()
        except BaseException as error:
            if copies is not None and not copies.call_off():
                copies.wait()
                raise
            lost = self._take_back()
            if not isinstance(error, Exception) or (not at and not lost):
                raise
            rest = "everything is as it was before"
            if lost:
                rest = f"{', '.join(lost)} could not be put back either: run their cells again"
            reason = str(error) if isinstance(error, CkptError) else f"{type(error).__name__}: {error}"
            raise CkptError(f"{at or 'rng'} could not take its state ({reason}); {rest}") from error
        self._undo.clear()
        return [item for fit in self.fits for item in fit.items] + self.items + more

    def _take_back(self) -> list[str]:
        """Everything as it was; names of objects that could not be put back, none as a rule."""
        lost: list[str] = []
        interrupt: BaseException | None = None
        while self._undo:
            name, step = self._undo[-1]
            try:
                step()
            except Exception:  # noqa: BLE001 - whatever it was, the others are still put back
                lost.append(name)
            except BaseException as error:  # noqa: BLE001 - a second Ctrl-C must not leave half a state
                if interrupt is None:
                    interrupt = error
                    continue
            self._undo.pop()
        if interrupt is not None:
            raise interrupt
        return lost


def plan_restore(
    tree: Mapping[str, Any],
    tracked: Iterable[Tracked],
    *,
    only: set[str] | None = None,
    strict: bool = True,
    map_location: str | torch.device | None = None,
    meta: Mapping[str, Mapping[str, Any]] | None = None,
    ref: str = "latest",
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
    about = read_contents(tree, meta or {})
    live = find_live(tracked)
    wanted = make_selector(only, about, live)
    plan = RestorePlan()
    pairs = pair_names(live, about)
    taken = set(pairs.values())
    if strict or not any(one.kind is Kind.MODEL for one, _ in live.values()):
        _check_models(about, live, taken, wanted, meta or {}, ref)
    fresh = revive_values(section(tree, "values"), device=device)
    models = {one.name: obj for one, obj in live.values() if isinstance(obj, nn.Module)}
    merger = InPlace(_memory(live))
    ids = parameters_by_id(models)
    fits: list[Fit] = []
    for name, (one, obj) in sorted(live.items(), key=lambda entry: _ORDER[entry[1][0].kind]):
        source = pairs.get(name)
        if not wanted(name, one.kind):
            plan.items.append(Item(name, one.kind.value, Outcome.SKIPPED, NOT_ASKED_FOR))
        elif source is None:
            if only and strict and one.kind is Kind.MODEL:
                raise Mismatch(
                    f"{name} is not in the checkpoint, which holds {enumerate_keys(about) or 'no objects'}"
                )
            plan.items.append(Item(name, one.kind.value, Outcome.MISSING, "not in the checkpoint: left as it is"))
        else:
            try:
                fit = _fit(tree, one, obj, source, about[source], device, fresh, merger, ids)
            except Exception as error:  # noqa: BLE001 - the user's own state_dict(), or strange data of a checkpoint
                reason = str(error) if isinstance(error, CkptError) else f"{type(error).__name__}: {error}"
                fit = Fit(name, one.kind, other=[f"its state cannot be compared ({reason})"])
            fits.append(fit)
    if not strict:
        _leave_out_schedulers(fits, live)
        plan.items += [item for fit in fits if not fit.fits for item in fit.leftovers()]
    problems = [line for fit in fits if not fit.fits for line in fit.lines()]
    if problems and (strict or all(fit.apply is None for fit in fits)):
        raise Mismatch(_mismatch_text(problems, fits, ref, strict))
    plan.fits = [fit for fit in fits if fit.apply is not None]
    for fit in plan.fits:
        if pairs[fit.name] != fit.name:
            plan.items.append(
                Item(fit.name, fit.kind.value, Outcome.CONVERTED, f"is called {pairs[fit.name]} in the checkpoint")
            )
    for name, details in about.items():
        if name not in taken and wanted(name, details["kind"]):
            plan.items.append(Item(name, details["kind"].value, Outcome.EXTRA, "in the checkpoint, not tracked here"))
    copies = InPlace()
    plan.values = {name: None if value is ABSENT else copies.merge(None, value) for name, value in fresh.items()}
    return plan


def _memory(live: Live) -> set[int]:
    """Addresses of the storages that belong to models and optimizers."""
    found: set[int] = set()
    for _, obj in live.values():
        if isinstance(obj, nn.Module):
            found.update(address(tensor) for tensor in (*obj.parameters(), *obj.buffers()))
        elif isinstance(obj, torch.optim.Optimizer):
            held = (value for state in obj.state.values() if isinstance(state, dict) for value in state.values())
            found.update(address(value) for value in held if isinstance(value, torch.Tensor))
    return found - {0}


def _leave_out_schedulers(fits: list[Fit], live: Live) -> None:
    """A schedule goes with the optimizer's state: without it, it would go on from a rate that nobody set."""
    out = {id(live[fit.name][1]): fit.name for fit in fits if fit.kind is Kind.OPTIMIZER and fit.apply is None}
    for fit in fits:
        if fit.kind is not Kind.SCHEDULER:
            continue
        theirs = [out[number] for number in optimizers_of(live[fit.name][1]) if number in out]
        if theirs:
            fit.other.append(f"goes with {theirs[0]}, whose state does not fit")
            fit.apply = None


def _check_models(
    about: About,
    live: Live,
    taken: set[str],
    wanted: Callable[[str, Kind], bool],
    meta: Mapping[str, Mapping[str, Any]],
    ref: str,
) -> None:
    """The checkpoint's models must be here: the likeliest mistake is a cell that was not run."""
    absent = [n for n, d in about.items() if d["kind"] is Kind.MODEL and n not in taken and wanted(n, Kind.MODEL)]
    if not absent:
        return
    name = absent[0]
    said = {**about[name], **meta.get(name, {})}
    cls = f" ({said['class']})" if said.get("class") else ""
    cell = said.get("cell") if said.get("cell") is not None else said.get("defined_in")
    if isinstance(cell, int):
        cell = f"cell [{cell}]"
    where = f"; its class was defined in {cell}: run that first" if cell else ": run the cell that makes it first"
    others = [n for n, (one, _) in live.items() if one.kind in (Kind.MODEL, Kind.EMA)]
    rest = f", or leave it out with --only {' '.join(others)}" if others else ""
    raise ModelNotDefined(
        f"the checkpoint holds the model {name!r}{cls}, which is not defined here{where}"
        f" (`%ckpt show {ref} --code` prints its source){rest}"
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
    if not _same_sort(kind, one.kind):
        return Fit(one.name, one.kind, other=[f"a {kind.value} in the checkpoint, a {one.kind.value} here"])
    if one.kind is Kind.VALUE:
        fit = fit_value(one, obj, fresh[source], merger)
        if fresh[source] is not ABSENT:
            fit.items += lost_items(one.name, one.kind, tree["values"][source])
        return fit
    if one.kind is Kind.GENERATOR:
        return fit_generator(one.name, obj, tree["generators"][source])
    saved = tree[source + STATE_SUFFIX]
    if isinstance(obj, nn.Module):
        return fit_module(one.name, one.kind, obj, saved, details, device=device)
    if one.kind is Kind.OPTIMIZER and (isinstance(obj, torch.optim.Optimizer) or _has_groups(saved)):
        return fit_optimizer(one.name, obj, saved, details, parameter_names(obj, ids))
    return fit_object(one.name, one.kind, obj, saved, details)


def _same_sort(theirs: Kind, mine: Kind) -> bool:
    """True when one may be loaded from the other; what has only ``state_dict()`` may be anything that has it."""
    if theirs is mine:
        return True
    if not {theirs, mine}.isdisjoint((Kind.VALUE, Kind.GENERATOR)):
        return False
    return Kind.STATEFUL in (theirs, mine) or {theirs, mine} == {Kind.MODEL, Kind.EMA}


def _has_groups(saved: Any) -> bool:
    return isinstance(saved, Mapping) and "param_groups" in saved


def _mismatch_text(problems: list[str], fits: list[Fit], ref: str, strict: bool) -> str:
    head = "checkpoint and live objects do not fit; nothing was changed"
    models = [fit.name for fit in fits if fit.fits and fit.kind is Kind.MODEL]
    some = any(fit.fits or fit.apply is not None for fit in fits)
    ways = []
    if strict and some:
        ways.append(f"`%ckpt resume {ref} --no-strict` loads what fits and leaves the rest")
    if models:
        ways.append(f"`%ckpt resume {ref} --only {' '.join(models)}` takes the weights and begins at epoch 0")
    lines = [head, *(f"  {line}" for line in problems)]
    return "\n".join([*lines, "; ".join(ways)] if ways else lines)
