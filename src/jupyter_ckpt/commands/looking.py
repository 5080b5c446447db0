"""The verbs that only look: status, list, show, diff, verify, storage."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.commands.verb import Answer, Parser, Verb
from jupyter_ckpt.errors import UnknownName, UsageProblem

if TYPE_CHECKING:
    from jupyter_ckpt.session.store_session import StoreSession
    from jupyter_ckpt.store.checkpoint import Checkpoint
    from jupyter_ckpt.store.metric_mode import Mode

_LIMIT = 50
_COLUMNS = 4


def run_option(parser: Parser) -> None:
    """``--run``, for every verb that takes a checkpoint."""
    parser.add_argument("--run", metavar="RUN", help="the run to look in (its beginning is enough)")


def json_option(parser: Parser) -> None:
    """``--json``, for scripts."""
    parser.add_argument("--json", action="store_true", help="plain JSON for scripts")


def summary(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint in ``--json``."""
    one = checkpoint.summary
    return {
        "ref": checkpoint.ref,
        "run": checkpoint.run,
        "name": checkpoint.name,
        "path": str(checkpoint.path),
        "time": checkpoint.time,
        "epoch": checkpoint.epoch,
        "step": checkpoint.step,
        "next_epoch": one.next_epoch,
        "mid_epoch": one.mid_epoch,
        "metrics": checkpoint.metrics,
        "tags": list(checkpoint.tags),
        "note": checkpoint.note,
        "pinned": checkpoint.pinned,
        "verified": checkpoint.verified,
        "size": checkpoint.size,
        "parent": one.parent,
        "reason": one.reason,
    }


