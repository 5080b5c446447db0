"""Which run a session writes to: named, found again by its hyper-parameters, or started with the first save."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import NotCommitted, UsageProblem
from jupyter_ckpt.session.hyperparameters import telling
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.run_folder import RunFolder
from jupyter_ckpt.session.store_choice import StoreChoice
from jupyter_ckpt.store.catalog import Catalog, Run
from jupyter_ckpt.store.layout import run_id
from jupyter_ckpt.store.record import is_safe_name
from jupyter_ckpt.volumes import assess


@dataclass
class RunWish:
    """What the user said about the run before it exists.

    Parameters
    ----------
    name : str or None
        Its id, word for word.
    hyperparameters : dict
        Given by the user; a run of this notebook that has the same ones is gone on with.
    new : bool
        Never go on with an existing one.
    """

    name: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    new: bool = False

    def __post_init__(self) -> None:
        if self.name is not None and not is_safe_name(self.name):
            raise UsageProblem(
                f"{self.name[:80]!r} is not a run's name: use letters, digits and . _ = + - only, and begin with a"
                " letter or digit"
            )
        self.hyperparameters = json.loads(json.dumps(self.hyperparameters, default=str))

    def fits(self, run: Run) -> bool:
        """True when ``run`` is the one that is meant."""
        if self.new:
            return False
        if self.name is not None:
            return run.id == self.name
        return all(run.hyperparameters.get(key) == value for key, value in self.hyperparameters.items())


def runs_of(store: Path, origin: Origin, wish: RunWish) -> list[Run]:
    """Existing runs that a ``resume`` may go on with, newest first.

    Those of this notebook or script; a run named by the user may be anybody's.
    """
    found = []
    for run in Catalog(store).runs():
        mine = all(run.origin.get(key) == value for key, value in origin.key.items())
        if wish.fits(run) and (mine or wish.name is not None):
            found.append(run)
    return found


class CurrentRun:
    """The run of a session.

    Parameters
    ----------
    wish : RunWish
        What is known about it before it exists.
    origin : Origin
        The notebook.
    """

    def __init__(self, wish: RunWish, origin: Origin) -> None:
        self.wish = wish
        self.origin = origin
        self.open: RunFolder | None = None
        self.parent: str | None = None
        """``run/name`` of the checkpoint that the live state descends from."""

    def leave(self, wish: RunWish | None = None) -> None:
        """Let another kernel write to it; with ``wish``, mean another run from now on."""
        if self.open is not None:
            self.open.unlock()
        self.open = None
        if wish is not None:
            self.wish = wish

    def to_write(
        self,
        choice: StoreChoice,
        *,
        title: Callable[[], str],
        hyperparameters: Mapping[str, Any],
        environment: Callable[[], Mapping[str, Any]],
    ) -> tuple[RunFolder, list[str]]:
        """The run, locked for this process: a new one when there is none yet, one beside it when it is taken.

        Parameters
        ----------
        choice : StoreChoice
            Where.
        title : callable
            Asked for a new run's name.
        hyperparameters : mapping
            For a new run's name and record.
        environment : callable
            Asked for a new run's record.

        Returns
        -------
        run, warnings : RunFolder, list of str

        Raises
        ------
        NotCommitted
            When it cannot be made.
        """
        gone = self._leave_when_gone(choice)
        if self.open is None:
            self.open = self._start(choice, title, hyperparameters, environment)
        run, warnings = self._locked(choice, self.parent)
        return run, warnings + (
            [f"the folder of run {gone} is gone: this one goes on in run {run.id}"] if gone else []
        )

    def _leave_when_gone(self, choice: StoreChoice) -> str | None:
        """Leave a run whose folder somebody removed; not one whose volume is away, that may come back."""
        if self.open is None or self.open.folder.is_dir():
            return None
        if assess(choice.path).mount_point != choice.assessment.mount_point:
            return None
        gone = self.open.id
        self.leave()
        return gone

    def go_on(self, choice: StoreChoice, folder: Path, parent: str) -> list[str]:
        """Write to the run of a checkpoint that was resumed; returns warnings.

        Raises
        ------
        NotCommitted
            When another kernel has that run, and none can be made beside it.
        """
        self.parent = parent
        if self.open is None or self.open.folder != folder:
            self.leave()
            self.open = RunFolder(folder)
        return self._locked(choice, parent)[1]

    def _locked(self, choice: StoreChoice, parent: str | None) -> tuple[RunFolder, list[str]]:
        assert self.open is not None
        if self.open.lock():
            return self.open, []
        busy = self.open
        self.open = _beside(busy, choice, self.origin, parent)
        self.wish = RunWish()
        return self.open, [
            f"another kernel is writing to run {busy.id}: this one goes on in a run of its own, {self.open.id}"
        ]

    def _start(
        self,
        choice: StoreChoice,
        title: Callable[[], str],
        hyperparameters: Mapping[str, Any],
        environment: Callable[[], Mapping[str, Any]],
    ) -> RunFolder:
        _check_volume(choice)
        every = {**hyperparameters, **self.wish.hyperparameters}
        if self.wish.name is not None:
            existing = choice.path / self.wish.name
            if existing.is_dir() and not self.wish.new:
                return RunFolder(existing)
            name = self.wish.name
        else:
            name = run_id(title(), telling(every, self.wish.hyperparameters), datetime.datetime.now())
        return RunFolder.create(
            choice.path,
            name,
            origin=self.origin.to_json(),
            hyperparameters=every,
            environment=environment(),
            parent=self.parent,
        )


def _check_volume(choice: StoreChoice) -> None:
    """A volume that went away is no error to the kernel: writes would go to the bare mount point."""
    now = assess(choice.path)
    if now.mount_point != choice.assessment.mount_point and now.durability.trust < choice.assessment.durability.trust:
        raise NotCommitted(
            f"nothing was saved: the volume of {choice.path} is gone ({choice.assessment.mount_point} is not mounted"
            " any more): mount it again, or choose another one with %ckpt storage use PATH"
        )


def _beside(run: RunFolder, choice: StoreChoice, origin: Origin, parent: str | None) -> RunFolder:
    """A new run beside one that another kernel is writing to."""
    info = run.info
    moment = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    stem = run.id.partition("-branch-")[0]
    return RunFolder.create(
        choice.path,
        f"{stem}-branch-{moment}",
        origin=origin.to_json(),
        hyperparameters=info.get("hyperparameters") or {},
        environment=info.get("environment") or {},
        parent=parent or run.id,
    )
