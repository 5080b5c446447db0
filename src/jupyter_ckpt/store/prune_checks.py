"""What prune must know before anything goes: what is ours, what may be pinned, and what verifies."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import CkptError, StoreError
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.marks import mark_verified, perhaps_pinned
from jupyter_ckpt.store.preservation import KeepPolicy, Plan, plan
from jupyter_ckpt.store.scan import scan_run

Verify = Callable[[Checkpoint], bool]


@dataclass
class RunState:
    """A run as read for pruning, from the files alone.

    Parameters
    ----------
    candidates : list of Checkpoint
        Those that the policy is about: valid, whole, of this run.
    protect : dict
        Names that stay, and why.
    left : list of (Path, str)
        What the policy is not about, and why.
    files : list of str
        All names in the folder.
    events : list of dict
        The journal.
    hosts : set of str
        Hosts that the run's papers name.
    """

    candidates: list[Checkpoint] = field(default_factory=list)
    protect: dict[str, str] = field(default_factory=dict)
    left: list[tuple[Path, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


def read_state(folder: Path) -> RunState:
    """Read a run for pruning.

    Raises
    ------
    StoreError
        When the folder or the journal cannot be read: then pins are unknown, and nothing may go.
    """
    journal = Journal(folder)
    events = journal.read()
    try:
        scan = scan_run(folder, cached=False)
    except OSError as error:
        raise StoreError(f"{folder} cannot be read ({error.strerror}): nothing was removed", error.errno) from error
    state = RunState(files=list(scan.files), events=events, left=list(scan.damaged))
    for checkpoint in scan.checkpoints:
        if not checkpoint.own:
            state.left.append((checkpoint.path, f"copied here from run {checkpoint.summary.run}"))
        elif not checkpoint.is_whole():
            state.left.append((checkpoint.path, "its size is not the recorded one: look at it with %ckpt verify"))
        else:
            state.candidates.append(checkpoint)
    names = {checkpoint.name for checkpoint in state.candidates}
    unpinned = {event.get("name") for event in events if event["event"] == "unpinned"}
    for name in perhaps_pinned(journal.torn, names) - unpinned:
        state.protect[name] = "a damaged line of the journal may have pinned it"
    state.protect.update(_in_use(events, names))
    origin = scan.info.get("origin")
    for source in (origin if isinstance(origin, dict) else {}, *events):
        host = source.get("host")
        if isinstance(host, str):
            state.hosts.add(host)
    return state


def _in_use(events: Sequence[Mapping[str, Any]], names: set[str]) -> dict[str, str]:
    """The checkpoint saved last (by the journal: clocks go wrong), and the one resumed from with no save since."""
    for event in reversed(events):
        name, kind = event.get("name"), event["event"]
        if kind == "resumed":
            text = next((event[key] for key in ("name", "checkpoint") if isinstance(event.get(key), str)), "")
            name = text.rpartition("/")[2]
        if name in names and kind in ("saved", "resumed"):
            reason = "saved last" if kind == "saved" else "resumed from, and nothing saved since"
            found = {str(name): reason}
            if kind == "resumed":
                saved = [e.get("name") for e in events if e["event"] == "saved" and e.get("name") in names]
                found |= {str(saved[-1]): "saved last"} if saved and saved[-1] != name else {}
            return found
    return {}


@dataclass
class Decision:
    """A plan all of whose kept checkpoints verified, what did not verify, and what could not be read."""

    plan: Plan[Checkpoint]
    corrupt: list[str] = field(default_factory=list)
    left: list[tuple[Path, str]] = field(default_factory=list)


def decide(
    state: RunState, policy: KeepPolicy, verify: Verify, now: datetime.datetime | None, journal: Journal | None
) -> Decision:
    """Plan, verify what is to stay, and plan again without what did not verify, until it holds.

    Parameters
    ----------
    state, policy, verify, now
        As in `prune`.
    journal : Journal or None
        Where verdicts are written down; None in a dry run.
    """
    judge = _Judge(verify, journal)
    # An earlier verdict of "corrupt" may have been a bad cable: what it says is looked at again before it counts.
    pool = [replace(c, verified=None) if c.verified == "corrupt" else c for c in state.candidates]
    while True:
        planned = plan(pool, policy, now, protect=state.protect)
        if not planned.remove:
            break
        bad = _first_bad(planned, judge)
        if bad is None:
            break
        if bad.name in judge.unread:
            pool = [c for c in pool if c.name != bad.name]
        else:
            pool = [replace(c, verified="corrupt") if c.name == bad.name else c for c in pool]
    corrupt = [c.name for c in pool if c.verified == "corrupt"]
    return Decision(planned, corrupt, [(judge.unread[name], "it could not be read") for name in judge.unread])


def _first_bad(planned: Plan[Checkpoint], judge: _Judge) -> Checkpoint | None:
    """The first of those that are relied upon that does not verify."""
    newest = True
    for checkpoint, reasons in planned.keep:
        if checkpoint.verified == "corrupt":
            continue
        if newest or (checkpoint.verified != "ok" and reasons != ["pinned"]):
            if not judge.is_good(checkpoint):
                return checkpoint
            newest = False
    return None


class _Judge:
    """Asks for each verdict once, and writes it down."""

    def __init__(self, verify: Verify, journal: Journal | None) -> None:
        self._verify = verify
        self._journal = journal
        self._known: dict[str, bool] = {}
        self.unread: dict[str, Path] = {}

    def is_good(self, checkpoint: Checkpoint) -> bool:
        name = checkpoint.name
        if name not in self._known:
            try:
                self._known[name] = bool(self._verify(checkpoint))
            except CkptError:
                self._known[name] = False
            except OSError:
                self._known[name] = False
                self.unread[name] = checkpoint.path
                return False
            ok = self._known[name]
            if self._journal is not None and checkpoint.verified != ("ok" if ok else "corrupt"):
                self._write_down(name, ok)
        return self._known[name]

    def _write_down(self, name: str, ok: bool) -> None:
        try:
            assert self._journal is not None
            mark_verified(self._journal, name, ok=ok, why="" if ok else "found while pruning")
        except StoreError:
            self._journal = None  # a full volume: the verdict holds for this call, and is asked for again next time
