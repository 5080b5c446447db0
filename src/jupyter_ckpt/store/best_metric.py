"""Which metric ``best`` means where none is named, and the checkpoints by it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.metric_mode import Mode, best_of, guess_mode, known_mode
from jupyter_ckpt.store.preservation import BestN, KeepPolicy

_MEASURED_ON = ("val", "valid", "validation", "dev", "test", "eval")


def pick_metric(
    checkpoints: Sequence[Checkpoint], policy: KeepPolicy | None, metric: str | None = None
) -> tuple[str, Mode, str]:
    """Which metric ``best`` means, which direction is better, and a remark when that was guessed.

    The one that the preservation policy names; else the only one whose name tells its direction; of several the one
    measured on validation data, and a score before a loss.

    Raises
    ------
    UnknownName
        When there are no metrics at all.
    UsageProblem
        When it cannot be told.
    """
    wanted = [one for one in (policy.policies if policy else ()) if isinstance(one, BestN)]
    for one in wanted:
        if metric in (None, one.metric):
            return one.metric, one.mode, ""
    if metric is not None:
        mode, remark = guess_mode(metric)
        return metric, mode, remark
    names = list(dict.fromkeys(name for c in checkpoints for name, value in c.metrics.items() if _is_finite(value)))
    if not names:
        raise UnknownName("no checkpoint has a metric to be best by: save with --metric NAME")
    known = [name for name in names if known_mode(name)]
    if not known:
        raise UsageProblem(
            f"best by what? There are {', '.join(names[:6])}: say which and which way with"
            f" `%ckpt keep --best 1 --metric {names[0]} --mode max` (or min)"
        )
    best = min(known, key=_preference)
    mode, remark = guess_mode(best)
    return best, mode, remark


def ranked(checkpoints: Sequence[Checkpoint], metric: str, mode: Mode) -> list[Checkpoint]:
    """The checkpoints by a metric, best first.

    Raises
    ------
    UnknownName
        When none has it.
    """
    found = best_of(checkpoints, metric, mode)
    if not found:
        names = sorted({name for c in checkpoints for name in c.metrics})
        raise UnknownName(f"no checkpoint has a value of {metric}; there are {', '.join(names) or 'no metrics'}")
    return found


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits in a file
        return False


def _preference(name: str) -> tuple[int, int, str]:
    words = name.lower().replace("/", "_").replace(".", "_").split("_")
    measured = any(word in _MEASURED_ON for word in words)
    trained = "train" in words or "training" in words
    return (0 if measured else 2 if trained else 1, 0 if known_mode(name) == "max" else 1, name)
