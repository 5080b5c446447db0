"""What the notebook's cells say about runs: the page asks after a reload, and when no kernel is there to tell it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, cast

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.server.body import choice
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.server.route import Route
from jupyter_ckpt.store.confine import run_folder_of
from jupyter_ckpt.store.journal import Journal

Language = Literal["en", "zh_CN"]
_MOST = 50


class RecordRoute(Route):
    """The record of one run."""

    path = "runs/{run}/record"

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Its lines, and whether a page is to show them."""
        language = language_of(self)
        store = await self.store()
        indexed = await self.on(store, store.run, self.name(run, "run"))
        self.answers(await self.on(store, record_of, indexed.run.folder, language))


class RecordsRoute(Route):
    """The records of a notebook's runs."""

    path = "records"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """The oldest run first; at most the newest fifty."""
        language = language_of(self)
        notebook = self.app.places.notebook(self.text("notebook"))
        if notebook is None:
            raise UsageProblem("the records of which notebook? notebook is its path")
        store = await self.store()
        records = await self.on(store, records_of, store, self.app.places, notebook, language)
        self.answers({"records": records})


class ShownRoute(Route):
    """The page has put a record's cell into the notebook."""

    path = "runs/{run}/record/shown"

    @tornado.web.authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Write that down. The page does it by itself: it is no activity."""
        run = self.name(run, "run")
        self.body()
        store = await self.store()
        indexed = await self.on(store, store.run, run)
        await self.on(store, shown, indexed.run.folder)
        self.answers({})


def language_of(route: Route) -> Language:
    """The query's ``language``; UsageProblem for one that there is not."""
    return cast(Language, choice(route.text("language") or "en", "language", ("en", "zh_CN")))


def record_of(folder: Path, language: Language) -> dict[str, Any]:
    """One record; touches files.

    Raises
    ------
    StoreError, OSError
        When the run cannot be read.
    """
    from jupyter_ckpt.record.experiment import read_experiment
    from jupyter_ckpt.record.markdown import lines_of, text_of

    experiment = read_experiment(folder)
    lines = lines_of(experiment, language)
    return {
        "run": experiment.run,
        "rev": experiment.rev,
        "lines": [{"key": line.key, "text": line.text} for line in lines],
        "markdown": text_of(lines),
        "cell_id": experiment.cell_id,
        "wanted": experiment.wanted,
        "shown": experiment.shown,
    }


def records_of(store: OpenStore, places: Places, notebook: str, language: Language) -> list[dict[str, Any]]:
    """The records of a notebook's runs, the oldest first."""
    runs = [one for one in store.look().runs.values() if places.api_path(one.run.origin.get("path")) == notebook]
    runs.sort(key=lambda one: (one.run.created or "", one.run.id))
    return [record_of(one.run.folder, language) for one in runs[-_MOST:]]


def shown(folder: Path) -> None:
    """Write into the run's journal that a page has its record."""
    Journal(run_folder_of(folder), fsync=False).append("record_shown")


ROUTES = (RecordRoute, RecordsRoute, ShownRoute)
