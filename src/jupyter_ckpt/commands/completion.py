"""What Tab offers after ``%ckpt``."""

from __future__ import annotations

import argparse
import contextlib
import shlex
from typing import Any

from jupyter_ckpt.commands import VERBS, verb_names
from jupyter_ckpt.errors import CkptError

_MOST = 200
_TARGETS = ("resume", "show", "diff", "verify", "pin", "unpin", "tag", "untag", "note", "rm", "export")
_TRACKABLE = ("track", "untrack", "extract")


def completions(session: Any, text: str) -> list[str]:
    """Words that fit where the cursor is.

    Parameters
    ----------
    session : Checkpointer
        Knows runs, checkpoints and the user's names.
    text : str
        What was typed after ``%ckpt``, up to the cursor.
    """
    words, last = _split(text)
    if not words:
        return [name for name in verb_names(kernel=True) if name.startswith(last)]
    if words[0] == "help":
        return [name for name in verb_names(kernel=True) if name.startswith(last)]
    verb = VERBS.get(words[0])
    if verb is None:
        return []
    parser = verb.parser("%ckpt")
    option = next((word for word in reversed(words[1:]) if word.startswith("--")), None)
    if last.startswith("-"):
        flags = [flag for action in parser._actions for flag in action.option_strings]
        return [flag for flag in flags if flag.startswith(last) and flag not in words]
    return [word for word in _values(session, parser, words, option) if word.startswith(last)][:_MOST]


def _split(text: str) -> tuple[list[str], str]:
    try:
        words = shlex.split(text)
    except ValueError:  # an open quote
        words = text.split()
    last = "" if not text or text[-1].isspace() or not words else words.pop()
    return words, last


def _values(session: Any, parser: argparse.ArgumentParser, words: list[str], option: str | None) -> list[str]:
    verb = words[0]
    following = words.index(option) + 1 if option else 0
    action = next((a for a in parser._actions if option in a.option_strings), None) if option else None
    takes_many = action is not None and action.nargs == "+"
    if action is not None and action.nargs != 0 and (takes_many or len(words) == following):
        return _option_values(session, verb, action)
    if verb in _TRACKABLE:
        return _names(session)
    if verb == "run" or (verb == "tell" and len(words) == 1):
        return [run.id for run in session.runs(everywhere=True)]
    if verb == "tell":
        return ["save", "stop"]
    if verb == "record":
        return sorted(path.name for path in session.origin.folder.glob("*.ipynb"))
    if verb == "storage":
        return ["use"] if len(words) == 1 else []
    return _checkpoints(session, verb) if verb in _TARGETS else []


def _option_values(session: Any, verb: str, action: argparse.Action) -> list[str]:
    flag = action.option_strings[-1]
    if action.choices:
        return [str(choice) for choice in action.choices]
    if flag == "--run":
        return [run.id for run in session.runs(everywhere=True)]
    if flag == "--only":
        with contextlib.suppress(CkptError):
            return [item.name for item in session.tracked()] + ["model", "optimizer", "scheduler", "rng", "data"]
    if flag == "--metric" and verb != "save":
        return sorted({name for one in session.list() for name in one.metrics})
    if flag in ("--metric", "--hparam"):
        return [name for name in _names(session) if _may_be_measured(session.namespace[name])]
    if flag == "--tag":
        return sorted({tag for one in session.list() for tag in one.tags})
    if flag == "--language":
        return ["en", "zh_CN"]
    return ["cpu", "cuda"] if flag == "--map-location" else []


def _checkpoints(session: Any, verb: str) -> list[str]:
    found = session.list() or session.list(everywhere=True)
    words = ["latest", "best"] if verb in ("resume", "show", "diff", "pin", "tag", "note", "export", "verify") else []
    best = [f"best:{name}" for name in sorted({name for one in found for name in one.metrics})] if words else []
    return words + best + [one.name for one in found] + [one.ref for one in found]


def _may_be_measured(value: Any) -> bool:
    """A number, a list of them, or what turns into one: a tensor, a numpy scalar."""
    return issubclass(type(value), (int, float, list)) or hasattr(type(value), "__float__")


def _names(session: Any) -> list[str]:
    hidden = ("In", "Out", "exit", "quit", "get_ipython", "open")
    return [name for name in session.namespace if not name.startswith("_") and name not in hidden]
