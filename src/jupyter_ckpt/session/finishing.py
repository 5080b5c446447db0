"""The second half of a save: written, told, thinned out; while the training waits, or while it goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.receipt import SaveReceipt
from jupyter_ckpt.session.store_reader import unwatched

if TYPE_CHECKING:
    from jupyter_ckpt.session.background import InFlight
    from jupyter_ckpt.session.saving import Watch, Writing
    from jupyter_ckpt.session.saving_session import SavingSession
    from jupyter_ckpt.store.image import Image
    from jupyter_ckpt.store.preservation import KeepPolicy
    from jupyter_ckpt.store.record import CommitRecord


@dataclass(frozen=True)
class Finish:
    """What is left to do when a state is laid out.

    Parameters
    ----------
    session : SavingSession
        Whose save it is.
    writing : Writing
        The state.
    warnings : list of str
        For the receipt.
    policy : KeepPolicy or None
        Thins out the run afterwards.
    started : float
        `time.perf_counter` of the call.
    """

    session: SavingSession
    writing: Writing
    warnings: list[str]
    policy: KeepPolicy | None
    started: float

    def at_once(self, watch: Watch, stall: float | None = None) -> SaveReceipt:
        """Write it; gives the receipt of a durable save.

        Raises
        ------
        CkptError
            See `Writing.write`.
        """
        writing, session = self.writing, self.session
        record = writing.write(watch)
        said = [*self.warnings, *writing.cautions()]
        said += session.not_said_before([*writing.remarks, *session.choice.warnings])
        seconds = time.perf_counter() - self.started
        if self.policy is not None:
            said += session.thin_out(writing.run.folder, self.policy, watch)
        return self._receipt(record, seconds, said, stall)

    def in_background(self, image: Image) -> SaveReceipt:
        """Copy the state and let the training go on; gives a receipt that is not durable yet.

        A failure is told by the session, since nobody waits for it, and the next save descends from the one before.
        """
        writing, session = self.writing, self.session
        record, before = writing.record(), session.held
        try:
            writing.copy_into(image)
        except BaseException:
            session.background.give_back()
            raise
        stall = time.perf_counter() - self.started
        session.descends_from(record.ref)
        flight = session.background.start(record.ref, lambda: self.at_once(unwatched, stall))
        receipt = self._receipt(record, stall, [], stall, flight)

        def ended(outcome: SaveReceipt | CkptError) -> None:
            held = session.held == record.ref
            if isinstance(outcome, SaveReceipt):
                if held:
                    session.descends_from(outcome.record.ref)
                if session.last_receipt is receipt:
                    session.last_receipt = outcome
                session.tell_saved(outcome)
                return
            if held:
                session.descends_from(before)
            session.notify("save_failed", epoch=record.epoch, step=record.step, text=str(outcome))
            session.tell(outcome)

        session.last_receipt = receipt
        flight.when_done(ended)
        return receipt

    def _receipt(
        self,
        record: CommitRecord,
        seconds: float,
        warnings: list[str],
        stall: float | None,
        in_flight: InFlight | None = None,
    ) -> SaveReceipt:
        path, memory = str(self.writing.run.folder / f"{record.name}.pt"), self.session.background.memory
        return SaveReceipt(path, record, record.size, seconds, self.writing.items, warnings, stall, memory, in_flight)
