"""One save: the captured state, laid out, checked for room, committed, and written into the run's journal."""

from __future__ import annotations

import datetime
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_ckpt.errors import CkptError, DurabilityUncertain, NoSpace, NotCommitted, NothingTracked
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.session.circumstances import Circumstances
from jupyter_ckpt.session.run_folder import RunFolder
from jupyter_ckpt.session.save_journal import announce, note_failure, report
from jupyter_ckpt.session.standing import Standing
from jupyter_ckpt.session.store_choice import StoreChoice
from jupyter_ckpt.state.capture import Capture, capture
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.tracked import Tracked
from jupyter_ckpt.store import space
from jupyter_ckpt.store.archive import Archive, Written
from jupyter_ckpt.store.commit import commit
from jupyter_ckpt.store.image import Image
from jupyter_ckpt.store.layout import checkpoint_name
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.store.prune import prunable_bytes
from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, CommitRecord, parse_timestamp, timestamp
from jupyter_ckpt.store.scan import scan_run

Watch = Callable[[str, int], Any]
"""Called with a label and a number of bytes; returns a context manager that yields a `Progress` callback."""
_TRIES = 100


@dataclass(frozen=True)
class SaveRequest:
    """What goes into a commit record beside the state itself; fields as in `CommitRecord`."""

    standing: Standing
    circumstances: Circumstances
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    note: str = ""
    reason: str = "manual"
    parent: str | None = None
    code: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)


def capture_state(tracked: Sequence[Tracked], remarks: Sequence[Item], code: Mapping[str, Any]) -> Capture:
    """Capture the tracked objects.

    Parameters
    ----------
    tracked : sequence of Tracked
        What to capture.
    remarks : sequence of Item
        Become items of the receipt.
    code : mapping
        Sources by class (`class_sources`), which tell the cell that defined an object's class.

    Raises
    ------
    NothingTracked
        When none of them can be saved.
    """
    captured = capture(tracked)
    if not captured.meta:
        why = f": {captured.items[0].name} {captured.items[0].detail}" if captured.items else ""
        raise NothingTracked(f"nothing was saved, for nothing can be{why}")
    captured.items += remarks
    for about in captured.meta.values():
        cell = code.get(str(about.get("class")), {}).get("cell")
        if isinstance(cell, int):
            about["cell"] = cell
    return captured


