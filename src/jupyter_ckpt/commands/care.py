"""The verbs that look after checkpoints: keep, prune, pin, tag, note, rm, undo, trash, export."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.commands.looking import json_option, run_option
from jupyter_ckpt.commands.verb import Answer, Parser, Verb
from jupyter_ckpt.errors import UsageProblem

if TYPE_CHECKING:
    from jupyter_ckpt.session.store_session import StoreSession
    from jupyter_ckpt.store.preservation import KeepPolicy

_WISHES = ("last", "best", "metric", "mode", "every_epochs", "every_steps", "hourly", "daily", "budget")


def _policy_options(parser: Parser) -> None:
    parser.add_argument("--last", type=int, metavar="N", help="the newest N")
    parser.add_argument("--best", type=int, metavar="N", help="the best N by --metric")
    parser.add_argument("--metric", metavar="NAME", help="what is measured")
    parser.add_argument("--mode", choices=["min", "max"], help="which way is better; known for well-known names")
    parser.add_argument("--every-epochs", type=int, metavar="N", help="every N-th epoch")
    parser.add_argument("--every-steps", type=int, metavar="N", help="every N-th step")
    parser.add_argument("--hourly", type=int, metavar="N", help="the newest of each of the last N hours")
    parser.add_argument("--daily", type=int, metavar="N", help="the newest of each of the last N days")
    parser.add_argument("--tag", nargs="+", metavar="TAG", help="all with one of these tags")
    parser.add_argument("--budget", metavar="SIZE", help="at most so much in all: 20GB")


def _policy(args: argparse.Namespace) -> KeepPolicy | None:
    from jupyter_ckpt.store.preservation import KeepPolicy

    wishes = {name: getattr(args, name) for name in _WISHES if getattr(args, name) is not None}
    if args.tag:
        wishes["tags"] = args.tag
    return KeepPolicy.parse(**wishes) if wishes else None


def _keep_options(parser: Parser) -> None:
    _policy_options(parser)
    parser.add_argument("--everything", action="store_true", help="thin out nothing any more")
    parser.add_argument("--dry-run", action="store_true", help="show what would go, set nothing")


def _keep(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.notice import notice_view
    from jupyter_ckpt.display.prune import plan_view
    from jupyter_ckpt.store.preservation import KeepPolicy

    chosen = _policy(args)
    if args.everything:
        if chosen is not None:
            raise UsageProblem("--everything keeps everything: leave the other wishes out")
        chosen = KeepPolicy()
    if chosen is None:
        present = session.policy
        text = present.describe() if present else "keeps everything"
        return Answer(notice_view(text), data=present.to_json() if present else None)
    if args.dry_run:
        return Answer(plan_view(session.prune(chosen, dry_run=True), command=args.command))
    session.keep(chosen)
    return Answer(notice_view(f"from the next save on: {chosen.describe()}", list(chosen.remarks)))


def _prune_options(parser: Parser) -> None:
    _policy_options(parser)
    run_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would go, change nothing")


def _prune(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.prune import plan_view

    report = session.prune(_policy(args), run=args.run, dry_run=args.dry_run)
    return Answer(
        plan_view(report, command=args.command),
        data={"removed": [c.ref for c, _ in report.removed], "freed": report.freed},
    )


def _target_options(parser: Parser) -> None:
    parser.add_argument("target", help="a checkpoint: latest, best, a name or its beginning, RUN/NAME")
    run_option(parser)


def _words_options(word: str, what: str) -> Any:
    def add(parser: Parser) -> None:
        _target_options(parser)
        parser.add_argument("words", nargs="+", metavar=word, help=what)

    return add


def _pin(session: StoreSession, args: argparse.Namespace) -> Answer:
    return _said(f"pinned {session.pin(args.target, args.run).ref}: no policy removes it")


def _unpin(session: StoreSession, args: argparse.Namespace) -> Answer:
    return _said(f"unpinned {session.unpin(args.target, args.run).ref}")


def _tag(session: StoreSession, args: argparse.Namespace) -> Answer:
    found = session.tag(args.target, *args.words, run=args.run)
    return _said(f"{found.ref} has the tags {', '.join(found.tags)}")


def _untag(session: StoreSession, args: argparse.Namespace) -> Answer:
    found = session.untag(args.target, *args.words, run=args.run)
    return _said(f"{found.ref} has {'the tags ' + ', '.join(found.tags) if found.tags else 'no tags'}")


def _note(session: StoreSession, args: argparse.Namespace) -> Answer:
    found = session.note(args.target, " ".join(args.words), args.run)
    return _said(f"{found.ref}: {found.note}")


def _rm_options(parser: Parser) -> None:
    parser.add_argument("targets", nargs="+", metavar="NAME", help="checkpoints")
    run_option(parser)
    parser.add_argument("--force", action="store_true", help="the last good one of its run, too")
    parser.add_argument("--dry-run", action="store_true", help="show what would go, change nothing")


def _rm(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.store.sizes import size_text

    found = {one.ref: one for one in (session.find(target, args.run) for target in args.targets)}
    if args.dry_run:
        return _said(*(f"would remove {one.ref} ({size_text(one.size)})" for one in found.values()))
    lines = []
    for ref, one in found.items():
        session.rm(ref, force=args.force)
        lines.append(f"removed {ref} ({size_text(one.size)}); `undo` brings it back within a week")
    return _said(*lines)


def _undo_options(parser: Parser) -> None:
    parser.add_argument("target", nargs="?", help="what to bring back (default: what was removed last)")


def _undo(session: StoreSession, args: argparse.Namespace) -> Answer:
    return _said(f"{session.undo(args.target).ref} is back")


def _trash_options(parser: Parser) -> None:
    parser.add_argument("--empty", action="store_true", help="delete it all for good")
    json_option(parser)


def _trash(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.prune import trash_view
    from jupyter_ckpt.store.sizes import size_text

    if args.empty:
        done = session.empty_trash()
        return _said(f"deleted {len(done.deleted)} for good, {size_text(done.freed)}")
    entries = session.trash()
    return Answer(trash_view(entries), data=[{"ref": e.ref, "size": e.size, "at": e.at} for e in entries])


def _export_options(parser: Parser) -> None:
    _target_options(parser)
    parser.add_argument("file", help="the new file: .pt or .safetensors")
    parser.add_argument("--weights-only", action="store_true", help="only the weights, for model.load_state_dict")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these tracked objects")
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def _export(session: Any, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.store.sizes import size_text

    found = session.find(args.target, args.run)
    done = session.export(found.ref, args.file, weights_only=args.weights_only, names=args.only, force=args.force)
    left = [f"left out: {', '.join(done.left_out)}"] if done.left_out else []
    return _said(f"wrote {done.path} ({size_text(done.bytes)}) from {found.ref}", *left)


def _said(text: str, *more: str) -> Answer:
    from jupyter_ckpt.display.notice import notice_view

    return Answer(notice_view(text, list(more)))


VERBS = (
    Verb(
        "keep",
        "Which checkpoints of the run are kept; applied after each save.",
        [
            ("--last 3 --best 1 --metric val_acc", "the newest three and the best one"),
            ("--last 5 --every-epochs 10 --budget 20GB", ""),
            ("--last 3 --dry-run", "show what would go"),
            ("", "show the present policy"),
        ],
        _keep_options,
        _keep,
    ),
    Verb(
        "prune",
        "Thin out the run now; what goes lies in the trash for a week.",
        [("--dry-run", "show what would go"), ("", "by the policy of the run"), ("--last 1", "by this one, once")],
        _prune_options,
        _prune,
    ),
    Verb("pin", "Keep a checkpoint whatever the policy.", [("best", ""), ("epoch-0008", "")], _target_options, _pin),
    Verb("unpin", "Undo pin.", [("best", "")], _target_options, _unpin),
    Verb(
        "tag",
        "Put tags on a checkpoint.",
        [("latest paper figure-3", "")],
        _words_options("TAG", "words to find it by"),
        _tag,
    ),
    Verb("untag", "Take tags off.", [("latest paper", "")], _words_options("TAG", "tags to take off"), _untag),
    Verb(
        "note",
        "Write a sentence about a checkpoint.",
        [("best before unfreezing the backbone", "")],
        _words_options("WORD", "the note"),
        _note,
    ),
    Verb(
        "rm",
        "Move checkpoints to the trash.",
        [("epoch-0003", ""), ("epoch-0003 --dry-run", "show what would go")],
        _rm_options,
        _rm,
    ),
    Verb(
        "undo",
        "Bring back what was removed.",
        [("", "what was removed last"), ("epoch-0003", "")],
        _undo_options,
        _undo,
    ),
    Verb(
        "trash",
        "What can still be brought back.",
        [("", ""), ("--empty", "delete it for good")],
        _trash_options,
        _trash,
    ),
    Verb(
        "export",
        "Write a stand-alone file, for people who do not use this.",
        [("best model.safetensors --weights-only", ""), ("latest everything.pt", "")],
        _export_options,
        _export,
    ),
)
