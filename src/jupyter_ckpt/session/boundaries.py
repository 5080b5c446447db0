"""The boundaries of a training, where it is whole: what is due is saved there, and what others ask is done."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from jupyter_ckpt.errors import CkptError, StoreError
from jupyter_ckpt.receipt import SaveReceipt
from jupyter_ckpt.session.requests import REASON
from jupyter_ckpt.store.journal import Journal

if TYPE_CHECKING:
    from jupyter_ckpt.session.saving_session import SavingSession

_AGAIN = "running its cell again goes on exactly there"
_RESUME = "`%ckpt resume` goes on there"
_EACH_SAVE = "; this training looks at each save"
_EACH_EPOCH = "; this training looks after each epoch: with jupyter_ckpt.batches(loader) it does after each batch"


class Boundaries:
    """What a session does at them.

    Parameters
    ----------
    session : SavingSession
        Whose.
    """

    def __init__(self, session: SavingSession) -> None:
        self._session = session
        self._is_saving = False

    def save(self, epoch: int | None, reason: str, last: bool) -> SaveReceipt | None:
        """Save what is due, and tell it; None when that failed.

        A volume that fails must not end a training that could go on: the next boundary tries again.

        Raises
        ------
        StoreError
            When it failed and it was the ``last`` one.
        """
        try:
            receipt = self._save_and_tell(epoch, reason)
            return receipt.wait() if last else receipt
        except StoreError as error:
            if last:
                raise
            self._session.tell(error)
            return None

    def serve(self, epoch: int | None, saved: SaveReceipt | None) -> None:
        """A loop's boundary: do what others asked of the training (`Requests.serve`)."""
        self._serve(epoch, saved, _AGAIN, "" if self._session.loop.counts_batches else _EACH_EPOCH)

    def saved_by_hand(self, epoch: int | None, saved: SaveReceipt) -> None:
        """A ``save()`` is the only boundary that a plain loop has."""
        if not self._is_saving:
            loop = self._session.loop
            advice = _RESUME if loop.epoch is None else _AGAIN
            self._serve(epoch, saved, advice, "" if loop.counts_batches else _EACH_SAVE)

    def _serve(self, epoch: int | None, saved: SaveReceipt | None, advice: str, hint: str) -> None:
        self._session.requests.serve(
            lambda: self._save_and_tell(epoch, REASON), saved=saved, advice=advice, hint=hint, stopping=self._stopping
        )

    def _save_and_tell(self, epoch: int | None, reason: str) -> SaveReceipt:
        self._is_saving = True
        try:
            receipt = self._session.save(epoch=epoch, reason=reason)
        finally:
            self._is_saving = False
        if receipt.in_flight is None:
            self._session.tell(receipt)
        else:
            receipt.in_flight.when_done(self._tell_when_done)
        return receipt

    def _tell_when_done(self, outcome: SaveReceipt | CkptError) -> None:
        if isinstance(outcome, SaveReceipt):  # a failure is told by the session itself
            self._session.tell(outcome)

    def _stopping(self, receipt: SaveReceipt, text: str) -> None:
        self._session.loop.ended_as_asked = True
        record = receipt.record
        with contextlib.suppress(StoreError):
            journal = Journal(self._session.store / record.run)
            journal.append("stopped", epoch=record.epoch, step=record.step, reason=REASON)
        self._session.notify("stopped", receipt, epoch=record.epoch, step=record.step, text=text)