def build_tree(captured: Capture, request: SaveRequest, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data file's tree, with the tutorials' keys ``epoch``, ``step`` and ``loss`` in front.

    Parameters
    ----------
    captured : Capture
        The state.
    request : SaveRequest
        Epoch, step and metrics.
    data : mapping
        Where the data loaders stand (`Position.state`).
    """
    standing = request.standing
    loop = {
        "next_epoch": standing.next_epoch,
        "mid_epoch": standing.mid_epoch,
        "step_name": standing.step_name,
        "metrics": dict(request.metrics),
    }
    tree: dict[str, Any] = {"epoch": standing.epoch, "step": standing.step}
    if "loss" in request.metrics:
        tree["loss"] = request.metrics["loss"]
    return {**tree, **captured.tree, "data": dict(data), "loop": loop}


class Writing:
    """One save, captured and laid out, that is yet to be written.

    Parameters
    ----------
    run : RunFolder
        Where, locked by this process.
    captured : Capture
        The state: live tensors, until `copy_into`.
    position : Position
        Where the data loaders stand.
    request : SaveRequest
        What else the record says.
    choice : StoreChoice
        What the volume can do.
    policy : KeepPolicy, optional
        For advice when there is no room.
    started : float
        `time.perf_counter` of the call.

    Raises
    ------
    NoSpace
        Nothing was changed.
    UsageProblem
        When the state holds what only a pickle could bring back.
    """

    def __init__(
        self,
        run: RunFolder,
        captured: Capture,
        position: Position,
        request: SaveRequest,
        *,
        choice: StoreChoice,
        policy: KeepPolicy | None = None,
        started: float,
    ) -> None:
        self.run = run
        self.items = captured.items + [Item(name, "rng", Outcome.SAVED) for name in _random_states(captured.tree)]
        self.items += position.items()
        self._archive = Archive(build_tree(captured, request, position.state()))
        _check_room(run, self.size, policy)
        self._meta = captured.meta
        self._request = request
        self._choice = choice
        self._started = started
        self._moment, self.remarks = _moment(run)
        self._name, self._number = "", 0
        self._next_name()
        self._captured_in = time.perf_counter() - started

    @property
    def size(self) -> int:
        """Bytes of the data file."""
        return self._archive.size

    def record(self, written: Written | None = None) -> CommitRecord:
        """The commit record; before the file is written without what only that can tell."""
        request, standing = self._request, self._request.standing
        return CommitRecord(
            name=self._name,
            run=self.run.id,
            time=timestamp(self._moment),
            epoch=standing.epoch,
            step=standing.step,
            next_epoch=standing.next_epoch,
            mid_epoch=standing.mid_epoch,
            parent=request.parent,
            metrics=dict(request.metrics),
            tags=list(request.tags),
            note=request.note,
            reason=request.reason,
            size=self.size,
            digest=written.digest if written else "",
            entries=written.entries if written else [],
            tensors=written.tensors if written else [],
            tracked=self._meta,
            items=[item.to_json() for item in self.items],
            code=dict(request.code),
            environment=request.circumstances.environment(fresh=written is not None),
            hyperparameters=dict(request.hyperparameters),
            storage=request.circumstances.storage(fresh=written is not None),
            durations={
                "capture": self._captured_in,
                "write": time.perf_counter() - self._started - self._captured_in,
            },
        )

    def cautions(self) -> list[str]:
        """What about the volume is worse than when it was chosen."""
        return self._request.circumstances.warnings()

    def copy_into(self, image: Image) -> None:
        """Copy the state; from then on the training may change it."""
        self._archive.copy_into(image)
        self._captured_in = time.perf_counter() - self._started

    def write(self, watch: Watch) -> CommitRecord:
        """Write and commit it; remarks are added to `remarks`.

        Raises
        ------
        NoSpace, NotCommitted
            Nothing was changed.
        DurabilityUncertain
            See `commit`.
        """
        while True:
            try:
                announce(self.run, self._name)
                with watch(f"saving {self._name}", self.size) as progress:
                    record = commit(
                        self.run.folder,
                        self._name,
                        self._archive,
                        self.record,
                        rename=self._choice.rename,
                        random_writes=self._choice.random_writes,
                        progress=progress,
                    )
            except NotCommitted as error:
                if error.errno == errno.EEXIST:
                    self._next_name()  # another kernel took the name in this very moment
                    continue
                note_failure(self.run, self._name, error)
                raise
            except DurabilityUncertain as error:
                note_failure(self.run, self._name, error)
                raise
            self.remarks += report(self.run, record, self._started)
            return record

    def _next_name(self) -> None:
        standing = self._request.standing
        stem = checkpoint_name(standing.epoch, standing.step, self._moment.astimezone())
        while self._number < _TRIES:
            self._number += 1
            self._name = stem + (f"-{self._number}" if self._number > 1 else "")
            if not _is_taken(self.run, self._name):
                return
        raise NotCommitted(
            f"not saved: {_TRIES} checkpoints of this epoch, step and second exist already in {self.run.id}"
        )


def _moment(run: RunFolder) -> tuple[datetime.datetime, list[str]]:
    """The time of a save: after that of all others of the run, whatever the clock says; the latest is known by it."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if run.newest is None:  # read once: after that this process is the one that writes here
        try:
            run.newest = max((parse_timestamp(one.time) for one in scan_run(run.folder).checkpoints[:1]), default=now)
        except (OSError, ValueError):
            return now, []  # the save itself will tell
    if run.newest <= now:
        run.newest = now
        return now, []
    run.newest += datetime.timedelta(milliseconds=1)
    remark = f"the clock of this machine is behind the last save of run {run.id}: its times go on from there"
    return run.newest, [remark]


def _is_taken(run: RunFolder, name: str) -> bool:
    return any((run.folder / (name + suffix)).exists() for suffix in (DATA_SUFFIX, RECORD_SUFFIX))


def _check_room(run: RunFolder, size: int, policy: KeepPolicy | None) -> None:
    """What pruning would free is asked only when there is too little: it reads the whole run."""
    try:
        space.check(run.folder, size)
    except NoSpace:
        space.check(run.folder, size, _prunable(run, policy))
        raise


def _prunable(run: RunFolder, policy: KeepPolicy | None) -> int:
    try:
        return prunable_bytes(run.folder, policy)
    except CkptError:
        return 0  # only advice is made of it


def _random_states(tree: Mapping[str, Any]) -> list[str]:
    names = []
    for name, state in tree.get("rng", {}).items():
        names += [f"rng.cuda:{index}" for index in state] if name == "cuda" else [f"rng.{name}"]
    return names