def _status(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.status import status_view

    found = session.status()
    return Answer(status_view(found, command=args.command), data=found)


def _list_options(parser: Parser) -> None:
    run_option(parser)
    parser.add_argument("--all", action="store_true", help="all runs of the store, not only this notebook's")
    parser.add_argument("--metric", help="the metric to show first and to draw")
    parser.add_argument("--limit", type=int, default=_LIMIT, metavar="N", help=f"at most so many (default {_LIMIT})")
    json_option(parser)


def _list(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.checkpoints import list_view
    from jupyter_ckpt.display.notice import notice_view
    from jupyter_ckpt.display.view import join

    if args.limit < 1:
        raise UsageProblem(f"--limit {args.limit}: at least 1")
    found = session.list(args.run, everywhere=args.all)
    if args.metric and not any(args.metric in one.metrics for one in found):
        names = sorted({name for one in found for name in one.metrics})
        raise UnknownName(f"--metric {args.metric}: no checkpoint has it; there are {', '.join(names) or 'none'}")
    columns, mode = _columns(session, found)
    view = list_view(
        found,
        runs=session.runs(everywhere=True),
        metric=args.metric or columns,
        mode=None if args.metric else mode,
        current=session.held,
        limit=args.limit,
        command=args.command,
    )
    if not found:
        view = join([view, notice_view(f"looked in {session.store}{_elsewhere(session, args)}")])
    return Answer(view, data=[summary(one) for one in found[: args.limit]])


def _elsewhere(session: StoreSession, args: argparse.Namespace) -> str:
    """What else the store holds, when this notebook has nothing in it."""
    others = [] if args.all or args.run else [run for run in session.runs(everywhere=True) if run.checkpoints]
    if not others:
        return ""
    count = f"{len(others)} other run{'s' if len(others) > 1 else ''}"
    return f", which has checkpoints of {count}: `{args.command} list --all`"


def _columns(session: StoreSession, found: list[Checkpoint]) -> tuple[list[str] | None, Mode | None]:
    """The metrics to show, first the one that ``best`` means, and its better direction: list and resume agree."""
    from jupyter_ckpt.session.looking import pick_metric

    try:
        best, mode, _ = pick_metric(found, session.policy)
    except UsageProblem:
        return None, None
    names = dict.fromkeys([best, *(name for one in found for name in one.metrics)])
    return list(names)[:_COLUMNS], mode


def _show_options(parser: Parser) -> None:
    parser.add_argument("target", nargs="?", default="latest", help="a checkpoint (default: the latest)")
    run_option(parser)
    parser.add_argument("--code", action="store_true", help="with the sources of its classes")
    json_option(parser)


def _show(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.show import show_view

    found = session.show(args.target, args.run)
    return Answer(
        show_view(found, code=args.code, command=args.command), data={**found.record.to_json(), **summary(found)}
    )


def _diff_options(parser: Parser) -> None:
    parser.add_argument("first", help="a checkpoint")
    parser.add_argument("second", nargs="?", default="latest", help="another one (default: the latest)")
    run_option(parser)
    json_option(parser)


def _diff(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.diff import diff_view

    found = session.diff(args.first, args.second, args.run)
    return Answer(diff_view(found), data=found.to_json())


def _verify_options(parser: Parser) -> None:
    parser.add_argument("target", nargs="?", help="one checkpoint (default: all of this notebook)")
    run_option(parser)
    parser.add_argument("--all", action="store_true", help="all of the store")
    json_option(parser)


def _verify(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.verification import verification_view

    found = session.verify(args.target, args.run, everywhere=args.all)
    data: list[dict[str, Any]] = [
        {"ref": one.ref, "path": str(one.path), "problems": problems} for one, problems in found
    ]
    damaged = session.damaged() if args.target is None else []
    data += [{"ref": None, "path": str(path), "problems": [why]} for path, why in damaged]
    return Answer(verification_view(found, damaged), data=data, failed=any(row["problems"] for row in data))


def _storage_options(parser: Parser) -> None:
    parser.add_argument("action", nargs="?", choices=["use"], help="choose the store")
    parser.add_argument("path", nargs="?", help="its folder")
    parser.add_argument("--force", action="store_true", help="also a place that is less safe than another one here")
    json_option(parser)


def _storage(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.notice import notice_view
    from jupyter_ckpt.display.storage import storage_json, storage_view
    from jupyter_ckpt.display.view import join
    from jupyter_ckpt.volumes import assess

    said = []
    if args.action == "use":
        if not args.path:
            raise UsageProblem("which folder? As in `storage use /workspace/models`")
        chosen = session.use_storage(args.path, force=args.force)
        said.append(notice_view(f"checkpoints go to {chosen.path} now; remembered for {session.origin.path}"))
    found = session.storage()
    chosen, here = session.choice, assess(session.origin.folder)
    about = (found, Path(chosen.path), here, chosen.assessment)
    view = storage_view(*about, command=args.command)
    if chosen.how != "found":  # else the table says why
        said.append(notice_view(f"the store is {chosen.path}, because {chosen.why}"))
    return Answer(join([*said, view]), data=storage_json(*about))


VERBS = (
    Verb(
        "status",
        "Where saves go, how safe that is, what is saved, and the last save.",
        [("", "")],
        json_option,
        _status,
    ),
    Verb(
        "list",
        "The checkpoints, newest first.",
        [("", "of this notebook"), ("--all", "of all runs in the store"), ("--metric val_acc", "")],
        _list_options,
        _list,
    ),
    Verb(
        "show",
        "Everything about one checkpoint.",
        [("", "the latest"), ("best", ""), ("epoch-0008 --code", "with the sources of its classes")],
        _show_options,
        _show,
    ),
    Verb(
        "diff",
        "What differs between two checkpoints: settings, metrics, environment, code, tensors.",
        [("best", "the best and the latest"), ("epoch-0001 epoch-0008", "")],
        _diff_options,
        _diff,
    ),
    Verb(
        "verify",
        "Re-read every byte and compare it with what was committed.",
        [("", "all of this notebook"), ("best", ""), ("--all", "the whole store")],
        _verify_options,
        _verify,
    ),
    Verb(
        "storage",
        "Every volume, what it survives, and which one is used.",
        [("", ""), ("use /workspace/models", "keep checkpoints there, now and next time"), ("--json", "")],
        _storage_options,
        _storage,
    ),
)
