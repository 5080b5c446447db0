"""A store seen from one notebook: its runs and checkpoints, found by the words people use. Needs no torch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.session.looking import is_path, pick_metric, ranked, read_word, spell
from jupyter_ckpt.session.origin import Origin, find_origin
from jupyter_ckpt.session.store_choice import StoreChoice, choose_store
from jupyter_ckpt.store.catalog import Catalog, Run
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.compare import Diff, compare
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.store.prune import last_policy
from jupyter_ckpt.store.verify import Progress
from jupyter_ckpt.volumes import Candidate, candidates

Runs = list[Run]
Checkpoints = list[Checkpoint]
Damaged = list[tuple[Path, str]]
Candidates = list[Candidate]


@contextlib.contextmanager
def unwatched(label: str, total: int) -> Iterator[Progress | None]:
    """The `Watch` of a session that nobody looks at."""
    yield None


class StoreReader:
    """A store and the run in it that is meant when none is named.

    Parameters
    ----------
    store : path, optional
        The store's folder; found by itself when not given (see `choose_store`).
    run : str, optional
        The run meant by default.
    origin : Origin, optional
        The notebook or script; found by itself when not given.
    """

    def __init__(
        self, store: str | os.PathLike[str] | None = None, run: str | None = None, *, origin: Origin | None = None
    ) -> None:
        self.origin = origin or find_origin()
        self.watch: Any = unwatched
        """A `jupyter_ckpt.session.saving.Watch`; surfaces set one that draws."""
        self._given = store
        self._choice: StoreChoice | None = None
        self._run_name = run

    @property
    def choice(self) -> StoreChoice:
        """The store and why it is this one; decided when first needed."""
        if self._choice is None:
            self._choice = choose_store(self._given, self.origin)
        return self._choice

    @property
    def choice_so_far(self) -> StoreChoice | None:
        """The `choice`, when it was made already."""
        return self._choice

    @property
    def store(self) -> Path:
        """The store's folder, which need not exist yet."""
        return self.choice.path

    @property
    def run_id(self) -> str | None:
        """The run meant by default, when it exists."""
        return self._run_name

    @property
    def held(self) -> str | None:
        """``run/name`` of the checkpoint that the live state descends from, when there is a live state."""
        return None

    def settle(self) -> None:
        """Wait for what this session is still writing, if it writes: what is looked for may be that."""

    def storage(self) -> Candidates:
        """Every volume worth saving to, best first; see `jupyter_ckpt.volumes.candidates`."""
        return candidates(self.origin.folder)

    def runs(self, *, everywhere: bool = False) -> Runs:
        """The runs of this notebook, or with ``everywhere`` all of the store; newest first."""
        self.settle()
        found = Catalog(self.store).runs()
        return found if everywhere else [run for run in found if self._is_mine(run)]

    def list(self, run: str | None = None, *, everywhere: bool = False) -> Checkpoints:
        """Checkpoints, newest first: of one run, of this notebook's runs, or of all.

        Raises
        ------
        UnknownName
            When there is no such run.
        """
        self.settle()
        catalog = Catalog(self.store)
        if run is not None:
            return catalog.checkpoints(self._full_run(run, catalog))
        return catalog.checkpoints() if everywhere else catalog.checkpoints(origin=self.origin.key)

    def damaged(self) -> Damaged:
        """What lies in the store and is no valid checkpoint, and why."""
        catalog = Catalog(self.store)
        catalog.checkpoints()
        return catalog.damaged

    def find(self, target: str | os.PathLike[str] = "latest", run: str | None = None) -> Checkpoint:
        """The checkpoint that is meant.

        Parameters
        ----------
        target : str
            ``latest``, ``best``, ``best:METRIC``, a name or its beginning, ``run/name``, ``run/best``, a run (its
            latest is meant), or a data file's path.
        run : str, optional
            The run to look in; by default the present one, then this notebook's, then all.

        Raises
        ------
        UnknownName, UsageProblem
            When there is none, or several could be meant.
        """
        return self._several(spell(target), run)[0]

    def folder_of(self, run: str) -> Path:
        """The folder of a run, named by its id or an unmistakable beginning of it.

        Raises
        ------
        UnknownName, UsageProblem
            When there is none, or several could be meant.
        """
        return self.store / self._full_run(run, Catalog(self.store))

    def show(self, target: str = "latest", run: str | None = None) -> Checkpoint:
        """One checkpoint with everything that is known about it (``.record`` has it all)."""
        return self.find(target, run)

    def diff(self, first: str, second: str = "latest", run: str | None = None) -> Diff:
        """What differs between two checkpoints: settings, metrics, environment, code, tensors.

        Raises
        ------
        UsageProblem
            When both are the same one.
        """
        one, other = self.find(first, run), self.find(second, run)
        if one.path == other.path:
            raise UsageProblem(f"{first} and {second} are the same checkpoint, {one.name}")
        return compare(one.record, other.record)

    @property
    def policy(self) -> KeepPolicy | None:
        """What the run's checkpoints are thinned out to; None keeps all."""
        folder = self._run_folder_or_none()
        return last_policy(folder) if folder is not None else None

    # -- below: how the words are understood ---------------------------------------------------------------------

    def _several(self, target: str, run: str | None) -> Checkpoints:
        """All that ``target`` may mean, the most wanted first; at least one."""
        self.settle()
        catalog = Catalog(self.store)
        wanted = read_word(target)
        if wanted is not None:
            pool = self._pool(run, catalog)
            if not pool:
                where = f"run {run}" if run else f"{self.store}"
                raise UnknownName(f"there is no checkpoint in {where} yet")
            if wanted[0] == "latest":
                return pool
            metric, mode, _ = pick_metric(pool, self.policy, wanted[1])
            return ranked(pool, metric, mode)
        if is_path(target):
            return [self._by_path(target, catalog)]
        head, slash, tail = target.rpartition("/")
        if run is None and slash and (not tail or read_word(tail)):
            return self._several(tail or "latest", head)
        if run is None and self.run_id is not None and "/" not in target:
            with contextlib.suppress(UnknownName):
                return [catalog.find(target, self.run_id)]
        if run is None and "/" not in target:
            mine = [c for c in catalog.checkpoints(origin=self.origin.key) if c.name.startswith(target)]
            if mine and len({c.run for c in mine}) == 1:
                return [next((c for c in mine if c.name == target), mine[0])]
        try:
            return [catalog.find(target, self._full_run(run, catalog) if run else None)]
        except UnknownName:
            if run is None and any(one.id == target for one in catalog.runs()):
                return self._several("latest", target)
            raise

    def _pool(self, run: str | None, catalog: Catalog) -> Checkpoints:
        """Where ``latest`` and ``best`` look: one run, else this notebook's, else (from a shell) all."""
        if run is not None:
            return catalog.checkpoints(self._full_run(run, catalog))
        if self.run_id is not None:
            return catalog.checkpoints(self.run_id)
        mine = catalog.checkpoints(origin=self.origin.key)
        return mine or (catalog.checkpoints() if self.origin.kind == "folder" else [])

    def _by_path(self, target: str, catalog: Catalog) -> Checkpoint:
        path = Path(os.path.expanduser(target)).absolute()
        if path.is_dir():
            raise UsageProblem(
                f"{path} is a folder: name a checkpoint's file in it, or a run: `list --all` shows them"
            )
        for checkpoint in Catalog(path.parent.parent).checkpoints():
            if path in (checkpoint.path, checkpoint.record_path):
                return checkpoint
        raise UnknownName(f"{path}: no checkpoint of ours (no commit record beside it)")

    def _full_run(self, run: str, catalog: Catalog) -> str:
        """A run by its id or an unmistakable beginning of it."""
        ids = [one.id for one in catalog.runs()]
        if run in ids:
            return run
        hits = [one for one in ids if one.startswith(run)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise UsageProblem(
                f"run {run!r} could be {', '.join(hits[:4])}{', …' if len(hits) > 4 else ''}: say more"
            )
        catalog.checkpoints(run)  # raises UnknownName with close ones
        return run

    def _is_mine(self, run: Run) -> bool:
        return all(run.origin.get(key) == value for key, value in self.origin.key.items())

    def _run_folder_or_none(self) -> Path | None:
        """The folder of the run that is meant when none is named."""
        if self.run_id is not None:
            return self.store / self._full_run(self.run_id, Catalog(self.store))
        mine = self.runs() or (self.runs(everywhere=True) if self.origin.kind == "folder" else [])
        return mine[0].folder if mine else None
