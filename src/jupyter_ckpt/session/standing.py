"""Where the training stands: epoch, step and metrics, from what was given or from the user's names."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.store.catalog import close_matches

STEP_NAMES = ("global_step", "step", "iteration", "n_iter")
_MOST = 2**53


@dataclass(frozen=True)
class Standing:
    """Where a save stands.

    Parameters
    ----------
    epoch, step : int or None
        As far as known.
    next_epoch : int
        The epoch that a resume goes on with.
    mid_epoch : bool
        The state lies inside ``next_epoch``.
    step_name : str or None
        The user's variable that the step was read from; a resume sets it again.
    remarks : tuple of str
        What is worth saying.
    """

    epoch: int | None = None
    step: int | None = None
    next_epoch: int = 0
    mid_epoch: bool = False
    step_name: str | None = None
    remarks: tuple[str, ...] = field(default=())


def stand(
    namespace: Mapping[str, Any] | None,
    *,
    epoch: Any = None,
    step: Any = None,
    counted: int | None = None,
    inside: bool = False,
) -> Standing:
    """Find out where the training stands.

    Parameters
    ----------
    namespace : mapping, optional
        The user's: ``epoch``, and ``global_step`` or ``step``, are read when they are not given.
    epoch, step : int, optional
        As given by the user.
    counted : int, optional
        Steps counted by ``batches()``; of more use than a name, which often counts within the epoch.
    inside : bool
        A data loader is inside a pass.

    Raises
    ------
    UsageProblem
        When what was given is not a whole number of 0 or more.
    """
    names = namespace or {}
    remarks: list[str] = []
    known_epoch = whole(epoch, "epoch") if epoch is not None else _read(names, "epoch")
    step_name = None
    if step is not None:
        known_step: int | None = whole(step, "step")
    elif counted is not None:
        known_step = counted
    else:
        step_name = next((name for name in STEP_NAMES if _read(names, name) is not None), None)
        known_step = _read(names, step_name) if step_name else None
    if known_epoch is None:
        remarks.append(
            "no epoch was given and there is no variable `epoch`: a resume starts with epoch 0 (--epoch N)"
        )
        return Standing(None, known_step, 0, inside, step_name, tuple(remarks))
    following = known_epoch if inside else known_epoch + 1
    return Standing(known_epoch, known_step, following, inside, step_name, tuple(remarks))


def read_metrics(given: Any, namespace: Mapping[str, Any] | None) -> dict[str, float]:
    """Metrics as numbers.

    Parameters
    ----------
    given : mapping, iterable of str or None
        Name → value; or names of the user's variables to be read.
    namespace : mapping, optional
        Where names are looked up.

    Raises
    ------
    UnknownName
        When there is no such variable.
    UsageProblem
        When a value is not one number.
    """
    if given is None:
        return {}
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Mapping):
        return {_named(name): number(value, str(name)) for name, value in given.items()}
    if not isinstance(given, Iterable):
        raise UsageProblem("metrics are a dict of name and value, or names of variables")
    found = {}
    for name in given:
        if namespace is None or name not in namespace:
            near = close_matches(str(name), [key for key in namespace or {} if not key.startswith("_")])
            raise UnknownName(f"metric {name}: there is no variable of that name{near or f'; give {name}=VALUE'}")
        found[name] = number(namespace[name], name)
    return found


def _named(name: Any) -> str:
    text = str(name)
    if not text.strip() or any(ord(letter) < 32 for letter in text):
        raise UsageProblem(f"a metric has a name of one line, not {text[:40]!r}")
    return text


def number(value: Any, name: str) -> float:
    """One number: a Python or numpy scalar or a tensor of one element; the last one of a list of numbers.

    Raises
    ------
    UsageProblem
        For anything else.
    """
    if isinstance(value, (list, tuple)) and value:
        value = value[-1]
    if isinstance(value, (bool, str, bytes)):
        raise UsageProblem(f"metric {name}: {str(value)[:40]!r} is not a number")
    if callable(getattr(value, "detach", None)):  # a loss still has its graph
        value = value.detach()
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise UsageProblem(f"metric {name}: a {type(value).__name__} is not one number") from None


def whole(value: Any, what: str) -> int:
    """A whole number of 0 or more; UsageProblem for anything else."""
    found = _as_int(value)
    if found is None:
        raise UsageProblem(f"{what} is a whole number of 0 or more, not {str(value)[:40]!r}")
    return found


def _read(names: Mapping[str, Any], name: str) -> int | None:
    return _as_int(names.get(name))


def _as_int(value: Any) -> int | None:
    if value is None or issubclass(type(value), (bool, str, bytes, float)):
        return None
    try:
        found = operator.index(value)
    except (TypeError, ValueError, RuntimeError, ReferenceError):  # a tensor of many elements, a dead proxy
        return None
    return found if 0 <= found < _MOST else None
