"""Where the training stands, and the loops that know it: epochs and batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jupyter_ckpt.receipt import Item, Outcome, ResumeReceipt
from jupyter_ckpt.session.loops import TrainingEpochs, every
from jupyter_ckpt.session.standing import Standing, stand, whole
from jupyter_ckpt.state.batches import Batches
from jupyter_ckpt.state.plain_loops import inside_plain_loop
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.rng import restore_rng


class CountingPosition(Position):
    """A `Position` that tells which loop's batch is done.

    Parameters
    ----------
    done : callable
        Called with the loop's `Batches` when it asks for another batch after it was given one.
    """

    def __init__(self, done: Callable[[Batches], None]) -> None:
        super().__init__()
        self._done = done

    def boundary(self, batches: Batches) -> None:
        """See `Position.boundary`."""
        super().boundary(batches)
        if batches.number >= batches.done:
            self._done(batches)


class TrainingLoop:
    """Counts epochs and steps, and saves at their boundaries.

    Parameters
    ----------
    namespace : mapping
        The user's names.
    save : callable
        Called at a boundary where a save is due, with the epoch, the reason and whether it is the last one.
    """

    def __init__(self, namespace: Mapping[str, Any], save: Callable[[int | None, str, bool], None]) -> None:
        self.position = CountingPosition(self._batch_done)
        self.epoch: int | None = None
        """The epoch that is running, when `epochs` is used."""
        self.steps: int | None = None
        """Batches of the epochs' first loader so far, when `batches` is used."""
        self._namespace = namespace
        self._save = save
        self._receipt: ResumeReceipt | None = None
        self._rng: Mapping[str, Any] | None = None
        self._first_loader: str | None = None
        self._spacing: dict[str, int | None] = {}
        self._saves_epoch = False
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
        self.epoch = None
        self.steps = receipt.step
        self.metrics.clear()

    def stand(self, epoch: Any, step: Any) -> tuple[Standing, list[Item]]:
        """Epoch, step and the epoch to go on with, and what a resume from here will not do exactly.

        Raises
        ------
        UsageProblem
            When what was given is not a number.
        """
        inside = self.position.inside
        counted = self.steps if self._first_loader is not None else None
        standing = stand(
            self._namespace,
            epoch=self.epoch if epoch is None else epoch,
            step=step,
            counted=counted,
            inside=inside,
        )
        if inside or self._first_loader is not None or standing.epoch is None:
            return standing, []
        loader = inside_plain_loop(self._namespace)
        if loader is None:
            return standing, []
        why = (
            f"saved inside epoch {standing.epoch} of a plain loop: a resume starts that epoch over;"
            f" loop over jupyter_ckpt.batches({loader}) to go on inside it"
        )
        item = Item(f"data.{loader}", "position", Outcome.NOT_EXACT, why)
        return replace(standing, next_epoch=standing.epoch), [item]

    def epochs(self, end: int, *, save_every: int | None, start: int | None) -> TrainingEpochs:
        """See `Checkpointer.epochs`."""
        end = whole(end, "the number of epochs")
        spacing = every(save_every, "save_every")
        first = whole(start, "start") if start is not None else self._next_epoch()
        receipt = self._receipt
        inside = receipt is not None and receipt.mid_epoch and self.epoch is None and first == receipt.next_epoch

        def is_due(epoch: int) -> bool:
            return bool(spacing) and ((epoch + 1) % (spacing or 1) == 0 or epoch + 1 == end)

        def begin(epoch: int) -> None:
            nonlocal inside
            self.epoch = epoch
            self.metrics.clear()
            self._saves_epoch = is_due(epoch)
            if not inside:
                self.position.begin_epoch()
                if self._rng is not None:  # what cells drew since the resume must not show in the loop
                    restore_rng(self._rng)
            self._rng = None
            inside = False

        def done(epoch: int) -> None:
            self.position.end_epoch()
            self._saves_epoch = False
            if is_due(epoch):
                self._save(epoch, "epoch", epoch + 1 == end)

        return TrainingEpochs(first, end, begin, done)

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
        if spacing and self.steps % spacing == 0 and not self._epoch_save_follows(batches):
            self._save(self.epoch, "steps", False)

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
        return self._receipt.next_epoch if self._receipt is not None else 0
