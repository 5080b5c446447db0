"""Kernel to page: each message is a comm of its own, opened with all there is to say and closed again.

So nothing needs to be held open, a page that comes later misses nothing that ``hello`` does not bring, and whoever
gets a message twice, or another page's, can tell.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Mapping
from typing import Any

from jupyter_ckpt.store.record import timestamp

TARGET = "jupyter_ckpt:push"
VERSION = 1
_log = logging.getLogger("jupyter_ckpt")


class Channel:
    """Sends messages to whatever pages there are; from any thread, without waiting, without ever raising."""

    def __init__(self) -> None:
        self.session = uuid.uuid4().hex
        """Of this load of the extension: a page compares ``rev`` only within one."""

    def push(self, type: str, notebook: str, /, **fields: Any) -> None:
        """Send one message.

        Parameters
        ----------
        type : str
            ``state``, ``record``, ``event`` or ``answer``.
        notebook : str
            Absolute path, or nothing when it is not known.
        fields
            Plain JSON values.
        """
        data = {
            "v": VERSION,
            "id": uuid.uuid4().hex,
            "type": type,
            "time": timestamp(),
            "notebook": notebook,
            "session": self.session,
            **fields,
        }
        try:
            import comm

            comm.create_comm(target_name=TARGET, data=data).close()
        except Exception:  # noqa: BLE001 - a kernel that shuts down, an odd comm package: training goes on
            _log.debug("the page was not told", exc_info=True)


def plain_metrics(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """Metrics as JSON has them: what is not finite as a word."""
    return {name: value if math.isfinite(value) else _word(value) for name, value in metrics.items()}


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
