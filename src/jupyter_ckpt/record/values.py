"""What a template can show of an experiment: each value as one piece of Markdown, escaped, or empty."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jupyter_ckpt.display.numbers import value_text
from jupyter_ckpt.record.escaping import code, plain, shorten
from jupyter_ckpt.record.experiment import Experiment, Kept, Place
from jupyter_ckpt.record.numbers import amount, bars, measured
from jupyter_ckpt.record.phrases import Words

_STAMP = re.compile(r"_\d{8}-\d{6}(?:-\d+)?$")
_BREAK = "<br>"
_MOST_METRICS = 5
_LONGEST = 300
_SHOWN_ELSEWHERE = frozenset(
    [
        "lr",
        "learning_rate",
        "base_lr",
        "batch_size",
        "bs",
        "optimizer",
        "weight_decay",
        "momentum",
        "seed",
        "gamma",
        "step_size",
        "label_smoothing",
        "epochs",
        "num_epochs",
        "n_epochs",
        "max_epochs",
    ]
)


def values_of(experiment: Experiment, words: Words) -> dict[str, str]:
    """Every value by its name; the keys are the same for every experiment."""
    return {name: make(experiment, words) for name, make in _VALUES.items()}


def _title(experiment: Experiment, words: Words) -> str:
    return " · ".join(part for part in (_name(experiment, words), _when(experiment, words)) if part)


def _name(experiment: Experiment, words: Words) -> str:
    """What the user called the run, else what was trained."""
    classes = [str(one.get("class") or "") for one in _rows(experiment, "models")]
    named = not _STAMP.search(experiment.run)
    return plain(experiment.run if named or not any(classes) else " + ".join(dict.fromkeys(filter(None, classes))))


def _when(experiment: Experiment, words: Words) -> str:
    if experiment.created is None:
        return ""
    offset = experiment.description.get("utc_offset")  # of the machine that trains: every reader writes the same
    minutes = offset if isinstance(offset, int) and abs(offset) < 24 * 60 else None
    zone = None if minutes is None else datetime.timezone(datetime.timedelta(minutes=minutes))
    try:
        moment = datetime.datetime.fromtimestamp(experiment.created, datetime.timezone.utc).astimezone(zone)
    except (OverflowError, OSError, ValueError):
        return ""
    return moment.strftime("%Y-%m-%d %H:%M")


def _model(experiment: Experiment, words: Words) -> str:
    models = _rows(experiment, "models")
    if not models:
        return code(experiment.run)
    shown = []
    for one in models:
        text = plain(shorten(str(one.get("text") or one.get("class") or ""), _LONGEST))
        if len(models) > 1:
            facts = _parameter_facts(one, words)
            text = f"{plain(one.get('name', ''))}: {text}{' · ' + facts if facts else ''}"
        shown.append(text)
    return _BREAK.join(shown)


def _parameters(experiment: Experiment, words: Words) -> str:
    models = _rows(experiment, "models")
    return _parameter_facts(models[0], words) if len(models) == 1 else ""


def _parameter_facts(model: Mapping[str, Any], words: Words) -> str:
    facts = []
    count, frozen = model.get("parameters"), model.get("frozen")
    if model.get("lazy"):
        facts.append(words("lazy"))
    elif isinstance(count, int) and count > 0:
        facts.append(words("parameter" if count == 1 else "parameters", count=amount(count)))
        if isinstance(frozen, int) and frozen > 0:
            share = 100 * frozen / count
            precise = f"{share:.0f}" if 1 <= share <= 99 else f"{share:.1f}"
            facts.append(words("all_frozen") if frozen >= count else words("frozen", share=precise))
    facts += [words(key) for key in ("tied", "quantized") if model.get(key)]
    wrapped = model.get("wrapped")
    facts += [plain(one) for one in wrapped] if isinstance(wrapped, list) else []
    return words("comma").join(facts)


def _texts(kind: str) -> Callable[[Experiment, Words], str]:
    def make(experiment: Experiment, words: Words) -> str:
        rows = _rows(experiment, kind)
        several = len({str(one.get("text")) for one in rows}) > 1
        shown = []
        for one in rows:
            text = plain(shorten(str(one.get("text") or ""), _LONGEST))
            shown.append(f"{plain(one.get('name', ''))}: {text}" if several and one.get("name") else text)
        return _BREAK.join(dict.fromkeys(filter(None, shown)))

    return make


def _data(experiment: Experiment, words: Words) -> str:
    sets: dict[str, list[str]] = {}
    for one in _rows(experiment, "loaders"):
        size, role = one.get("size"), one.get("role")
        number = f"{size:,}" if isinstance(size, int) else words("stream") if one.get("stream") else ""
        if role in ("train", "val", "test"):
            number = words(f"role_{role}", size=number).strip()
        elif one.get("name"):
            number = f"{plain(one['name'])} {number}".strip()
        sets.setdefault(plain(one.get("dataset") or ""), []).append(number)
    shown = []
    for name, sizes in sets.items():
        numbers = words("comma").join(dict.fromkeys(filter(None, sizes)))
        shown.append(f"{name}{words('colon')}{numbers}" if name and numbers else name or numbers)
    return _BREAK.join(shown)


def _batch_size(experiment: Experiment, words: Words) -> str:
    size, steps = experiment.description.get("batch_size"), experiment.description.get("accumulation")
    if not isinstance(size, int):
        known = [experiment.hyperparameters.get(name) for name in ("batch_size", "bs")]
        size = next((one for one in known if isinstance(one, int)), None)
    if size is None:
        return ""
    if isinstance(steps, int) and steps > 1:
        return words("accumulated", size=size, steps=steps, all=size * steps)
    return words("batch_size", size=size)


def _hyperparameters(experiment: Experiment, words: Words) -> str:
    shown = [
        f"{name} {value_text(value)}"
        for name, value in experiment.hyperparameters.items()
        if str(name).lower() not in _SHOWN_ELSEWHERE
    ]
    return plain(shorten(", ".join(shown), _LONGEST))


def _device(experiment: Experiment, words: Words) -> str:
    found = experiment.description.get("devices")
    parts = [plain(one) for one in found] if isinstance(found, list) else []
    precision = experiment.description.get("precision")
    return " · ".join([*dict.fromkeys(parts), *([plain(precision)] if precision else [])])


def _seeds(experiment: Experiment, words: Words) -> str:
    found = experiment.description.get("seeds")
    seeds = [(str(one[0]), str(one[1])) for one in _lists(found) if len(one) == 2]
    if len({value for _, value in seeds}) == 1:
        return plain(seeds[0][1])
    return plain(", ".join(f"{name} {value}" for name, value in seeds))


def _best(experiment: Experiment, words: Words) -> str:
    best, metric = experiment.best, experiment.metric
    if best is None or metric is None or metric not in best.metrics:
        return ""
    return f"{_value(experiment, metric, best.metrics[metric])} {plain(metric)} {_at(best, words)}".strip()


def _trend(experiment: Experiment, words: Words) -> str:
    drawn = bars(experiment.trend)
    unnamed = experiment.best is None and experiment.metric is not None
    named = f"{plain(experiment.metric)} " if unnamed else ""
    return f"{named}{drawn}" if drawn else ""


def _last(experiment: Experiment, words: Words) -> str:
    last = experiment.last
    if last is None:
        return ""
    parts = []
    epochs = experiment.description.get("epochs")
    if last.epoch is not None:
        known = isinstance(epochs, int) and 0 < last.epoch + 1 <= epochs
        phrase = "of_epochs" if known else "epoch"
        parts.append(words(phrase, epoch=last.epoch, done=last.epoch + 1, epochs=epochs))
    if last.step is not None:
        parts.append(words("step", step=f"{last.step:,}"))
    names = sorted(last.metrics, key=lambda name: name != experiment.metric)[:_MOST_METRICS]
    parts += [f"{plain(name)} {_value(experiment, name, last.metrics[name])}" for name in names]
    return words("comma").join(parts)


def _duration(experiment: Experiment, words: Words) -> str:
    return words.duration(experiment.duration)


def _resumes(experiment: Experiment, words: Words) -> str:
    parts = [
        words.times("once", "resumed", experiment.resumes),
        words.times("interrupted_once", "interrupted", experiment.interruptions),
        words.times("stopped_once", "stopped", experiment.stops),
        words("forked", parent=code(experiment.parent)) if experiment.parent else "",
    ]
    return words("comma").join(part for part in parts if part)


def _best_path(experiment: Experiment, words: Words) -> str:
    best, last = experiment.best_kept, experiment.last_kept
    shown = _kept(best, words)
    return f"{shown} · {words('also_last')}" if best is not None and best == last else shown


def _last_path(experiment: Experiment, words: Words) -> str:
    """Empty when it is the best one too."""
    best, last = experiment.best_kept, experiment.last_kept
    return "" if best is not None and last is not None and best.name == last.name else _kept(last, words)


def _notes(experiment: Experiment, words: Words) -> str:
    return _BREAK.join(
        f"{code(_place_in(name))}{words('colon')}{plain(shorten(note, _LONGEST))}" for name, note in experiment.notes
    )


def _run(experiment: Experiment, words: Words) -> str:
    return code(experiment.run)


def _versions(experiment: Experiment, words: Words) -> str:
    python, packages = experiment.environment.get("python"), experiment.environment.get("packages")
    found = [f"Python {plain(python)}"] if isinstance(python, str) else []
    for name, version in packages.items() if isinstance(packages, dict) else ():
        found.append(f"{plain(name)} {plain(version)}")
    return " · ".join(found)


def _git(experiment: Experiment, words: Words) -> str:
    git = experiment.environment.get("git")
    if not isinstance(git, dict) or not isinstance(git.get("commit"), str):
        return ""
    more = [plain(git["branch"])] if git.get("branch") not in (None, "", "HEAD") else []
    more += [words("changed")] if git.get("dirty") else []
    shown = words("git", commit=code(git["commit"][:10]))
    return f"{shown} ({words('comma').join(more)})" if more else shown


_VALUES: Mapping[str, Callable[[Experiment, Words], str]] = {
    "title": _title,
    "name": _name,
    "when": _when,
    "best": _best,
    "trend": _trend,
    "last": _last,
    "model": _model,
    "parameters": _parameters,
    "loss": _texts("losses"),
    "optimizer": _texts("optimizers"),
    "scheduler": _texts("schedulers"),
    "data": _data,
    "batch_size": _batch_size,
    "transforms": _texts("transforms"),
    "hyperparameters": _hyperparameters,
    "device": _device,
    "seeds": _seeds,
    "duration": _duration,
    "resumes": _resumes,
    "best_path": _best_path,
    "last_path": _last_path,
    "notes": _notes,
    "run": _run,
    "versions": _versions,
    "git": _git,
}
VALUE_NAMES = tuple(_VALUES)
"""What a template can name."""


def _rows(experiment: Experiment, kind: str) -> list[Mapping[str, Any]]:
    found = experiment.description.get(kind)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _lists(found: Any) -> Iterable[Sequence[Any]]:
    return [one for one in found if isinstance(one, list)] if isinstance(found, list) else []


def _value(experiment: Experiment, metric: str, value: float) -> str:
    return measured(metric, value, unit=metric in experiment.units)


def _at(place: Place, words: Words) -> str:
    if place.epoch is not None:
        return words("at_epoch", epoch=place.epoch)
    return words("at_step", step=f"{place.step:,}") if place.step is not None else ""


def _kept(kept: Kept | None, words: Words) -> str:
    if kept is None:
        return ""
    known = kept.durability in ("persistent", "session", "ephemeral", "unknown")
    return code(kept.path) + (f" · {words(str(kept.durability))}" if known else "")


def _place_in(name: str) -> str:
    """``epoch-0008`` of ``epoch-0008_step-00012500_20260405-142301``."""
    head = name.partition("_")[0]
    return head if head.startswith(("epoch-", "step-")) else name
