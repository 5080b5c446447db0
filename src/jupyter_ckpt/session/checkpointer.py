"""One training session: what it tracks, the run it writes to, and the verbs save and resume.

Everything that needs torch is imported when it is first used, so that loading the extension costs nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import (
    CkptError,
    CorruptCheckpoint,
    Mismatch,
    NothingTracked,
    StoreError,
    UnknownName,
    UsageProblem,
)
from jupyter_ckpt.receipt import Item, Outcome, ResumeReceipt, SaveReceipt
from jupyter_ckpt.session.current_run import CurrentRun, RunWish, runs_of
from jupyter_ckpt.session.drift import code_changed, settings_changed
from jupyter_ckpt.session.environment import Surroundings
from jupyter_ckpt.session.hyperparameters import check_hyperparameters, find_hyperparameters
from jupyter_ckpt.session.looking import spell
from jupyter_ckpt.session.namespace import FunctionNames, calling_locals, user_namespace
from jupyter_ckpt.session.origin import Origin, find_origin
from jupyter_ckpt.session.standing import read_metrics, whole
from jupyter_ckpt.session.store_choice import StoreChoice
from jupyter_ckpt.session.store_session import StoreSession, check_note, check_tags
from jupyter_ckpt.session.unattended import Event, to_log
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.volumes import assess

if TYPE_CHECKING:
    from jupyter_ckpt.session.loops import TrainingEpochs
    from jupyter_ckpt.session.tracking import Tracking
    from jupyter_ckpt.session.training_loop import TrainingLoop
    from jupyter_ckpt.state.batches import Batches
    from jupyter_ckpt.state.tracked import Tracked

Items = list[Item]


class Checkpointer(StoreSession):
    """Saves and resumes one training.

    Parameters
    ----------
    store : path, optional
        Where checkpoints go; by default the safest volume that is there.
    run : str, optional
        The run to go on with, or the name of a new one; by default this notebook's newest run is resumed, and a
        save without a resume starts a new one.
    namespace : dict, optional
        The user's names, in which training objects are found and values are set; by default the notebook's or the
        script's. ``{}`` switches discovery off.
    keep : KeepPolicy, optional
        What to keep; by default everything.
    cells : sequence of str, optional
        The executed cells, for the sources of classes; by default the notebook's.
    origin : Origin, optional
        See `StoreReader`.

    Examples
    --------
    >>> ckpt = Checkpointer()
    >>> ckpt.track(model=model, optimizer=optimizer)
    >>> for epoch in ckpt.epochs(30):
    ...     for x, y in ckpt.batches(loader):
    ...         ...
    ...     ckpt.log(loss=loss)
    """

    def __init__(
        self,
        store: str | os.PathLike[str] | None = None,
        run: str | None = None,
        *,
        namespace: dict[str, Any] | None = None,
        keep: KeepPolicy | None = None,
        cells: Any = None,
        origin: Origin | None = None,
    ) -> None:
        self.namespace = user_namespace() if namespace is None else namespace
        self._is_users = namespace is None
        super().__init__(store, origin=origin or find_origin(self.namespace))
        self._cells = cells
        self._current = CurrentRun(RunWish(run), self.origin)
        self._surroundings = Surroundings(self.origin.folder)
        self._wanted_policy = keep
        self._tracking: Tracking | None = None
        self._loop: TrainingLoop | None = None
        self._said: set[str] = set()
        self.last_receipt: SaveReceipt | ResumeReceipt | None = None
        """Of the last save or resume, those that the loops did by themselves included."""
        self.tell: Callable[[Event], None] = to_log
        """Told what the loops do by themselves; surfaces set one that shows it."""

    # -- what is tracked -----------------------------------------------------------------------------------------

    def track(self, *names: str, **objects: Any) -> Items:
        """Say what to save, instead of having it found.

        Parameters
        ----------
        names : str
            Names in the notebook (``"model"``); a cell may make their objects anew.
        objects
            Or name and object.

        Returns
        -------
        list of Item
            What is tracked now.

        Raises
        ------
        UnknownName, UsageProblem
            When a name does not exist or cannot be saved; then nothing has changed.
        """
        self.tracking.add(names, objects)
        return self.tracked()

    def untrack(self, *names: str) -> Items:
        """Stop saving these; without names everything is found by itself again.

        Raises
        ------
        UnknownName
            When one of them is not tracked.
        """
        self.tracking.remove(names)
        return self.tracked()

    def tracked(self, *, strict: bool = False) -> Items:
        """What a save would save now.

        Parameters
        ----------
        strict : bool
            Raise `NothingTracked` instead of giving nothing.

        Raises
        ------
        AmbiguousState
            When several things could be meant.
        """
        try:
            found, notes = self.tracking.survey(self.names)
        except NothingTracked:
            if strict:
                raise
            return []
        from jupyter_ckpt.session.tracking import class_of

        return [Item(one.name, one.kind.value, Outcome.SAVED, class_of(one)) for one in found] + notes

    # -- the run -------------------------------------------------------------------------------------------------

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
        self._current.leave(wish)
        self._forget_training()
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

    # -- save ----------------------------------------------------------------------------------------------------

    def save(
        self,
        epoch: int | None = None,
        step: int | None = None,
        metrics: Mapping[str, Any] | Iterable[str] | None = None,
        tags: str | Iterable[str] = (),
        note: str = "",
        wait: bool = True,
        *,
        reason: str = "manual",
    ) -> SaveReceipt:
        """Save the training state now.

        Parameters
        ----------
        epoch, step : int, optional
            Where the training stands; by default what the loops know, else the notebook's ``epoch`` and
            ``global_step`` or ``step``.
        metrics : mapping or iterable of str, optional
            Name → value, or names of variables; by default what was last given to `log`.
        tags, note
            For finding it again.
        wait : bool
            Return when it is durable. At present every save does.
        reason : str
            Why it was saved: ``manual``, ``epoch``, ``steps``.

        Returns
        -------
        SaveReceipt

        Raises
        ------
        NothingTracked, AmbiguousState, UsageProblem
            When it is not clear what to save.
        NoSpace, NotCommitted
            Nothing was changed.
        DurabilityUncertain
            It may be visible, but the volume did not prove that it is durable.
        """
        started = time.perf_counter()
        from jupyter_ckpt.session.saving import SaveRequest, capture_state, write_checkpoint

        given = check_tags(tags) if tags else ()
        note = check_note(note or "")
        measured = read_metrics(metrics, self.names) if metrics is not None else dict(self.loop.metrics)
        standing, loop_items = self.loop.stand(self.names, epoch, step)
        remarks = [*standing.remarks, *self.loop.looks_back(standing)]
        tracked, notes = self.tracking.survey(self.names)
        code = self.tracking.sources(tracked, self._cell_sources())
        captured = capture_state(tracked, notes + loop_items, code)
        run, warnings = self._run_to_write(tracked)
        now = assess(self.store)
        policy = self._policy_of_run()
        request = SaveRequest(
            standing=standing,
            metrics=measured,
            tags=given,
            note=note,
            reason=reason,
            parent=self.held,
            code=code,
            environment=self._surroundings.describe(),
            hyperparameters={**(run.info.get("hyperparameters") or {}), **self._settings(tracked)},
            storage=now.to_json(),
        )
        record, items, written = write_checkpoint(
            run,
            captured,
            self.loop.position,
            request,
            rename=self.choice.rename,
            random_writes=self.choice.random_writes,
            policy=policy,
            watch=self.watch,
            started=started,
        )
        self._current.parent = record.ref
        self.loop.saved(tracked, standing)
        warnings += [*remarks, *self._once([*written, *self.choice.warnings])]
        if now.durability.trust < self.choice.assessment.durability.trust:
            warnings.append(f"{self.store} is not as safe as before: {now.reason}")
        seconds = time.perf_counter() - started
        if policy is not None:
            warnings += self._thin_out()
        path = str(run.folder / f"{record.name}.pt")
        self.last_receipt = SaveReceipt(path, record, record.size, seconds, items, warnings)
        return self.last_receipt

    def log(self, **metrics: Any) -> dict[str, float]:
        """Note measured values; the next save carries them, and the run's journal keeps them all.

        Raises
        ------
        UsageProblem
            When a value is not one number.
        """
        found = read_metrics(metrics, None)
        self.loop.metrics.update(found)
        if self._current.open is not None:
            journal = Journal(self._current.open.folder, fsync=False)
            journal.append("metrics", epoch=self.loop.epoch, step=self.loop.steps, metrics=found)
        return found

    def wait(self) -> None:
        """Return when everything saved is durable. At present that is always so."""

    def close(self) -> None:
        """Let go of the run, so that another kernel can write to it."""
        self._current.leave()

    # -- resume and the loops ------------------------------------------------------------------------------------

    def resume(
        self,
        target: str | os.PathLike[str] = "latest",
        *,
        only: Iterable[str] | None = None,
        strict: bool = True,
        map_location: Any = None,
    ) -> ResumeReceipt:
        """Put the training back to a checkpoint, all of it or nothing.

        Parameters
        ----------
        target : str
            ``latest`` of this notebook (or of the run that was named), ``best``, ``best:METRIC``, a name,
            ``run/name``, a run, or the path of a file, also of one that others made with ``torch.save``.
        only : iterable of str, optional
            Names or kinds (``model``) to restore, and ``rng``, ``data``, ``epoch``; the rest stays as it is.
        strict : bool
            False loads what fits and lists the rest.
        map_location : str or torch.device, optional
            Moves models there; by default the live objects decide.

        Returns
        -------
        ResumeReceipt
            ``next_epoch`` is 0 when there was nothing to resume.

        Raises
        ------
        UnknownName
            When there is no such checkpoint.
        CorruptCheckpoint
            When it is damaged; for ``latest`` and ``best`` only when no other one is good either.
        Mismatch, ModelNotDefined
            When it does not fit; nothing was changed.
        """
        started = time.perf_counter()
        from jupyter_ckpt.session.resuming import apply, receipt_of
        from jupyter_ckpt.session.targets import locate

        wanted = [only] if isinstance(only, str) else only if only is None else list(only)
        if wanted is not None and not wanted:
            raise UsageProblem("only what? Names or kinds of objects, rng, data or epoch; None restores everything")
        target = spell(target)
        tracked, trouble = self._survey_or_none()
        found, remarks = locate(self, target, tracked, explicit=wanted is not None)
        settings = find_hyperparameters(self.names)
        undone = self._undone(tracked)
        if found is None:
            receipt = ResumeReceipt(0, warnings=remarks + undone, seconds=time.perf_counter() - started)
        else:
            if trouble is not None:
                raise trouble
            try:
                applied = apply(
                    found,
                    tracked,
                    self.loop.position,
                    self.namespace,
                    only=set(wanted) if wanted else None,
                    strict=strict,
                    map_location=map_location,
                    discovered=not self.tracking.named and self.names is self.namespace,
                )
            except Mismatch as error:
                if target not in ("latest", self.held):
                    raise
                raise Mismatch(f"{error}; `%ckpt run --new` begins a new training") from error
            if found.record is not None and applied.models:
                code = self.tracking.sources(tracked, self._cell_sources())
                remarks += code_changed(found.record.code, code, found.ref)
            if applied.training:
                remarks += undone
            if applied.training and found.record is not None:
                remarks += settings_changed(found.record.hyperparameters, settings)
                remarks += self._go_on_in(found.ref)
            elif applied.models:
                self._current.parent = found.ref  # where the weights came from
            receipt = receipt_of(found, applied, remarks, started)
        self.loop.resumed(receipt, found.tree.get("rng") if found is not None else None)
        self.loop.models.remember(tracked)
        self.last_receipt = receipt
        return receipt

    def epochs(self, end: int, *, save_every: int | None = 1, start: int | None = None) -> TrainingEpochs:
        """``for epoch in ckpt.epochs(30)``: goes on where the training stopped, and saves after each epoch.

        Parameters
        ----------
        end : int
            As in ``range(end)``.
        save_every : int or None
            Save after every so many epochs, and after the last one; None or 0: never.
        start : int, optional
            Begin there instead of where the resumed training stopped.

        Notes
        -----
        It resumes by itself when nothing was resumed or saved yet.

        After a Stop or an error inside an epoch, running the cell again does what a restart of the kernel would do:
        it resumes from the last checkpoint, since the state in memory may be half an update, and says what is undone.
        To keep that instead, ``save()`` before. When there is no checkpoint yet it goes on in memory. It resumes,
        too, when the cell that makes the model was run again. A ``break`` ends its epoch, without a save.

        A ``resume()`` inside the loop's body makes the loop go on from there.

        A save that fails because of the volume is told (see `tell`) and tried again at the next boundary; only the
        last one raises, and is tried again when the cell is run again.

        Raises
        ------
        UsageProblem
            For nonsense, and inside another loop over ``epochs()`` of this session.
        NothingTracked, AmbiguousState
            When it is not clear what to save.
        """
        from jupyter_ckpt.session.loops import every

        last, spacing = whole(end, "the number of epochs"), every(save_every, "save_every")
        first = whole(start, "start") if start is not None else None
        self.loop.check_not_inside(sys._getframe(1))
        if first is None:
            self._catch_up()
        if spacing is not None:
            self.tracking.survey(
                self.names
            )  # what a save would fail with is better said before the first epoch than after it
        return self.loop.epochs(last, spacing, first)

    def batches(self, loader: Any, *, save_every: int | None = None, name: str | None = None) -> Batches:
        """``for batch in ckpt.batches(loader)``: goes on inside the epoch, in the same order.

        Parameters
        ----------
        loader : DataLoader
            Or torchdata's ``StatefulDataLoader``.
        save_every : int, optional
            Save after every so many steps. A step is a batch of the loader that comes first in an epoch.
        name : str, optional
            Needed only when the loops do not always come in the same order.
        """
        return self.loop.batches(loader, save_every=save_every, name=name)

    def use_storage(self, path: str | os.PathLike[str], *, force: bool = False) -> StoreChoice:
        """See `StoreSession.use_storage`; from now on saves go to a new run there."""
        choice = super().use_storage(path, force=force)
        self._current.leave()
        return choice

    # -- policy, files, status -----------------------------------------------------------------------------------

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

    def export(
        self,
        target: str,
        to: str | os.PathLike[str],
        *,
        weights_only: bool = False,
        names: Iterable[str] | None = None,
        force: bool = False,
    ) -> Any:
        """Write a stand-alone ``.pt`` or ``.safetensors`` file.

        Parameters
        ----------
        target : str
            A checkpoint, as for `find`.
        to : path
            The new file; its suffix says the format.
        weights_only : bool
            Only the models' weights, in the form that ``model.load_state_dict`` takes.
        names : iterable of str, optional
            Only these tracked objects.
        force : bool
            Replace an existing file.
        """
        from jupyter_ckpt.session.exporting import export_checkpoint

        return export_checkpoint(self, target, to, weights_only=weights_only, names=names, force=force)

    def extract(self, *names: str, to: str | os.PathLike[str], force: bool = False) -> Path:
        """Write the notebook's classes and functions, with what they need, to a module.

        Parameters
        ----------
        names : str
            Tracked objects (their classes are meant), classes or functions.
        to : path
            The new module, ``src/models.py``.
        force : bool
            Replace an existing file.

        Raises
        ------
        UnknownName
            When no cell defines one of them.
        UsageProblem
            When the file exists.
        """
        from jupyter_ckpt.session.extracting import write_module

        return write_module(names, self.namespace, self._cell_sources(), Path(os.fspath(to)), force=force)

    @property
    def names(self) -> Mapping[str, Any]:
        """The names that the calling code sees: the notebook's, or in a function its own before those."""
        own = calling_locals() if self._is_users else None
        return self.namespace if own is None else FunctionNames(own, self.namespace)

    @property
    def tracking(self) -> Tracking:
        """What is saved."""
        if self._tracking is None:
            from jupyter_ckpt.session.tracking import Tracking

            self._tracking = Tracking(self.namespace)
        return self._tracking

    @property
    def loop(self) -> TrainingLoop:
        """Where the training stands."""
        if self._loop is None:
            from jupyter_ckpt.session.training_loop import TrainingLoop

            self._loop = TrainingLoop(self._save_at_boundary, self._remark)
        return self._loop

    @property
    def wish(self) -> RunWish:
        """What the user said about the run."""
        return self._current.wish

    # -- below: the parts of the verbs ---------------------------------------------------------------------------

    def _survey_or_none(self) -> tuple[list[Tracked], CkptError | None]:
        """Without any model the checkpoint itself can say best what is missing."""
        try:
            return self.tracking.survey(self.names)[0], None
        except NothingTracked:
            return [], None
        except UsageProblem as error:
            return [], error

    def _undone(self, tracked: list[Tracked]) -> list[str]:
        """What a resume takes back, or cannot take back, of what was trained in this kernel."""
        stop = f"epoch {self.loop.epoch} was stopped: " if self.loop.was_stopped else ""
        if self.held is not None:
            return (
                [f"{stop}what was trained since {self.held} is undone"]
                if self.loop.models.are_trained(tracked)
                else []
            )
        if self.loop.models.are_trained(tracked):
            return [
                f"{stop}nothing was saved, and the weights keep what they learned: run the model's cell to begin anew"
            ]
        return []

    def _catch_up(self) -> None:
        """Before a loop over epochs: have in memory what it is to go on with."""
        begun = self._current.open is not None or self.loop.has_resumed
        anew = self.loop.models.are_made_anew(self._survey_or_none()[0])
        if begun and not anew:
            self.loop.save_what_is_due()
        if not begun or (anew and self.held is None):
            self.tell(self.resume())
        elif self.loop.was_stopped and self.held is None:
            self.tell(self.loop.go_on_here())
        elif self.loop.was_stopped or anew:
            self.tell(self._resume_held())

    def _resume_held(self) -> ResumeReceipt:
        """Back to the checkpoint that the state in memory descends from."""
        try:
            return self.resume(self.held or "latest")
        except (UnknownName, CorruptCheckpoint):  # the newest good one then; its receipt names the damaged ones
            return self.resume()

    def _run_to_write(self, tracked: list[Tracked]) -> tuple[Any, list[str]]:
        from jupyter_ckpt.session.tracking import title_of

        run, warnings = self._current.to_write(
            self.choice,
            title=lambda: title_of(tracked),
            hyperparameters=lambda: self._settings(tracked),
            environment=self._surroundings.describe(),
        )
        if self._wanted_policy is not None:
            run.journal.append("policy", policy=self._wanted_policy.to_json())
            self._wanted_policy = None
        return run, warnings

    def _settings(self, tracked: list[Tracked]) -> dict[str, Any]:
        """The hyper-parameters in force; the learning rate is the optimizer's, whatever the notebook's name says."""
        from jupyter_ckpt.session.tracking import optimizers_of

        return find_hyperparameters(self.names, optimizers_of(tracked))

    def _go_on_in(self, ref: str) -> list[str]:
        """After a resume, saves go on in the run of the checkpoint (or beside it, when another kernel is there)."""
        run_name, _, name = ref.rpartition("/")
        folder = Path(run_name) if os.path.isabs(run_name) else self.store / run_name
        if folder.parent != self.store:
            self._current.parent = ref
            return []  # a file of another store: only read
        try:
            warnings = self._current.go_on(self.choice, folder, f"{folder.name}/{name.removesuffix('.pt')}")
            assert self._current.open is not None
            self._current.open.journal.append("resumed", name=name, checkpoint=ref, pid=os.getpid())
        except CkptError as error:
            return [f"resumed, but {error}"]
        return warnings

    def _forget_training(self) -> None:
        self._loop = None
        self._current.parent = None

    def _save_at_boundary(self, epoch: int | None, reason: str, last: bool) -> None:
        """A volume that fails must not end a training that could go on; the next boundary tries again."""
        try:
            self.tell(self.save(epoch=epoch, reason=reason))
        except StoreError as error:
            if last:
                raise
            self.tell(error)

    def _remark(self, item: Item) -> None:
        self.tell(item)

    def _policy_of_run(self) -> KeepPolicy | None:
        from jupyter_ckpt.store.prune import last_policy

        return last_policy(self._current.open.folder) if self._current.open is not None else None

    def _thin_out(self) -> list[str]:
        try:
            report = self.prune()
        except CkptError as error:
            return [f"saved, but old checkpoints were not thinned out: {error}"]
        return [f"{name} is damaged: it was found while thinning out" for name in report.corrupt]

    def _cell_sources(self) -> Any:
        if self._cells is not None:
            return self._cells
        cells = self.namespace.get("In")
        return cells if isinstance(cells, list) else None

    def _once(self, lines: Iterable[str]) -> list[str]:
        """Those not said before: a warning that comes with every save is soon not read."""
        fresh = [line for line in lines if line not in self._said]
        self._said.update(fresh)
        return fresh

    def __enter__(self) -> Checkpointer:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(CkptError):
            self.close()
