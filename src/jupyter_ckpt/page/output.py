"""The record as an output of the cell that trains, for pages that have no place of their own for it.

VS Code, Colab, nbclient, nbconvert: all show Markdown that is updated in place. Where the page writes a cell of its
own, it shows one small line instead, by the first of the types.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from typing import Any

from jupyter_ckpt.session.store_memory import user_file

MIME = "application/vnd.jupyter-ckpt.record.v1+json"
VARIABLE = "JUPYTER_CKPT_RECORD_OUTPUT"
SETTING = "record_output"
_OFF = ("0", "off", "no", "false")
_log = logging.getLogger("jupyter_ckpt")


def is_wanted() -> bool:
    """Not switched off by ``JUPYTER_CKPT_RECORD_OUTPUT=off``, nor by the user's file (``"record_output": false``)."""
    said = os.environ.get(VARIABLE)
    if said:
        return said.strip().lower() not in _OFF
    try:
        found = json.loads(user_file().read_bytes()[: 1 << 20])
    except (OSError, ValueError, RecursionError):
        return True
    return not (isinstance(found, dict) and found.get(SETTING) is False)


class RecordOutput:
    """The record of one run in one executed cell."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._display_id: str | None = None

    def show(self, rev: int, markdown: str) -> None:
        """Show it, or replace what is shown; never raises."""
        data: dict[str, Any] = {
            MIME: {"run": self._run, "rev": rev},
            "text/markdown": markdown,
            "text/plain": f"Training record of run {self._run}",
        }
        update = self._display_id is not None
        self._display_id = self._display_id or f"jupyter-ckpt-{uuid.uuid4().hex}"
        try:
            from IPython.display import publish_display_data

            transient = {"display_id": self._display_id}
            publish_display_data(data, transient=transient, update=update)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - a kernel that shuts down
            _log.debug("the record was not shown", exc_info=True)
