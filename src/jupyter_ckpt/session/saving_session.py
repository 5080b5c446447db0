"""The half of a training session that saves, and knows where the training stands.

Everything that needs torch is imported when it is first used, so that loading the extension costs nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.interrupts import Interrupts
from jupyter_ckpt.receipt import Item, ResumeReceipt, SaveReceipt
from jupyter_ckpt.session.boundaries import Boundaries
from jupyter_ckpt.session.circumstances import Circumstances
from jupyter_ckpt.session.describing import Describing
from jupyter_ckpt.session.finishing import Finish
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.requests import Requests
from jupyter_ckpt.session.run_session import RunSession
from jupyter_ckpt.session.standing import read_metrics
from jupyter_ckpt.session.store_session import check_note, check_tags
from jupyter_ckpt.session.unattended import Event, to_log
from jupyter_ckpt.session.verdict import StoreVerdict
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.preservation import KeepPolicy

if TYPE_CHECKING:
    from jupyter_ckpt.session.saving import Watch
    from jupyter_ckpt.session.training_loop import TrainingLoop


class SavingSession(RunSession):
    """Saves one training; parameters as for `Checkpointer`, which also resumes."""

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
        super().__init__(
            store, run, namespace=namespace, keep=keep, cells=cells, origin=origin, background=background
        )
        self._verdict = StoreVerdict()
        self._loop: TrainingLoop | None = None
        self._said: set[str] = set()
        self.last_receipt: SaveReceipt | ResumeReceipt | None = None
        """Of the last save or resume, those that the loops did by themselves included."""
        self.tell: Callable[[Event], None] = to_log
        """Told what the loops do by themselves; surfaces set one that shows it."""
        self.requests = Requests()
        """What others ask of the training while it runs."""
        self._boundaries = Boundaries(self)
        self._describing = Describing(self.observers)

    def save(
        self,
        epoch: int | None = None,
        step: int | None = None,
        metrics: Mapping[str, Any] | Iterable[str] | None = None,
        tags: str | Iterable[str] = (),
        note: str = "",
        wait: bool | None = None,
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
        wait : bool, optional
            True: return when it is durable. False: return when the state is copied, and write it in the background.
            By default small states are written at once, and large ones in the background as soon as there is memory
            for a copy; `SaveReceipt.durable` and `SaveReceipt.wait` tell.
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
        try:
            receipt = self._save(epoch, step, metrics, tags, note, wait, reason)
        except CkptError as error:
            self.notify("save_failed", epoch=epoch, step=step, text=str(error))
            raise
        if receipt.durable:
            self.tell_saved(receipt)
        self._boundaries.saved_by_hand(epoch, receipt)
        return receipt

    def _save(
        self,
        epoch: int | None,
        step: int | None,
        metrics: Mapping[str, Any] | Iterable[str] | None,
        tags: str | Iterable[str],
        note: str,
        wait: bool | None,
        reason: str,
    ) -> SaveReceipt:
        started = time.perf_counter()
        from jupyter_ckpt.session.saving import SaveRequest, Writing, capture_state

        names = self.names
        given = check_tags(tags) if tags else ()
        note = check_note(note or "")
        measured = read_metrics(metrics, names) if metrics is not None else dict(self.loop.metrics)
        standing, loop_items = self.loop.stand(names, epoch, step)
        remarks = [*standing.remarks, *self.loop.looks_back(standing)]
        tracked, notes = self.tracking.survey(names)
        settings = self._settings(names, tracked)
        code = self.tracking.sources(tracked, self._cell_sources())
        captured = capture_state(tracked, notes + loop_items, code)
        run, warnings = self._run_to_write(tracked, settings)
        self.requests.attend(run.folder)
        about = {"cells": self._cell_sources(), "planned": self.loop.planned}
        self._describing.note(run.folder, tracked, names, **about, environment=self._surroundings.known())
        policy = self._policy_of_run()
        self.settle()  # this one descends from what the save before has become, and has its name beside that one's
        request = SaveRequest(
            standing=standing,
            circumstances=Circumstances(self._surroundings, self._verdict, self.choice),
            metrics=measured,
            tags=given,
            note=note,
            reason=reason,
            parent=self.held,
            code=code,
            hyperparameters={**(run.info.get("hyperparameters") or {}), **settings},
        )
        writing = Writing(
            run, captured, self.loop.position, request, choice=self.choice, policy=policy, started=started
        )
        warnings += remarks
        finish = Finish(self, writing, warnings, policy, started)
        with Interrupts() as interrupts:
            image, remark = self.background.image(writing.size, wait, interrupts)
            warnings += self.not_said_before([remark] if remark else [])
            if image is None:
                self.last_receipt = receipt = finish.at_once(self.watch)
                self.descends_from(receipt.record.ref)
            else:
                receipt = finish.in_background(image)
            self.loop.saved(tracked, standing)
        return receipt

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
        self.notify("metrics", epoch=self.loop.epoch, step=self.loop.steps, metrics=found)
        return found

    @property
    def loop(self) -> TrainingLoop:
        """Where the training stands."""
        if self._loop is None:
            from jupyter_ckpt.session.training_loop import TrainingLoop

            self._loop = TrainingLoop(self._boundaries.save, self._boundaries.serve, self._remark)
        return self._loop

    def whereabouts(self) -> dict[str, Any]:
        """Run, checkpoint that is held, epoch and step, as far as they are known; nothing is looked up."""
        record = self.last_receipt.record if isinstance(self.last_receipt, SaveReceipt) else None
        loop = self._loop
        epoch = loop.epoch if loop is not None else None
        step = loop.steps if loop is not None else None
        return {
            "run": self._current.open.id if self._current.open is not None else None,
            "held": self.held,
            "epoch": record.epoch if epoch is None and record is not None else epoch,
            "step": record.step if step is None and record is not None else step,
        }

    # -- below: the parts of the verbs ---------------------------------------------------------------------------

    def _forget_training(self) -> None:
        super()._forget_training()
        self._loop = None

    def tell_saved(self, receipt: SaveReceipt) -> None:
        """Tell the observers of a save that is durable."""
        record = receipt.record
        self.notify("saved", receipt, epoch=record.epoch, step=record.step, metrics=record.metrics)

    def _remark(self, item: Item) -> None:
        self.tell(item)

    def thin_out(self, folder: Path, policy: KeepPolicy, watch: Watch) -> list[str]:
        """Apply the run's policy after a save; what went wrong, in sentences."""
        try:
            report = self._prune_folder(folder, policy, watch=watch)
        except CkptError as error:
            return [f"saved, but old checkpoints were not thinned out: {error}"]
        return [f"{name} is damaged: it was found while thinning out" for name in report.corrupt]

    def not_said_before(self, lines: Iterable[str]) -> list[str]:
        """Those not said before: a warning that comes with every save is soon not read."""
        fresh = [line for line in lines if line not in self._said]
        self._said.update(fresh)
        return fresh
