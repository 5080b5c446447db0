"""A saved plain value against the name that holds it: put into the same object where it can be, else rebound."""

from __future__ import annotations

from typing import Any

from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.fit import Fit
from jupyter_ckpt.state.inplace import InPlace
from jupyter_ckpt.state.revive import ABSENT
from jupyter_ckpt.state.tracked import Kind, Tracked
from jupyter_ckpt.state.undo import Undo

_NO_NAME = "has no name to come back under: take it from receipt.values"


def fit_value(one: Tracked, obj: Any, fresh: Any, merger: InPlace) -> Fit:
    """A value always fits: what was a list may come back as a dict.

    Parameters
    ----------
    one : Tracked
        The value.
    obj : Any
        What its name stands for now; None also when the name is gone.
    fresh : Any
        The revived value of the checkpoint.
    merger : InPlace
        The one of this restore.
    """
    name, kind = one.name, Kind.VALUE.value
    fit = Fit(name, Kind.VALUE, items=[Item(name, kind, Outcome.RESTORED)])
    if fresh is ABSENT:
        fit.items = [Item(name, kind, Outcome.MISSING, "could not be saved: left as it is")]
        fit.apply = lambda: None
        return fit

    rebound: list[bool] = []

    def apply() -> None:
        result = merger.merge(obj, fresh)
        if result is obj:
            return
        if one.rebind is None:
            fit.items = [Item(name, kind, Outcome.NOT_EXACT, _NO_NAME)]
            return
        rebound.append(True)
        one.rebind(result)
        one.obj = result

    def remember() -> Undo:
        held = one.obj
        existed = _exists(one)

        def undo() -> None:
            merger.undo()
            if not existed and one.unbind is not None:
                one.unbind()
            elif rebound and one.rebind is not None:
                one.rebind(obj)
            one.obj = held

        return undo

    fit.apply, fit.remember = apply, remember
    return fit


def _exists(one: Tracked) -> bool:
    try:
        one.current()
    except KeyError:
        return False
    return True
