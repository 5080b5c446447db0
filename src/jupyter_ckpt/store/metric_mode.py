"""Which direction of a metric is better, where its name says so; and the ranking by it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol, TypeVar

from jupyter_ckpt.errors import UsageProblem

Mode = Literal["min", "max"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MIN = _words(
    "loss losses err error errors perplexity ppl mae mse rmse mape smape msle rmsle nll bce ce crossentropy wer cer"
    " ter fid kid eer brier logloss bpb bpc meansquarederror meanabsoluteerror rootmeansquarederror"
)
_MAX = _words(
    "acc accuracy f1 f1score fscore auc auroc auprc roc rocauc prauc ap map iou miou jaccard bleu sacrebleu rouge"
    " rougel meteor chrf dice psnr ssim r2 r2score precision recall sensitivity specificity mcc kappa reward ndcg"
    " mrr"
)
# Words that say where or how something was measured, not what.
_WHERE = _words(
    "val valid validation dev test testing train training eval evaluation epoch step batch mean avg average total"
    " running macro micro weighted score rate top top1 top3 top5 top10 k at per"
)


class HasMetrics(Protocol):
    """What a ranking looks at."""

    @property
    def metrics(self) -> Mapping[str, float]: ...
    @property
    def order(self) -> tuple[float, int, str]: ...


_M = TypeVar("_M", bound=HasMetrics)


def known_mode(metric: str) -> Mode | None:
    """``min`` or ``max`` for a well-known name, with or without ``val_``, ``test/``, ``train.`` and the like.

    Every word of the name must be known, so that ``map_size`` or ``loss_scale`` is nothing.
    """
    plain = metric[:200]
    return _mode_of(plain.lower()) or _mode_of(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).lower())


def _mode_of(name: str) -> Mode | None:
    words = [word for word in re.split(r"[^a-z0-9]+", name) if word and not word.isdigit()]
    joined = "".join(words)
    if joined in _MIN | _MAX:
        words = [joined]
    telling = [word if word in _MAX else word.rstrip("0123456789") for word in words if word not in _WHERE]
    if telling and all(word in _MIN for word in telling):
        return "min"
    if telling and all(word in _MAX for word in telling):
        return "max"
    return None


def guess_mode(metric: str) -> tuple[Mode, str]:
    """The better direction of a metric, and one line that says it was guessed.

    Raises
    ------
    UsageProblem
        When the name is not a well-known one: then the user must say it.
    """
    mode = known_mode(metric)
    if mode is None:
        raise UsageProblem(
            f"is a lower or a higher {metric[:80]!r} better? Its name does not tell: add --mode min or --mode max"
        )
    which = "lower" if mode == "min" else "higher"
    return mode, f"{metric}: taking {which} as better, going by its name (--mode says otherwise)"


def best_of(checkpoints: Iterable[_M], metric: str, mode: Mode) -> list[_M]:
    """Those with a finite value of the metric, best first; of equals the newer first.

    A NaN or an infinity is a diverged training, never the best of one.
    """
    sign = 1 if mode == "max" else -1
    found = []
    for checkpoint in checkpoints:
        value = checkpoint.metrics.get(metric)
        try:
            number = float(value) if value is not None else math.nan
        except OverflowError:
            continue
        if math.isfinite(number):
            found.append((sign * number, checkpoint.order, checkpoint))
    found.sort(key=lambda row: row[:2], reverse=True)
    return [checkpoint for _, _, checkpoint in found]
