"""From the word given to ``resume`` to a checkpoint that was read and verified."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_ckpt.errors import CkptError, CorruptCheckpoint, UnknownName, UsageProblem
from jupyter_ckpt.session.current_run import RunWish, runs_of
from jupyter_ckpt.session.looking import is_path, pick_metric, ranked, read_word
from jupyter_ckpt.session.resuming import Found, first_good, open_checkpoint, open_file
from jupyter_ckpt.state.tracked import Tracked
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.marks import mark_verified

_MOST = 3
"""Lines about what could not be read."""

if TYPE_CHECKING:
    from jupyter_ckpt.session.checkpointer import Checkpointer


def locate(
    session: Checkpointer, target: str, tracked: Sequence[Tracked], *, explicit: bool
) -> tuple[Found | None, list[str]]:
    """Find, read and verify what ``target`` means.

    Parameters
    ----------
    session : Checkpointer
        Whose store and run are meant.
    target : str
        See `Checkpointer.resume`.
    tracked : sequence of Tracked
        The live objects; a file of others is understood by them.
    explicit : bool
        Something of it was asked for by name: then nothing to resume is no good answer, even the first time.

    Returns
    -------
    found, remarks : Found or None, list of str
        None when there is nothing to resume: the first time.

    Raises
    ------
    UnknownName, UsageProblem, CorruptCheckpoint, RefusedFile
        See `Checkpointer.resume`.
    """
    session.settle()
    if "://" in target:
        raise UsageProblem(f"{target}: addresses cannot be resumed from: copy the file to a folder first")
    if is_path(target):
        return open_file(Path(os.path.abspath(os.path.expanduser(target))), tracked, session.watch), []
    wanted = read_word(target)
    if wanted is None:
        return _open_named(session, session.find(target)), []
    word, metric = wanted
    pool, remarks = _own_checkpoints(session)
    if not pool and (explicit or word == "best"):
        hint = f": {remarks[-1]}" if remarks else ""
        raise UnknownName(f"{target}: {session.origin.title} has no checkpoint in {session.store} yet{hint}")
    if not pool:
        return None, [] if session.held is not None else remarks
    if word == "best":
        name, mode, remark = pick_metric(pool, session.policy, metric)
        pool = ranked(pool, name, mode)
        remarks += [remark] if remark else []
    return first_good(pool, session.watch, _remember_damage), remarks


def _open_named(session: Checkpointer, checkpoint: Checkpoint) -> Found:
    """One that the user asked for by name: another one in its place would be a surprise."""
    try:
        return open_checkpoint(checkpoint, session.watch)
    except CorruptCheckpoint as error:
        _remember_damage(checkpoint, str(error))
        others = [c for c in session.list(checkpoint.run) if c.name != checkpoint.name and c.verified != "corrupt"]
        cure = f"; `%ckpt resume {others[0].name}` takes another one" if others else ""
        raise CorruptCheckpoint(f"{error}; nothing was changed{cure}") from error


def _own_checkpoints(session: Checkpointer) -> tuple[list[Checkpoint], list[str]]:
    """Newest first: of the present run, else of this notebook's newest run that is meant and has any."""
    if not session.store.is_dir():
        return [], []
    catalog = Catalog(session.store)
    run = session.run_id
    if run is None:
        runs = runs_of(session.store, session.origin, session.wish)
        run = next((one.id for one in runs if one.checkpoints), runs[0].id if runs else None)
    if run is not None:
        found = catalog.checkpoints(run)
        return found, [
            f"{path.name} was passed over: {why}" for path, why in catalog.damaged if path.suffix == ".json"
        ]
    others = [one for one in catalog.runs() if one.checkpoints]
    unread = [f"{path} was passed over: {why}" for path, why in catalog.damaged[:_MOST]]
    if session.wish != RunWish() or not others:
        return [], unread
    count = f"{len(others)} other run{'s' if len(others) > 1 else ''}"
    newest = catalog.checkpoints(others[0].id)[0]
    here = f"{session.store} has checkpoints of {count}, not of {session.origin.title}"
    more = f", {others[0].id}/best the best of that run" if others[0].best else ""
    return [], [*unread, f"{here}: `%ckpt resume {newest.ref}` takes the newest{more}"]


def _remember_damage(checkpoint: Checkpoint, why: str) -> None:
    with contextlib.suppress(CkptError):  # a read-only store can be resumed from too
        mark_verified(Journal(checkpoint.folder), checkpoint.name, ok=False, why=why[:500])
