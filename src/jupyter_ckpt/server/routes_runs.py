"""Runs: the list, their metrics and their journals."""

from __future__ import annotations

from typing import Any

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.server.journal_page import journal_page
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.server.route import Route, page
from jupyter_ckpt.server.series import series_of
from jupyter_ckpt.server.shapes import run_of
from jupyter_ckpt.store.index import IndexedRun
from jupyter_ckpt.store.query import Filter, select_runs


class RunsRoute(Route):
    """All runs of a store."""

    path = "runs"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """A page of them, those of the notebook first."""
        store = await self.store()
        notebook = self.app.places.notebook(self.text("notebook"))
        found = await self.on(
            store,
            list_runs,
            store,
            self.app.places,
            notebook=notebook,
            filter_text=self.text("filter") or "",
            sort=self.text("sort") or "last",
            descending=self.descending(),
            offset=self.whole("offset", 0),
            limit=self.limit(),
        )
        self.answers(found)


def list_runs(
    store: OpenStore,
    places: Places,
    *,
    notebook: str | None,
    filter_text: str,
    sort: str,
    descending: bool,
    offset: int,
    limit: int,
) -> dict[str, Any]:
    """The answer to GET runs; UsageProblem for a bad filter or order."""
    wanted = Filter.parse(filter_text)
    snapshot = store.look()

    def is_mine(one: IndexedRun) -> bool:
        return notebook is not None and places.api_path(one.run.origin.get("path")) == notebook

    def make() -> list[IndexedRun]:
        return select_runs(snapshot.runs.values(), wanted, sort, descending=descending, is_mine=is_mine)

    runs = store.answer(snapshot, ("runs", notebook, wanted, sort, descending), make)
    return {
        "total": len(runs),
        "offset": offset,
        "runs": [run_of(store, one, places, notebook) for one in page(runs, offset, limit)],
        "damaged": [{"path": str(path), "why": why} for path, why in snapshot.damaged[:200]],
    }


class MetricsRoute(Route):
    """What a run measured, for its chart."""

    path = "runs/{run}/metrics"

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Series of at most 500 points each."""
        store = await self.store()
        indexed = await self.on(store, store.run, self.name(run, "run"))
        self.answers(await self.on(store, series_of, indexed, store.measurements))


class JournalRoute(Route):
    """What happened in a run."""

    path = "runs/{run}/journal"

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """A page of its journal, newest first."""
        store = await self.store()
        indexed = await self.on(store, store.run, self.name(run, "run"))
        offset, limit = self.whole("offset", 0), self.limit()
        self.answers(await self.on(store, journal_page, indexed.run.folder, offset, limit))


ROUTES = (RunsRoute, MetricsRoute, JournalRoute)
