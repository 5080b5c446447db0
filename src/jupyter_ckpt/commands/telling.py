"""The verb tell: ask a training that is busy, in whatever kernel it runs, to save or to stop."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from jupyter_ckpt.commands.verb import Answer, Parser, Verb
from jupyter_ckpt.errors import UsageProblem

if TYPE_CHECKING:
    from jupyter_ckpt.session.store_session import StoreSession

_PATIENCE_S = 10.0


def _options(parser: Parser) -> None:
    from jupyter_ckpt.store.mailbox import VERBS as asked

    parser.add_argument("run", metavar="RUN", help="the run, or an unmistakable beginning of its name")
    parser.add_argument("verb", choices=asked, help="save: save now, go on; stop: save, then end the cell")
    parser.add_argument(
        "--wait", type=float, default=_PATIENCE_S, metavar="SECONDS", help="for the answer (default: 10)"
    )


def _tell(session: StoreSession, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.display.notice import notice_view
    from jupyter_ckpt.store.mailbox import Mailbox

    if not 0 <= args.wait <= 3600:
        raise UsageProblem(f"--wait {args.wait:g}: between 0 and 3600 seconds")
    folder = session.folder_of(args.run)
    if folder.name == getattr(session, "run_id", None) and args.command.startswith("%"):
        raise UsageProblem(f"{folder.name} is this kernel's own run: {args.command} save saves, Stop stops")
    box = Mailbox(folder)
    id = box.post(args.verb)
    deadline = time.monotonic() + args.wait
    while (answer := box.answer_of(id)) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    if answer is None:
        text = (
            f"no answer from {folder.name} within {args.wait:g} s: either no training of it is running, or it is"
            " inside an epoch of a plain loop and answers at its next save (what was asked stays valid ten minutes)"
        )
        data = {"id": id, "answered": False, "ok": None, "text": text}
        return Answer(notice_view(text), data=data, failed=True)
    data = {"id": id, "answered": True, "ok": answer.ok, "text": answer.text}
    return Answer(notice_view(f"{folder.name}: {answer.text}"), data=data, failed=not answer.ok)


def _all_options(parser: Parser) -> None:
    from jupyter_ckpt.commands.looking import json_option

    _options(parser)
    json_option(parser)


VERBS = (
    Verb(
        "tell",
        "Ask a training that is busy, in any kernel, to save now or to stop after its step.",
        [
            ("resnet18_lr0.001 save", "save after the batch at hand, and go on"),
            ("resnet18_lr0.001 stop", "save, then end the cell: running it again goes on there"),
        ],
        _all_options,
        _tell,
    ),
)
