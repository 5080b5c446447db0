"""The verbs that work on the live training: track, untrack, run, save, resume, extract."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.commands.verb import Answer, Parser, Verb, key_values
from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.store.catalog import close_matches

if TYPE_CHECKING:
    from jupyter_ckpt.session.checkpointer import Checkpointer


def _track_options(parser: Parser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="names of variables; none: show what would be saved")


def _track(session: Checkpointer, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.tracked import tracked_view

    items = session.track(*args.names) if args.names else session.tracked(strict=True)
    return Answer(tracked_view(items, command=args.command), data=[item.to_json() for item in items])


def _untrack(session: Checkpointer, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.tracked import tracked_view

    return Answer(tracked_view(session.untrack(*args.names), command=args.command))


def _run_options(parser: Parser) -> None:
    parser.add_argument("name", nargs="?", help="the run's id; without it one is made of model, settings and time")
    parser.add_argument("--hparam", nargs="+", default=[], metavar="NAME[=VALUE]", help="hyper-parameters")
    parser.add_argument("--new", action="store_true", help="start a new run even when one like it exists")


def _run(session: Checkpointer, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.notice import notice_view

    given, names = key_values(args.hparam, "--hparam")
    values: dict[str, Any] = {}
    here = session.names
    for name in names:
        if name not in here:
            raise UnknownName(f"--hparam {name}: there is no variable of that name{_near(session, name)}")
        values[name] = here[name]
    values |= {name: _literal(text) for name, text in given.items()}
    return Answer(notice_view(session.run(args.name, new=args.new, **values)))


def _save_options(parser: Parser) -> None:
    parser.add_argument("--epoch", help="default: the variable `epoch`")
    parser.add_argument("--step", help="default: the variable `global_step` or `step`")
    parser.add_argument(
        "--metric", nargs="+", default=[], metavar="NAME[=VALUE]", help="variables to read, or name=value"
    )
    parser.add_argument("--tag", nargs="+", default=[], metavar="TAG", help="words to find it by")
    parser.add_argument("--note", default="", help="a sentence about it")
    parser.add_argument("--wait", action="store_true", help="return when it is durable, not when it is copied")


def _save(session: Checkpointer, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.receipts import save_view

    here = session.names
    metrics, missing = _metrics(args.metric, here)
    receipt = session.save(
        _whole(here, args.epoch, "--epoch"),
        _whole(here, args.step, "--step"),
        metrics,
        args.tag,
        args.note,
        args.wait or None,
    )
    if missing is not None:  # an epoch of work is worth more than a number
        raise type(missing)(f"{missing}; {receipt.record.name} was saved without it")
    return Answer(save_view(receipt), in_flight=receipt.in_flight)


def _metrics(words: list[str], here: Mapping[str, Any]) -> tuple[dict[str, Any] | None, UsageProblem | None]:
    """Values by name, and what is wrong with one of them."""
    from jupyter_ckpt.session.standing import read_metrics

    if not words:
        return None, None
    given, names = key_values(words, "--metric")
    found: dict[str, Any] = {name: _metric(name, text) for name, text in given.items()}
    missing: UsageProblem | None = None
    for name in names:
        try:
            found |= read_metrics([name], here)
        except UsageProblem as error:
            missing = missing or error
    return found, missing


def _resume_options(parser: Parser) -> None:
    parser.add_argument(
        "target", nargs="?", default="latest", help="latest (default), best, best:METRIC, a name, RUN/NAME, a file"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these objects or kinds: model, optimizer, …")
    parser.add_argument("--no-strict", action="store_true", help="load what fits, list the rest (transfer learning)")
    parser.add_argument("--map-location", metavar="DEVICE", help="move models there: cpu, cuda:1")


def _resume(session: Checkpointer, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.receipts import resume_view

    receipt = session.resume(args.target, only=args.only, strict=not args.no_strict, map_location=args.map_location)
    return Answer(resume_view(receipt), value=receipt.next_epoch, data=receipt.to_json())


def _extract_options(parser: Parser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME", help="classes, functions, or objects of those classes")
    parser.add_argument("file", help="the module to write, such as src/models.py")
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def _extract(session: Checkpointer, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.notice import notice_view

    path = session.extract(*args.names, to=args.file, force=args.force)
    return Answer(notice_view(f"wrote {', '.join(args.names)} and what they need to {path}"))


def _near(session: Checkpointer, name: str) -> str:
    return close_matches(name, [key for key in session.names if not key.startswith("_")])


def _literal(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value if isinstance(value, (int, float, str, bool)) else text


def _metric(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageProblem(f"--metric {name}={text}: {text[:40]!r} is not a number") from None


def _whole(names: Mapping[str, Any], text: str | None, option: str) -> int | None:
    """A number, or the name of a variable that holds one."""
    if text is None:
        return None
    value: Any = names.get(text, text)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise UsageProblem(f"{option} {text}: not a whole number, nor a variable that holds one") from None


VERBS = (
    Verb(
        "track",
        "Name what to save, instead of having it found.",
        [("", "show what a save would save now"), ("model optimizer scheduler history", "save exactly these")],
        _track_options,
        _track,
        needs_kernel=True,
    ),
    Verb(
        "untrack",
        "Stop saving these; without names everything is found by itself again.",
        [("history", ""), ("", "find everything by itself again")],
        _track_options,
        _untrack,
        needs_kernel=True,
    ),
    Verb(
        "run",
        "Name or describe the run that saves go to; one like it is gone on with, else it begins with the first save.",
        [
            ("--hparam lr batch_size", "this notebook's run with these values of lr and batch_size"),
            ("--hparam lr=0.01 --new", "a new one whatever exists"),
            ("baseline", "the run called baseline"),
        ],
        _run_options,
        _run,
        needs_kernel=True,
    ),
    Verb(
        "save",
        "Save the training state now.",
        [
            ("", "epoch and step are read from the notebook"),
            ("--metric loss acc", "with the values of the variables loss and acc"),
            ('--metric acc=0.982 --tag good --note "before unfreezing"', ""),
        ],
        _save_options,
        _save,
        needs_kernel=True,
    ),
    Verb(
        "resume",
        "Put the training back to a checkpoint and give the epoch to go on with (0: nothing to resume).",
        [
            ("", "the latest of this notebook: start_epoch = %ckpt resume"),
            ("best", "the best one by its metric"),
            ("epoch-0008", "the newest of epoch 8"),
            ("other/pretrained.pt --only model --no-strict", "transfer learning: the weights that fit"),
        ],
        _resume_options,
        _resume,
        needs_kernel=True,
    ),
    Verb(
        "extract",
        "Write classes that were defined in the notebook to a module.",
        [("model src/models.py", "the class of `model`, with all it needs"), ("SimpleNet train_step src/net.py", "")],
        _extract_options,
        _extract,
        needs_kernel=True,
    ),
)
