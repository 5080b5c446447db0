"""Where the training stands, and the loops that know it: epochs and batches."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.receipt import Item, Outcome, ResumeReceipt, SaveReceipt
from jupyter_ckpt.session.live_models import LiveModels
from jupyter_ckpt.session.loops import TrainingEpochs, every
from jupyter_ckpt.session.standing import Standing, stand
from jupyter_ckpt.state.batches import Batches
from jupyter_ckpt.state.plain_loops import inside_plain_loop
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.rng import capture_rng, restore_rng
from jupyter_ckpt.state.tracked import Tracked


class CountingPosition(Position):
    """A `Position` that tells which loop's batch is done.

    Parameters
    ----------
    done : callable
        Called with the loop's `Batches` when it asks for another batch after it was given one.
    remark : callable
        See `Position`.
    """

    def __init__(self, done: Callable[[Batches], None], remark: Callable[[Item], None]) -> None:
        super().__init__(on_remark=remark)
        self._done = done

    def boundary(self, batches: Batches) -> None:
        """See `Position.boundary`."""
        super().boundary(batches)
        if batches.number >= batches.done:
            self._done(batches)

    def is_finished(self, name: str | None) -> bool:
        """The pass of this loader is over, and no other epoch has begun."""
        slot = self._slots.get(name) if name is not None else None
        return slot is not None and slot.finished


class TrainingLoop:
    """Counts epochs and steps, and saves at their boundaries.

    Parameters
    ----------
    save : callable
        Called at a boundary where a save is due, with the epoch, the reason and whether it is the last one; gives the
        receipt, or None when it failed.
    serve : callable
        Called at each boundary, with the epoch and the receipt of a save that was just done there: what others ask
        of the training (`Requests.serve`).
    remark : callable
        Told what turns out not to go on exactly when a resumed loop begins.
    """

    def __init__(
        self,
        save: Callable[[int | None, str, bool], SaveReceipt | None],
        serve: Callable[[int | None, SaveReceipt | None], None],
        remark: Callable[[Item], None],
    ) -> None:
        self.position = CountingPosition(self._batch_done, remark)
        self.models = LiveModels()
        self.epoch: int | None = None
        """The epoch that is running, when `epochs` is used."""
        self.steps: int | None = None
        """Batches of the epochs' first loader so far, when `batches` is used."""
        self.ended_as_asked = False
        """It was stopped at a boundary, after a save: its cell goes on from that, whatever was done since."""
        self._save = save
        self._serve = serve
        self._receipt: ResumeReceipt | None = None
        self._rng: Mapping[str, Any] | None = None
        self._first_loader: str | None = None
        self._spacing: dict[str, int | None] = {}
        self._saves_epoch = False
        self._is_open = False  # an epoch was begun and has not ended
        self._saved: Standing | None = None  # since the last resume
        self._due: tuple[int, bool] | None = None
        self._epochs: Callable[[], TrainingEpochs | None] = lambda: None
        self.metrics: dict[str, float] = {}
        """Measured since the epoch began."""

    @property
    def has_resumed(self) -> bool:
        """A resume was done, even one that found nothing."""
        return self._receipt is not None

    def resumed(self, receipt: ResumeReceipt, rng: Any) -> None:
        """Go on from there.

        Parameters
        ----------
        receipt : ResumeReceipt
            What the resume did.
        rng : mapping or None
            The random states it set; set once more when the loop begins.
        """
        self._receipt = receipt
        restored = any(item.kind == "rng" and item.outcome is Outcome.RESTORED for item in receipt.items)
        self._rng = rng if restored and isinstance(rng, Mapping) else None
        self.epoch, self._is_open, self._due, self._saved = None, False, None, None
        self.ended_as_asked = False
        self.steps = receipt.step
        self.metrics.clear()

    def looks_back(self, standing: Standing) -> list[str]:
        """A line when an earlier epoch than the last one is saved with no resume between: the loop began again; or
        when the first one after a resume is beyond the one that the resume gave."""
        last, epoch = self._saved.epoch if self._saved is not None else None, standing.epoch
        given = (
            self._receipt.next_epoch if self._receipt is not None and self._receipt.checkpoint is not None else None
        )
        if self._saved is None and given is not None and epoch is not None and epoch > given:
            return [
                f"epoch {epoch} is the first after a resume that goes on with epoch {given}: the loop did not begin"
                " there, so this is counted wrongly; let its range begin with what the resume gives, as in"
                " `start_epoch = %ckpt resume`"
            ]
        if last is None or epoch is None or epoch >= last:
            return []
        return [
            f"epoch {epoch} comes after epoch {last}, with what was learned until then: `start_epoch = %ckpt resume`"
            " in the loop's cell goes on instead of beginning again"
        ]

    def saved(self, tracked: Sequence[Tracked], standing: Standing) -> None:
        """These were saved: nothing is due any more."""
        self._saved = standing
        self._due = None
        self.models.remember(tracked)

    def stand(self, names: Mapping[str, Any], epoch: Any, step: Any) -> tuple[Standing, list[Item]]:
        """Epoch, step and the epoch to go on with, and what a resume from here will not do exactly.

        Parameters
        ----------
        names : mapping
            The names that the calling code sees.
        epoch, step
            As given by the user, if they were.

        Raises
        ------
        UsageProblem
            When what was given is not a number.
        """
        inside = self.position.inside
        counted = self.steps if self._first_loader is not None else None
        standing = stand(
            names,
            epoch=self.epoch if epoch is None else epoch,
            step=step,
            counted=counted,
            inside=inside,
        )
        if inside or standing.epoch is None:
            return standing, []
        if self.was_stopped and standing.epoch == self.epoch:
            return self._stand_after_stop(standing)
        loader = inside_plain_loop(names) if self._first_loader is None else None
        if loader is None:
            return standing, []
        return _starts_over(
            standing,
            f"data.{loader}",
            f"saved inside epoch {standing.epoch} of a plain loop: a resume starts that epoch over;"
            f" loop over jupyter_ckpt.batches({loader}) to go on inside it",
        )

    def _stand_after_stop(self, standing: Standing) -> tuple[Standing, list[Item]]:
        if self.position.is_finished(self._first_loader):
            why = f"epoch {standing.epoch} was stopped after its training: a resume goes on with the next epoch"
            return standing, [Item("epoch", "position", Outcome.NOT_EXACT, why)]
        why = (
            f"epoch {standing.epoch} was stopped: a resume starts it over; loop over jupyter_ckpt.batches(loader) to"
            " go on inside it"
        )
        return _starts_over(standing, "epoch", why)

    def epochs(self, end: int, spacing: int | None, start: int | None) -> TrainingEpochs:
        """See `Checkpointer.epochs`."""
        epochs = TrainingEpochs(self, self._next_epoch() if start is None else start, end, spacing)
        self._epochs = weakref.ref(epochs)
        return epochs

    def begin(self, epoch: int, epochs: TrainingEpochs) -> None:
        """See `EpochKeeper`."""
        receipt = self._receipt
        going_on = self.epoch is None and receipt is not None and receipt.mid_epoch and epoch == receipt.next_epoch
        self.epoch, self._is_open = epoch, True
        self.ended_as_asked = False
        self.metrics.clear()
        self._saves_epoch = epochs.is_due(epoch)
        if not going_on:
            self.position.begin_epoch()
            if self._rng is not None:  # what cells drew since the resume must not show in the loop
                restore_rng(self._rng)
        self._rng = None

    def done(self, epoch: int, epochs: TrainingEpochs) -> int:
        """See `EpochKeeper`."""
        if self.epoch != epoch or not self._is_open:  # a resume in the loop's body: go on from there
            return self._next_epoch()
        self.leave(epoch)
        receipt = None
        if epochs.is_due(epoch):
            self._due = (epoch, epoch + 1 == epochs.end)
            receipt = self.save_what_is_due()
        self._serve(epoch, receipt)
        return epoch + 1

    def leave(self, epoch: int) -> None:
        """See `EpochKeeper`."""
        if self.epoch == epoch and self._is_open:
            self.position.end_epoch()
            self._saves_epoch = self._is_open = False

    def save_what_is_due(self) -> SaveReceipt | None:
        """Save the epoch that is done, also one whose save failed or was stopped."""
        if self._due is None:
            return None
        epoch, last = self._due
        receipt = self._save(epoch, "epoch", last)
        self._due = None
        return receipt

    def check_not_inside(self, frame: FrameType | None) -> None:
        """UsageProblem when ``frame`` is called from the body of a loop over epochs."""
        epochs = self._epochs()
        if epochs is not None and epochs.is_run_by(frame):
            raise UsageProblem(
                f"epochs() inside the loop over epochs(), in epoch {self.epoch}: an inner loop takes range(), or a"
                " Checkpointer(run=...) of its own"
            )

    @property
    def was_stopped(self) -> bool:
        """The loop over epochs was left inside an epoch by a Stop or an error."""
        epochs = self._epochs()
        return self._is_open and (epochs is None or not epochs.is_running)

    def go_on_here(self) -> ResumeReceipt:
        """After a Stop with nothing saved: go on with what is in memory, inside the epoch where that can be done."""
        epoch, inside = self.epoch or 0, self.position.inside
        items = self.position.load(self.position.state(), capture_rng()) if inside else []
        how = "goes on with its next batch" if inside else "starts over with the weights as they are"
        why = (
            f"epoch {epoch} was stopped before anything was saved: it {how};"
            " to begin anew run the cell that makes the model"
        )
        receipt = ResumeReceipt(epoch, self.steps, None, items, [why], inside)
        self.resumed(receipt, None)
        return receipt

    @property
    def planned(self) -> int | None:
        """How many epochs there will be, when `epochs` is used."""
        epochs = self._epochs()
        return epochs.end if epochs is not None else None

    @property
    def counts_batches(self) -> bool:
        """There is a boundary after each batch, not only after each epoch."""
        return self._first_loader is not None

    def batches(self, loader: Any, *, save_every: int | None, name: str | None) -> Batches:
        """See `Checkpointer.batches`."""
        spacing = every(save_every, "save_every")
        batches = self.position.batches(loader, name=name)
        if self._first_loader is None:
            self._first_loader = batches.name
        self._spacing[batches.name] = spacing
        return batches

    def _batch_done(self, batches: Batches) -> None:
        """A batch of a loop is done: count it, and save when it is time."""
        if batches.name != self._first_loader:
            return
        self.steps = (self.steps or 0) + 1
        spacing = self._spacing.get(batches.name)
        receipt = None
        if spacing and self.steps % spacing == 0 and not self._epoch_save_follows(batches):
            receipt = self._save(self.epoch, "steps", False)
        self._serve(self.epoch, receipt)

    def _epoch_save_follows(self, batches: Batches) -> bool:
        """After the last batch the epoch itself is about to be saved."""
        if not self._saves_epoch:
            return False
        try:
            return batches.number + 1 == len(batches)
        except TypeError:
            return False

    def _next_epoch(self) -> int:
        if self.epoch is not None:
            return self.epoch + 1
        if self._saved is not None:  # by hand, in another kind of loop
            return self._saved.next_epoch
        return self._receipt.next_epoch if self._receipt is not None else 0


def _starts_over(standing: Standing, name: str, why: str) -> tuple[Standing, list[Item]]:
    """A resume from here does its epoch once more."""
    return replace(standing, next_epoch=standing.epoch or 0), [Item(name, "position", Outcome.NOT_EXACT, why)]
