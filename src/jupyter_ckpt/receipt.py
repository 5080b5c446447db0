"""What a verb reports back, item by item. Plain data: surfaces show it, nothing here prints."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_ckpt.session.background import InFlight
    from jupyter_ckpt.store.record import CommitRecord


NOT_ASKED_FOR = "not asked for"
"""The detail of an item that ``--only`` leaves out; shown together, they are no news."""


class Outcome(str, enum.Enum):
    """What became of one item of the training state."""

    SAVED = "saved"
    NOT_SAVED = "not saved"
    RESTORED = "restored"
    CONVERTED = "converted"
    """Restored, with another device or dtype than it was saved with."""
    MISSING = "missing"
    """Tracked now, but not in the checkpoint: left as it was."""
    EXTRA = "extra"
    """In the checkpoint, but nothing here takes it."""
    SKIPPED = "skipped"
    """Left out because the user said so (``--only``, ``--no-strict``)."""
    NOT_EXACT = "not exact"
    """Restored, but the continuation will differ from an uninterrupted run; ``detail`` says why."""


@dataclass(frozen=True)
class Item:
    """One line of a receipt.

    Parameters
    ----------
    name : str
        The user's name for the thing (``model``, ``history``) or ours (``rng.torch``, ``data.loader0``).
    kind : str
        What it is: ``model``, ``optimizer``, ``scheduler``, ``scaler``, ``ema``, ``loader``, ``generator``,
        ``stateful``, ``value``, ``rng``, ``position``.
    outcome : Outcome
        What became of it.
    detail : str
        Why, or how much; empty when there is nothing to add.
    """

    name: str
    kind: str
    outcome: Outcome
    detail: str = ""

    def to_json(self) -> dict[str, str]:
        """Plain dict for records and ``--json``."""
        return {"name": self.name, "kind": self.kind, "outcome": self.outcome.value, "detail": self.detail}


@dataclass(frozen=True)
class SaveReceipt:
    """What ``save`` did.

    Parameters
    ----------
    path : str
        The data file.
    record : CommitRecord
        What was committed.
    bytes : int
        Size of the data file.
    seconds : float
        Wall time from the call until durable; while it is being written, until now.
    items : list of Item
        Saved and not saved, one by one.
    warnings : list of str
        One-line remarks worth showing (unsafe volume, guessed metric direction, branched run).
    stall : float or None
        How long the training waited, when that was less: the state was copied and written in the background.
    memory : int
        Bytes of memory kept for such copies.
    in_flight : InFlight or None
        Set while it is being written: it is not durable yet, and ``record`` lacks what only the file will tell.
    """

    path: str
    record: CommitRecord
    bytes: int
    seconds: float
    items: list[Item] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stall: float | None = None
    memory: int = 0
    in_flight: InFlight | None = field(default=None, compare=False, repr=False)

    @property
    def durable(self) -> bool:
        """True when it was reported as saved; see `wait`."""
        return self.in_flight is None

    def wait(self) -> SaveReceipt:
        """The receipt of the save once it is durable.

        Raises
        ------
        CkptError
            When it failed.
        """
        return self if self.in_flight is None else self.in_flight.wait()


@dataclass(frozen=True)
class ResumeReceipt:
    """What ``resume`` did.

    Parameters
    ----------
    next_epoch : int
        The epoch to go on with; 0 when there was nothing to resume.
    step : int or None
        The optimizer step that the state is at, when known.
    checkpoint : str or None
        ``run/name`` or the path of what was restored; None when there was nothing.
    items : list of Item
        What came back and what did not.
    warnings : list of str
        One-line remarks: skipped corrupt checkpoints, unsafe volume.
    mid_epoch : bool
        True when the state lies inside ``next_epoch``, so that ``batches()`` goes on within it.
    values : dict
        Plain values of the checkpoint, for scripts that cannot have names rebound.
    training : bool
        The place in the training came back too; False when only some objects were asked for.
    """

    next_epoch: int
    step: int | None = None
    checkpoint: str | None = None
    items: list[Item] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    mid_epoch: bool = False
    seconds: float = 0.0
    values: dict[str, Any] = field(default_factory=dict)
    training: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain dict for ``--json`` (values left out: they may be tensors)."""
        data = asdict(self)
        del data["values"]
        data["items"] = [item.to_json() for item in self.items]
        return data
