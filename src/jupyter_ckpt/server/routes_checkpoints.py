"""Checkpoints: the list, one in full, its marks, and its removal."""

from __future__ import annotations

from typing import Any

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.server.details import details_of, row
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.server.problems import Refused
from jupyter_ckpt.server.route import Route, page
from jupyter_ckpt.server.shapes import row_of
from jupyter_ckpt.session.store_session import check_tags
from jupyter_ckpt.store import marks
from jupyter_ckpt.store.compare import compare
from jupyter_ckpt.store.confine import run_folder_of
from jupyter_ckpt.store.index import IndexedRun
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.metric_mode import known_mode
from jupyter_ckpt.store.query import Filter, Row, select
from jupyter_ckpt.store.record import read_record
from jupyter_ckpt.store.trash import trash


class CheckpointsRoute(Route):
    """The checkpoints of a store, of a run or of a notebook."""

    path = "checkpoints"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """A page of them."""
        store = await self.store()
        run = self.text("run")
        found = await self.on(
            store,
            list_checkpoints,
            store,
            self.app.places,
            run=self.name(run, "run") if run is not None else None,
            notebook=self.app.places.notebook(self.text("notebook")),
            filter_text=self.text("filter") or "",
            sort=self.text("sort") or "time",
            descending=self.descending(),
            metric=self.text("metric"),
            offset=self.whole("offset", 0),
            limit=self.limit(),
        )
        self.answers(found)


def list_checkpoints(
    store: OpenStore,
    places: Places,
    *,
    run: str | None,
    notebook: str | None,
    filter_text: str,
    sort: str,
    descending: bool,
    metric: str | None,
    offset: int,
    limit: int,
) -> dict[str, Any]:
    """The answer to GET checkpoints; UsageProblem for a bad filter or order, UnknownName for an unknown run."""
    wanted = Filter.parse(filter_text)
    if run is not None:
        store.run(run)
    snapshot = store.look()

    def chosen() -> list[IndexedRun]:
        if run is not None:
            return [snapshot.runs[run]] if run in snapshot.runs else []
        if notebook is None:
            return list(snapshot.runs.values())
        return [one for one in snapshot.runs.values() if places.api_path(one.run.origin.get("path")) == notebook]

    def make() -> list[Row]:
        rows = ((one, one.name == _best(indexed, metric)) for indexed in chosen() for one in indexed.checkpoints)
        return select(rows, wanted, sort, descending=descending)

    rows = store.answer(snapshot, ("rows", run, notebook, wanted, sort, descending, metric), make)
    shown, mode = _metric(chosen(), metric)
    return {
        "total": len(rows),
        "offset": offset,
        "rows": [row_of(store, one, best) for one, best in page(rows, offset, limit)],
        "metric": shown,
        "mode": mode,
    }


def _best(indexed: IndexedRun, metric: str | None) -> str | None:
    if metric is None or metric == indexed.metric:
        return indexed.best
    found = indexed.run.best.get(metric)
    return found.name if found else None


def _metric(runs: list[IndexedRun], metric: str | None) -> tuple[str | None, str | None]:
    """The metric of the list, and its better direction."""
    having = [one for one in runs if one.metric is not None and metric in (None, one.metric)]
    if having:
        newest = max(having, key=lambda one: one.moment or 0.0)
        return newest.metric, newest.mode
    return metric, known_mode(metric) if metric else None


class CheckpointRoute(Route):
    """One checkpoint."""

    path = "checkpoints/{run}/{name}"

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str, name: str) -> None:
        """All that is known about it."""
        run, name = self.name(run, "run"), self.name(name, "checkpoint")
        store = await self.store()
        self.answers(await self.on(store, details_of, store, run, name))

    @tornado.web.authenticated
    @authorized
    async def patch(self, run: str, name: str) -> None:
        """Pin, note and tag it."""
        self.counts()
        run, name = self.name(run, "run"), self.name(name, "checkpoint")
        asked = self.body(optional={"pinned": bool, "note": str, "add_tags": list, "remove_tags": list})
        for key in ("add_tags", "remove_tags"):
            if asked.get(key):
                check_tags(asked[key])
        store = await self.store()
        self.answers(await self.on(store, mark, store, run, name, asked))

    @tornado.web.authenticated
    @authorized
    async def delete(self, run: str, name: str) -> None:
        """Move it to the trash."""
        self.counts()
        run, name = self.name(run, "run"), self.name(name, "checkpoint")
        store = await self.store()
        self.answers(await self.on(store, remove, store, run, name, self.flag("force")))


def mark(store: OpenStore, run: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Write the marks down; the row as it is afterwards."""
    checkpoint = store.checkpoint(run, name)
    journal = Journal(run_folder_of(checkpoint.folder))
    if "pinned" in asked and asked["pinned"] != checkpoint.pinned:
        (marks.pin if asked["pinned"] else marks.unpin)(journal, name)
    if "note" in asked and asked["note"] != checkpoint.note:
        marks.note(journal, name, asked["note"])
    if asked.get("add_tags"):
        marks.tag(journal, name, *asked["add_tags"])
    if asked.get("remove_tags"):
        marks.untag(journal, name, *asked["remove_tags"])
    store.look(fresh=True)
    return row(store, store.checkpoint(run, name))


def remove(store: OpenStore, run: str, name: str, force: bool) -> dict[str, Any]:
    """Move a checkpoint to the trash."""
    checkpoint = store.checkpoint(run, name)
    try:
        entry = trash(checkpoint.folder, name, force=force)
    except UnknownName:
        raise
    except UsageProblem as error:  # pinned, or the last good one
        raise Refused(str(error)) from error
    store.look(fresh=True)
    return {"ref": entry.ref, "size": entry.size}


class DiffRoute(Route):
    """Two checkpoints side by side."""

    path = "diff"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """What differs from ``a`` to ``b``."""
        refs = [self.text("a"), self.text("b")]
        if None in refs or refs[0] == refs[1]:
            raise UsageProblem("two different checkpoints are compared: a=RUN/NAME and b=RUN/NAME")
        store = await self.store()
        self.answers(await self.on(store, differences, store, *(str(ref) for ref in refs)))


def differences(store: OpenStore, a: str, b: str) -> dict[str, Any]:
    """The answer to GET diff."""
    records = []
    for ref in (a, b):
        run, slash, name = ref.partition("/")
        if not slash:
            raise UsageProblem(f"a checkpoint is named as RUN/NAME, not {ref[:80]!r}")
        records.append(read_record(store.checkpoint(run, name).record_path))
    return compare(*records).to_json()


ROUTES = (CheckpointsRoute, CheckpointRoute, DiffRoute)
