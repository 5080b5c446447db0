"""The panel: what it shows, and when it is brought up to date."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from IPython import get_ipython

from jupyter_ckpt.display.clean import clean
from jupyter_ckpt.errors import CkptError, UsageProblem
from jupyter_ckpt.session.looking import pick_metric
from jupyter_ckpt.session.observers import Happening
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.prune import last_policy
from jupyter_ckpt.widget import rows
from jupyter_ckpt.widget.actions import Actions
from jupyter_ckpt.widget.parts import Parts
from jupyter_ckpt.widget.threads import let_page_choose, works_while_training

_SPACING_S = 1.0
_SHARE = 20
"""A look at a large store takes its time: at most this part of the training's."""
_EVERY = "all runs of this notebook"
_log = logging.getLogger("jupyter_ckpt")


class Panel:
    """One panel of one session; a notebook shows it when it is a cell's last value.

    Parameters
    ----------
    session : Checkpointer
        Whose checkpoints.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        self.shell = get_ipython()
        self.parts = Parts()
        self.is_closed = False
        self._busy = threading.RLock()
        self._is_dirty = False
        self._shown_at, self._took = float("-inf"), 0.0
        self._filling = False
        self._page = 0
        self._runs: list[str] = []
        self._has_new_run = False
        self._was_chosen = False  # by a person: then a new run does not take its place
        self.found: list[Checkpoint] = []
        """What the list shows, all pages of it."""
        self._actions = Actions(self)
        self._wire()
        self.refresh()
        for widget in self.parts.every:
            let_page_choose(widget.comm)
        session.observers.add(self._happened)
        if self.shell is not None:
            self.shell.events.register("post_run_cell", self._cell_ended)

    def close(self) -> None:
        """Take it from the page and listen no more."""
        if self.is_closed:
            return
        self.is_closed = True
        self.session.observers.discard(self._happened)
        if self.shell is not None:
            with contextlib.suppress(ValueError):
                self.shell.events.unregister("post_run_cell", self._cell_ended)
        with contextlib.suppress(Exception):  # the page is gone already
            self.parts.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.parts.box._repr_mimebundle_(**kwargs)

    @property
    def chosen(self) -> list[Checkpoint]:
        """The rows that are selected, newest first."""
        wanted = set(self.parts.rows.value)
        return [one for one in self.found if one.ref in wanted]

    def say(self, text: str) -> None:
        """One line for everybody to see and hear."""
        self.parts.status.value = rows.status_html(text)

    def guarded(self, do: Callable[[], None]) -> None:
        """Do what a click asks for; what goes wrong is said in the panel."""
        with self._busy:
            try:
                do()
            except CkptError as error:
                self.say(str(error))
            except OSError as error:
                self.say(f"the store cannot be read ({error.strerror or error}): %ckpt storage shows the volume")

    def refresh(self, *, only_run: bool = False) -> None:
        """Read the store again and show it.

        Parameters
        ----------
        only_run : bool
            Of the store read no more than the run that is shown: quick in a store of any size.
        """
        with self._busy:
            started = time.monotonic()
            self._is_dirty, self._filling = False, True
            try:
                self._fill(only_run=only_run)
            except (CkptError, OSError) as error:
                self.say(f"the store cannot be read: {error}")
            finally:
                self._filling = False
            self._shown_at = time.monotonic()
            self._took = self._shown_at - started

    # -- live ----------------------------------------------------------------------------------------------------

    def _happened(self, happening: Happening) -> None:
        """In the training's thread, which never waits for the panel."""
        if happening.kind == "training":
            return
        self._is_dirty = True
        if happening.kind == "metrics" and self.session.background.in_flight is not None:
            return  # looking now would wait for that save, and it tells when it is done
        if happening.folder is not None and happening.folder.name not in self._runs:
            self._has_new_run = True
        if happening.kind in ("save_failed", "stopped"):
            self.say(happening.text)
        if time.monotonic() - self._shown_at >= max(_SPACING_S, self._took * _SHARE):
            self._refresh_if_free()

    def _cell_ended(self, *_: Any) -> None:
        if self._is_dirty and self.session.background.in_flight is None:
            self._refresh_if_free()

    def _refresh_if_free(self) -> None:
        if self._busy.acquire(blocking=False):
            try:
                self.refresh(only_run=not self._has_new_run)
            except Exception:  # noqa: BLE001 - a page that is gone
                _log.debug("the panel was not brought up to date", exc_info=True)
            finally:
                self._busy.release()

    # -- what it shows -------------------------------------------------------------------------------------------

    def _wire(self) -> None:
        parts = self.parts
        for part in (parts.run, parts.metric, parts.filter):
            part.observe(self._changed, names="value")
        parts.rows.observe(lambda _: None if self._filling else self.guarded(self._show_details), names="value")
        parts.refresh.on_click(lambda _: self.guarded(self._read_again))
        parts.newer.on_click(lambda _: self.guarded(lambda: self._turn(-1)))
        parts.older.on_click(lambda _: self.guarded(lambda: self._turn(1)))
        self._actions.wire()
        if not works_while_training(self.shell, self.session.namespace):
            parts.hint.value = rows.status_html(
                "While a cell trains, this page hands clicks on only after the cell. What works meanwhile:"
                " the kernel's Stop, and in a terminal `jupyter ckpt tell RUN save` (or stop)."
            )

    def _changed(self, change: Any) -> None:
        if not self._filling:
            self._was_chosen = self._was_chosen or change["owner"] is self.parts.run
            self._page = 0
            self.guarded(self.refresh)

    def _read_again(self) -> None:
        self.refresh()
        self.say("Up to date.")

    def _turn(self, by: int) -> None:
        self._page += by
        self.refresh()

    def _fill(self, *, only_run: bool) -> None:
        parts, session = self.parts, self.session
        choice = session.choice
        parts.storage.value = rows.storage_html(_storage(session, choice))
        run = parts.run.value
        if not (only_run and run):
            run = self._fill_runs(run)
        every = session.list() if self._runs and not run else []
        if run:
            every = Catalog(session.store).checkpoints(run)
        metric, mode = _metric(every, session, run, parts.metric.value)
        names = list(dict.fromkeys(name for one in every for name in one.metrics))
        parts.metric.options = names
        parts.metric.value = metric
        best = rows.best_of_rows(every, metric, mode)
        parts.chart.value = rows.chart_html(every, metric, best)
        self.found = [one for one in every if rows.matches(one, parts.filter.value)]
        self._fill_rows(metric, best)

    def _fill_runs(self, wanted: str | None) -> str:
        """The runs to choose from; the newest is chosen where none was."""
        runs = self.session.runs()
        self._runs, self._has_new_run = [run.id for run in runs], False
        self.parts.run.options = [(_EVERY, ""), *((clean(run.id), run.id) for run in runs)]
        first = self._runs[0] if self._runs else ""
        chosen = wanted if wanted is not None and wanted in ("", *self._runs) else first
        self.parts.run.value = chosen if self._was_chosen else first
        return str(self.parts.run.value)

    def _fill_rows(self, metric: str | None, best: Checkpoint | None) -> None:
        parts, held = self.parts, self.session.held
        pages = max(1, -(-len(self.found) // rows.PAGE))
        self._page = min(max(self._page, 0), pages - 1)
        first = self._page * rows.PAGE
        shown = self.found[first : first + rows.PAGE]
        chosen = set(parts.rows.value)
        with_run = not parts.run.value
        parts.rows.options = [
            (
                rows.label(
                    one,
                    metric,
                    best=best is not None and one.ref == best.ref,
                    current=one.ref == held,
                    with_run=with_run,
                ),
                one.ref,
            )
            for one in shown
        ]
        parts.rows.value = [one.ref for one in shown if one.ref in chosen]
        for button, wanted in ((parts.newer, first > 0), (parts.older, self._page < pages - 1)):
            button.disabled = not wanted
        total = len(self.found)
        where = f"{first + 1} to {first + len(shown)} of {total}" if total else "No training checkpoints yet."
        parts.place.value = rows.status_html(where if total or not parts.filter.value else "None fits the filter.")

    def _show_details(self) -> None:
        from jupyter_ckpt.display.show import show_view

        chosen = self.chosen
        self.parts.details.value = show_view(chosen[0]).html if len(chosen) == 1 else ""


def _metric(found: list[Checkpoint], session: Any, run: str, wanted: str | None) -> tuple[str | None, Any]:
    """The metric to show: the one that was chosen, else the one that ``best`` means, else any."""
    names = list(dict.fromkeys(name for one in found for name in one.metrics))
    with contextlib.suppress(UsageProblem):
        policy = last_policy(session.store / run) if run else None
        metric, mode, _ = pick_metric(found, policy, wanted if wanted in names else None)
        return metric, mode
    return (names[0] if names else None), None


def _storage(session: Any, choice: Any) -> dict[str, Any]:
    from jupyter_ckpt.store import space

    free = None
    with contextlib.suppress(CkptError, OSError):
        room = space.free(session.store)
        free = room.free_bytes if room.trusted else None
    return {
        "store": session.store,
        "free": free,
        "durability": choice.assessment.durability,
        "reason": choice.assessment.reason,
    }
