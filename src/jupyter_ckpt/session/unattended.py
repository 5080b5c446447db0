"""What the loops do by themselves is told too: to Python's log, or to the surface that listens."""

from __future__ import annotations

import logging

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.receipt import Outcome, ResumeReceipt, SaveReceipt

_log = logging.getLogger("jupyter_ckpt")
_FINE = (Outcome.SAVED, Outcome.RESTORED)

Event = SaveReceipt | ResumeReceipt | CkptError


def to_log(event: Event) -> None:
    """Tell the logger ``jupyter_ckpt``: what was done as information, what needs attention as a warning.

    Parameters
    ----------
    event : SaveReceipt, ResumeReceipt or CkptError
        What a loop did, or what kept it from saving.
    """
    if isinstance(event, CkptError):
        _log.error("%s", event)
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
            _log.warning("%s: %s%s", item.name, item.outcome.value, f": {item.detail}" if item.detail else "")
