"""One training session: saves, and resumes what was saved, in the loops as well.

Everything that needs torch is imported when it is first used, so that loading the extension costs nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import (
    CkptError,
    CorruptCheckpoint,
    Mismatch,
    NothingTracked,
    UnknownName,
    UsageProblem,
)
from jupyter_ckpt.interrupts import Interrupts
from jupyter_ckpt.receipt import ResumeReceipt
from jupyter_ckpt.session.drift import code_changed, settings_changed
from jupyter_ckpt.session.hyperparameters import find_hyperparameters
from jupyter_ckpt.session.looking import spell
from jupyter_ckpt.session.saving_session import SavingSession
from jupyter_ckpt.session.standing import whole

if TYPE_CHECKING:
    from jupyter_ckpt.session.loops import TrainingEpochs
    from jupyter_ckpt.state.batches import Batches
    from jupyter_ckpt.state.tracked import Tracked


class Checkpointer(SavingSession):
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
        wanted = [only] if isinstance(only, str) else only if only is None else list(only)
        if wanted is not None and not wanted:
            raise UsageProblem("only what? Names or kinds of objects, rng, data or epoch; None restores everything")
        with Interrupts() as interrupts:
            return self._resume(target, wanted, strict, map_location, interrupts)

    def _resume(
        self,
        target: str | os.PathLike[str],
        wanted: Sequence[str] | None,
        strict: bool,
        map_location: Any,
        interrupts: Interrupts,
    ) -> ResumeReceipt:
        """See `resume`: objects, loops and what the session knows of them go together, an interrupt or not."""
        started = time.perf_counter()
        from jupyter_ckpt.session.resuming import apply, receipt_of
        from jupyter_ckpt.session.state_size import expected_bytes
        from jupyter_ckpt.session.targets import locate

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
                    interrupts=interrupts,
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
        receipt.warnings[:0] = self._chosen_before(target, receipt)
        self.loop.resumed(receipt, found.tree.get("rng") if found is not None else None)
        self.loop.models.remember(tracked)
        self.background.prepare(expected_bytes(tracked))
        self.last_receipt = receipt
        self.notify("resumed", receipt, epoch=receipt.next_epoch, step=receipt.step)
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
        self.notify("training")
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

    # -- below: the parts of the verbs ---------------------------------------------------------------------------

    def _survey_or_none(self) -> tuple[list[Tracked], CkptError | None]:
        """Without any model the checkpoint itself can say best what is missing."""
        try:
            return self.tracking.survey(self.names)[0], None
        except NothingTracked:
            return [], None
        except UsageProblem as error:
            return [], error

    def would_undo(self) -> list[str]:
        """What a resume would take back of what was trained in this kernel since the last save, in sentences."""
        return self._undone(self._survey_or_none()[0])

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

    def _chosen_before(self, target: str, receipt: ResumeReceipt) -> list[str]:
        """A line when ``latest`` takes another one than was chosen by name just before, as the panel does."""
        before = self.last_receipt
        chosen = before.checkpoint if isinstance(before, ResumeReceipt) and before.training else None
        if target != "latest" or chosen is None or receipt.checkpoint in (None, chosen):
            return []
        return [f"{chosen} was resumed before, this is the newest one: `%ckpt resume {chosen}` goes back to that"]

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
        elif self.loop.was_stopped or self.loop.ended_as_asked or anew:
            self.tell(self._resume_held())

    def _resume_held(self) -> ResumeReceipt:
        """Back to the checkpoint that the state in memory descends from."""
        try:
            return self.resume(self.held or "latest")
        except (UnknownName, CorruptCheckpoint):  # the newest good one then; its receipt names the damaged ones
            return self.resume()

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
            self.requests.attend(self._current.open.folder)
            self._current.open.journal.append("resumed", name=name, checkpoint=ref, pid=os.getpid())
        except CkptError as error:
            return [f"resumed, but {error}"]
        return warnings

    def __enter__(self) -> Checkpointer:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(CkptError):
            self.close()
