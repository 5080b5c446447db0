"""Writes into a run's journal what is trained there: at a session's first save, and when it has changed since."""

from __future__ import annotations

import datetime
import json
import logging
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.record.merge import cell_hash
from jupyter_ckpt.session.observers import Happening, Observers
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.record import parse_timestamp, timestamp

if TYPE_CHECKING:
    from jupyter_ckpt.state.tracked import Tracked

_EVERY_S = 5.0
"""What a save costs must not grow by it: a training that saves every second is looked at now and then."""
_SHARE = 50
_MOST_CELLS = 100
_LARGEST = 64 << 10
_log = logging.getLogger("jupyter_ckpt")


class Describing:
    """The descriptions of one session.

    Parameters
    ----------
    observers : Observers
        Of the session: they tell when its loops begin.
    """

    def __init__(self, observers: Observers) -> None:
        self._id = uuid.uuid4().hex
        self._written: tuple[Path, str] | None = None
        self._began: str | None = None
        self._next = 0.0
        self._planned: int | None = None
        observers.add(self._observe)

    def _observe(self, happening: Happening) -> None:
        if happening.kind == "training":
            self._began = timestamp()

    def note(
        self,
        folder: Path,
        tracked: Sequence[Tracked],
        names: Mapping[str, Any],
        *,
        cells: Any,
        planned: int | None,
        environment: Mapping[str, Any],
    ) -> None:
        """Before a save: write the description when it is not the one that stands there. Never raises.

        Parameters
        ----------
        folder : Path
            Of the run.
        tracked, names, environment
            See `describe`.
        cells : list of str, optional
            As they were run.
        planned : int, optional
            The number of epochs that the loop goes to.
        """
        now = time.perf_counter()
        fresh = self._written is None or self._written[0] != folder or self._began is not None
        if not fresh and now < self._next:
            return
        try:
            self._planned = planned or self._planned  # the loop may be over
            described = _describe(tracked, names, cells, self._planned, environment)
            text = json.dumps(described, ensure_ascii=False, sort_keys=True, default=str)
            if len(text) <= _LARGEST and (fresh or self._written != (folder, text)):
                # what follows it, the save, makes it durable too
                Journal(folder, fsync=False).append(
                    "described",
                    description=described,
                    session=self._id,
                    since=self._began or _cell_began(),
                    cells=_cells_run(),
                )
                self._written, self._began = (folder, text), None
        except Exception:  # noqa: BLE001 - a training that cannot be described is saved all the same
            _log.debug("the training was not described", exc_info=True)
        took = time.perf_counter() - now
        self._next = now + max(_EVERY_S, _SHARE * took)


def _describe(
    tracked: Sequence[Tracked],
    names: Mapping[str, Any],
    cells: Any,
    planned: int | None,
    environment: Mapping[str, Any],
) -> dict[str, Any]:
    from jupyter_ckpt.state.description import describe

    sources = cells if isinstance(cells, list) else None
    described = describe(tracked, names, sources, epochs=planned, environment=environment)
    offset = datetime.datetime.now().astimezone().utcoffset()
    if offset is not None:
        described["utc_offset"] = round(offset.total_seconds() / 60)
    return described


def _cells_run() -> list[str]:
    """Hashes of the cells as they were typed, the one that runs now last: they tell the notebook that was run."""
    try:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        typed = list(shell.history_manager.input_hist_raw) if shell is not None else []
        return [cell_hash(text) for text in typed[-_MOST_CELLS:] if text.strip()]
    except Exception:  # noqa: BLE001 - another shell, another way
        _log.debug("the cells are not known", exc_info=True)
        return []


def _cell_began() -> str:
    """When the notebook's cell that runs now was sent; the present where that is not known."""
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        sent = shell.get_parent()["header"]["date"] if shell is not None and hasattr(shell, "get_parent") else now
        moment = parse_timestamp(sent) if isinstance(sent, str) else sent
        if datetime.timedelta(0) <= now - moment < datetime.timedelta(days=60):
            return timestamp(moment)
    except Exception:  # noqa: BLE001 - another kernel, another way
        _log.debug("it is not known when the cell began", exc_info=True)
    return timestamp(now)
