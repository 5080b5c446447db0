"""What the loops do by themselves is told too: to Python's log, or to the surface that listens."""

from __future__ import annotations

import logging

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.receipt import Item, Outcome, ResumeReceipt, SaveReceipt

_log = logging.getLogger("jupyter_ckpt")
_FINE = (Outcome.SAVED, Outcome.RESTORED)

Event = SaveReceipt | ResumeReceipt | CkptError | Item


def to_log(event: Event) -> None:
    """Tell the logger ``jupyter_ckpt``: what was done as information, what needs attention as a warning.

    Parameters
    ----------
    event : SaveReceipt, ResumeReceipt, CkptError or Item
        What a loop did, what kept it from saving, or what does not go on exactly.
    """
    if isinstance(event, CkptError):
        _log.error("%s", event)
        return
    if isinstance(event, Item):
        _log.warning("%s", sentence(event))
        return
    if isinstance(event, SaveReceipt):
        _log.info("saved %s", event.path)
    elif event.checkpoint is None:
        _log.info("nothing to resume: the training starts at epoch %d", event.next_epoch)
    else:
        _log.info("resumed %s, goes on with epoch %d", event.checkpoint, event.next_epoch)
    for line in event.warnings:
        _log.warning("%s", line)
    for item in event.items:
        if item.outcome not in _FINE:
            _log.warning("%s", sentence(item))


def sentence(item: Item) -> str:
    """One item as a line: ``data.loader0: not exact: why``."""
    return f"{item.name}: {item.outcome.value}{f': {item.detail}' if item.detail else ''}"
