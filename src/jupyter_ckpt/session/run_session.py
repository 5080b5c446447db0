"""The part of a training session that knows its run: which one it is, what it descends from, what is being written.

Everything that needs torch is imported when it is first used, so that loading the extension costs nothing.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.receipt import ResumeReceipt, SaveReceipt
from jupyter_ckpt.session.background import BackgroundSaves
from jupyter_ckpt.session.current_run import CurrentRun, RunWish, runs_of
from jupyter_ckpt.session.environment import Surroundings
from jupyter_ckpt.session.hyperparameters import check_hyperparameters
from jupyter_ckpt.session.observers import Happening, Kind, Observers
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.renaming import move_runs
from jupyter_ckpt.session.store_choice import StoreChoice
from jupyter_ckpt.session.store_memory import note_use, remember
from jupyter_ckpt.session.tracking_session import TrackingSession
from jupyter_ckpt.store.preservation import KeepPolicy

if TYPE_CHECKING:
    from jupyter_ckpt.state.tracked import Tracked


class RunSession(TrackingSession):
    """Knows the run that one training writes to; parameters as for `Checkpointer`."""

    def __init__(
        self,
        store: str | os.PathLike[str] | None = None,
        run: str | None = None,
        *,
        namespace: dict[str, Any] | None = None,
        keep: KeepPolicy | None = None,
        cells: Any = None,
        origin: Origin | None = None,
        background: bool = True,
    ) -> None:
        super().__init__(store, namespace=namespace, cells=cells, origin=origin)
        self.background = BackgroundSaves(background)
        """What is still being written."""
        self.observers = Observers()
        """Told whatever is done, without showing it."""
        self._current = CurrentRun(RunWish(run), self.origin)
        self._surroundings = Surroundings(self.origin.folder)
        self._wanted_policy = keep
        self._noted: Path | None = None

    def run(self, name: str | None = None, *, new: bool = False, **hyperparameters: Any) -> str:
        """Name the run, or describe it by its hyper-parameters.

        The run is made with its first save. Until then ``resume`` looks for one of this name, or for this
        notebook's newest one with the same hyper-parameters, and goes on with that: so the same notebook does the
        right thing the first time and every time, and another learning rate is another run.

        Parameters
        ----------
        name : str, optional
            Its id, word for word.
        new : bool
            Start a new one whatever exists.
        hyperparameters
            Plain values, which are part of its name and record.

        Returns
        -------
        str
            One sentence: which run it is.

        Raises
        ------
        UsageProblem
            When the name cannot be a folder's, or a value is not plain.
        """
        wish = RunWish(name, dict(check_hyperparameters(hyperparameters)), new)
        self.settle()
        self._current.leave(wish)
        self._forget_training()
        self.notify("run")
        for known in [] if new else runs_of(self.store, self.origin, wish):
            count = f"{known.checkpoints} checkpoint{'s' if known.checkpoints != 1 else ''}"
            return f"run {known.id} ({count}): `%ckpt resume` goes on with it"
        return f"a new run{f' {name}' if name else ''} begins with the first save"

    @property
    def run_id(self) -> str | None:
        """The run this session writes to, once it is known."""
        if self._current.open is not None:
            return self._current.open.id
        name = self._current.wish.name
        return name if name is not None and (self.store / name).is_dir() else None

    @property
    def held(self) -> str | None:
        """``run/name`` of the checkpoint that the live state descends from."""
        return self._current.parent

    def renamed(self, path: str | os.PathLike[str]) -> list[str]:
        """The notebook lies elsewhere now: its runs and this training go on under the new path.

        Parameters
        ----------
        path : path
            Absolute.

        Returns
        -------
        list of str
            The runs that were put under it.
        """
        old, new = self.origin, Origin("notebook", os.path.abspath(path))
        if new.key == old.key:
            return []
        self.settle()
        store = self.store if self._choice is not None or self._given is not None else None
        self.origin = self._current.origin = new
        self._surroundings = Surroundings(new.folder)
        if store is None or not store.is_dir():
            return []
        if new.folder != old.folder and self.choice.how in ("found", "remembered"):
            with contextlib.suppress(StoreError):  # the next kernel would look beside the notebook
                remember(new, store, folder=False)
        return move_runs(store, old, new, present=self._current.open.folder if self._current.open else None)

    def wait(self) -> None:
        """Return when everything saved is durable.

        Raises
        ------
        CkptError
            When the save under way failed.
        """
        self.background.wait()

    def settle(self) -> None:
        """See `StoreReader.settle`."""
        self.background.settle()

    def close(self) -> None:
        """Let go of the run, so that another kernel can write to it."""
        self.settle()
        self._current.leave()

    def use_storage(self, path: str | os.PathLike[str], *, force: bool = False) -> StoreChoice:
        """See `StoreSession.use_storage`; from now on saves go to a new run there."""
        choice = super().use_storage(path, force=force)
        self.settle()
        self._current.leave()
        self.notify("run")
        return choice

    def keep(self, policy: KeepPolicy | None = None, **wishes: Any) -> KeepPolicy:
        """See `StoreSession.keep`; before the first save the policy waits for the run."""
        chosen = policy if policy is not None else KeepPolicy.parse(**wishes)
        if self.run_id is None:
            self._wanted_policy = chosen
            return chosen
        return super().keep(chosen)

    @property
    def policy(self) -> KeepPolicy | None:
        """What the run's checkpoints are, or will be, thinned out to; None keeps all."""
        return self._wanted_policy if self.run_id is None and self._wanted_policy is not None else super().policy

    @property
    def wish(self) -> RunWish:
        """What the user said about the run."""
        return self._current.wish

    def descends_from(self, ref: str | None) -> None:
        """``run/name`` of the checkpoint that the live state descends from now."""
        self._current.parent = ref

    def notify(self, kind: Kind, receipt: SaveReceipt | ResumeReceipt | None = None, **known: Any) -> None:
        """Tell the observers."""
        folder = self._current.open.folder if self._current.open is not None else None
        self.observers.notify(Happening(kind, self, folder, receipt, **known))

    # -- below: the parts of the verbs ---------------------------------------------------------------------------

    def _run_to_write(self, tracked: list[Tracked], settings: dict[str, Any]) -> tuple[Any, list[str]]:
        from jupyter_ckpt.session.tracking import title_of

        run, warnings = self._current.to_write(
            self.choice,
            title=lambda: title_of(tracked),
            hyperparameters=settings,
            environment=self._surroundings.describe,
        )
        if self._noted != run.folder.parent:
            note_use(run.folder.parent)
            self._noted = run.folder.parent
        if self._wanted_policy is not None:
            run.journal.append("policy", policy=self._wanted_policy.to_json())
            self._wanted_policy = None
        return run, warnings

    def _forget_training(self) -> None:
        self._current.parent = None

    def _policy_of_run(self) -> KeepPolicy | None:
        from jupyter_ckpt.store.prune import last_policy

        return last_policy(self._current.open.folder) if self._current.open is not None else None
