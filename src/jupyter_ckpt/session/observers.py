"""Who else wants to know what a session does: surfaces listen, training never waits for them nor fails with them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyter_ckpt.receipt import ResumeReceipt, SaveReceipt

_log = logging.getLogger("jupyter_ckpt")

Kind = Literal["training", "saved", "resumed", "metrics", "save_failed", "stopped", "run"]


@dataclass(frozen=True)
class Happening:
    """Something that a session did, by a word of the user's or by its loops.

    Parameters
    ----------
    kind : str
        ``training``: a loop begins; ``run``: another run or store is meant from now on; the others as they say.
    session : Checkpointer
        Which one.
    folder : Path or None
        Of the run, when there is one yet.
    receipt : SaveReceipt or ResumeReceipt, optional
        Of a save or a resume.
    epoch, step, metrics
        As far as they are known.
    text : str
        Why a save failed, or where a training stands that was stopped.
    """

    kind: Kind
    session: Any
    folder: Path | None = None
    receipt: SaveReceipt | ResumeReceipt | None = None
    epoch: int | None = None
    step: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    text: str = ""


Observer = Callable[[Happening], None]
_everywhere: list[Observer] = []


def observe_everywhere(observer: Observer) -> None:
    """Call ``observer`` with what any session of this process does."""
    if observer not in _everywhere:
        _everywhere.append(observer)


def ignore_everywhere(observer: Observer) -> None:
    """Undo `observe_everywhere`."""
    if observer in _everywhere:
        _everywhere.remove(observer)


class Observers:
    """Those of one session; they are called in the thread that did it, after it was done."""

    def __init__(self) -> None:
        self._own: list[Observer] = []

    def add(self, observer: Observer) -> None:
        """Call it from now on."""
        if observer not in self._own:
            self._own.append(observer)

    def discard(self, observer: Observer) -> None:
        """Call it no more."""
        if observer in self._own:
            self._own.remove(observer)

    def notify(self, happening: Happening) -> None:
        """Tell all of them; what goes wrong with one of them is for the log alone."""
        for observer in (*_everywhere, *self._own):
            try:
                observer(happening)
            except Exception:  # noqa: BLE001 - a picture that cannot be drawn must not end a training
                _log.debug("an observer failed", exc_info=True)
