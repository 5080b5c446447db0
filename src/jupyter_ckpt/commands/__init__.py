"""The verbs, shared by the notebook's ``%ckpt`` and the shell's ``jupyter ckpt``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from jupyter_ckpt.commands import care, looking, panel, recording, telling, training
from jupyter_ckpt.commands.verb import Answer, HelpWanted, Verb
from jupyter_ckpt.errors import UnknownName
from jupyter_ckpt.store.catalog import close_matches

ORDER = (
    "status", "track", "untrack", "run", "save", "resume", "keep", "prune", "list", "show", "diff", "verify", "pin",
    "unpin", "tag", "untag", "note", "rm", "undo", "trash", "export", "storage", "extract", "record", "tell",
    "panel",
)  # fmt: skip
_ALIASES = {
    "load": "resume", "restore": "resume", "continue": "resume", "checkpoint": "save", "ls": "list", "log": "list",
    "info": "show", "delete": "rm", "remove": "rm", "del": "rm", "compare": "diff", "check": "verify",
    "new": "run --new", "clean": "prune", "gc": "prune", "where": "storage", "volumes": "storage", "help": "-h",
}  # fmt: skip
"""Other people's words for the verbs."""
_PARTS = (looking, training, care, recording, telling, panel)
VERBS: dict[str, Verb] = {verb.name: verb for part in _PARTS for verb in part.VERBS}


def execute(session: Any, words: Sequence[str], prefix: str, *, kernel: bool) -> tuple[Answer, Any]:
    """Do what the words say.

    Parameters
    ----------
    session : Checkpointer or StoreSession
        What to work on.
    words : sequence of str
        The verb and its arguments; none means ``status``.
    prefix : str
        How the surface is called: ``%ckpt``.
    kernel : bool
        Whether there are live objects to work on.

    Returns
    -------
    answer, arguments : Answer, argparse.Namespace

    Raises
    ------
    HelpWanted
        When help was asked for.
    CkptError
        For whatever goes wrong; fit to be shown.
    """
    words = list(words)
    if any(word.startswith("#") for word in words):  # a comment after the command
        words = words[: next(i for i, word in enumerate(words) if word.startswith("#"))]
    name, *rest = words or ["status"]
    if name in ("-h", "--help", "help"):
        if rest and rest[0] in VERBS:
            raise HelpWanted(VERBS[rest[0]].parser(prefix).format_help())
        raise HelpWanted(overview(prefix, kernel=kernel))
    verb = VERBS.get(name)
    if verb is None:
        known = ", ".join(verb_names(kernel=kernel))
        meant = _ALIASES.get(name.lower())
        near = f": did you mean {meant}?" if meant else close_matches(name, VERBS)
        raise UnknownName(f"{prefix} {name[:40]}: no such verb{near or f'; there are {known}'}")
    args = verb.parser(prefix).parse_args(rest, argparse.Namespace(command=prefix))
    if verb.needs_kernel and not kernel:
        raise UnknownName(f"{prefix} {name}: it works on live objects, so it is for the notebook only (after %ckpt)")
    return verb.run(session, args), args


def verb_names(*, kernel: bool) -> list[str]:
    """The verbs there are, in the order of a training's life."""
    return [name for name in ORDER if kernel or not VERBS[name].needs_kernel]


def overview(prefix: str, *, kernel: bool) -> str:
    """All verbs, one line each."""
    lines = [f"  {name:<9} {VERBS[name].help}" for name in verb_names(kernel=kernel)]
    lead = "Training checkpoints that survive the container."
    tail = f"`{prefix} VERB -h` has options and examples."
    return "\n".join([lead, "", f"usage: {prefix} [VERB] [options]", "", *lines, "", tail])


__all__ = ["VERBS", "Answer", "HelpWanted", "Verb", "execute", "overview", "verb_names"]
