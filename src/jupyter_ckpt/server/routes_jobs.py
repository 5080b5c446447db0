"""Verifying and exporting, which take their time."""

from __future__ import annotations

import contextlib

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.errors import CorruptCheckpoint, StoreError, UsageProblem
from jupyter_ckpt.server.body import words
from jupyter_ckpt.server.copying import copy_verified, target_of
from jupyter_ckpt.server.jobs import Job, Jobs
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.server.route import Route
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.confine import run_folder_of
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.marks import mark_verified
from jupyter_ckpt.store.record import read_record
from jupyter_ckpt.store.verify import verify_file

_FIELDS: dict[str, type] = {"store": str, "targets": list, "target": str, "to": str, "force": bool}
_OF_VERB = {"verify": {"verb", "store", "targets"}, "export": {"verb", "store", "target", "to", "force"}}


class JobsRoute(Route):
    """Starting a job."""

    path = "jobs"

    @tornado.web.authenticated
    @authorized
    async def post(self) -> None:
        """``verify`` some checkpoints, or ``export`` one."""
        self.counts()
        asked = self.body({"verb": str}, _FIELDS)
        verb = asked["verb"]
        if verb not in _OF_VERB:
            raise UsageProblem(f"a job's verb is verify or export, not {verb[:40]!r}")
        odd = asked.keys() - _OF_VERB[verb]
        missing = _OF_VERB[verb] - asked.keys() - {"store", "force"}
        if odd or missing:
            raise UsageProblem(f"{verb} takes {', '.join(sorted(_OF_VERB[verb]))}")
        store = await self.store(asked.get("store"))
        if verb == "verify":
            job = await self.on(store, start_verifying, self.app.jobs, store, asked["targets"])
        else:
            force = asked.get("force", False)
            args = (self.app.jobs, store, self.app.places, asked["target"], asked["to"], force)
            job = await self.on(store, start_exporting, *args)
        self.answers(job.to_json())


class JobRoute(Route):
    """One job."""

    path = "jobs/{id}"

    @tornado.web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        """How far it is."""
        self.answers(self.app.jobs.find(id).to_json())

    @tornado.web.authenticated
    @authorized
    async def delete(self, id: str) -> None:
        """Cancel it."""
        self.counts()
        self.answers(self.app.jobs.cancel(id).to_json())


def start_verifying(jobs: Jobs, store: OpenStore, targets: list[str]) -> Job:
    """Begin to re-read checkpoints; UnknownName when one of them does not exist."""
    if not targets:
        raise UsageProblem("verify which checkpoints? targets is a list of RUN/NAME")
    chosen = [store.checkpoint(*words(ref)) for ref in dict.fromkeys(targets)]
    return jobs.start("verify", sum(one.size for one in chosen), lambda job: verify_all(job, store, chosen))


def verify_all(job: Job, store: OpenStore, checkpoints: list[Checkpoint]) -> None:
    """Re-read every byte of each; the verdicts are remembered in the journals."""
    base = 0
    try:
        for checkpoint in checkpoints:
            job.check()
            job.label = checkpoint.ref
            problems = verify_one(job, checkpoint, base)
            base += checkpoint.size
            job.done = min(base, job.total)
            job.results.append({"ref": checkpoint.ref, "problems": problems})
            with contextlib.suppress(StoreError):  # a read-only store can be verified too
                journal = Journal(run_folder_of(checkpoint.folder))
                mark_verified(journal, checkpoint.name, ok=not problems, why="; ".join(problems)[:500])
    finally:
        with contextlib.suppress(StoreError):
            store.look(fresh=True)


def verify_one(job: Job, checkpoint: Checkpoint, base: int) -> list[str]:
    """What is wrong with one."""
    try:
        record = read_record(checkpoint.record_path)
    except CorruptCheckpoint as error:
        return [str(error)]
    except OSError as error:
        return [f"its record cannot be read ({error.strerror})"]
    if checkpoint.path.is_symlink():
        return ["the data file is a link"]
    return verify_file(checkpoint.path, record, fresh=True, progress=job.progress_from(base))


def start_exporting(jobs: Jobs, store: OpenStore, places: Places, target: str, to: str, force: bool) -> Job:
    """Begin to copy a checkpoint's data file, which needs nothing else of the store to be loaded."""
    checkpoint = store.checkpoint(*words(target))
    path = target_of(places, to, force=force)
    if path.parent.resolve().is_relative_to(store.path.resolve()):
        raise UsageProblem(f"{to[:200]} lies in the store, which holds only what was saved: choose another folder")
    record = read_record(checkpoint.record_path)

    def work(job: Job) -> None:
        job.label = checkpoint.ref
        copy_verified(checkpoint.path, record, path, job, force=force)
        job.results.append({"ref": checkpoint.ref, "problems": [], "path": places.api_path(str(path))})

    return jobs.start("export", 2 * record.size, work)


ROUTES = (JobsRoute, JobRoute)
