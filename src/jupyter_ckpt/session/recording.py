"""Which runs a notebook's records are about: its own, those that its cells were run in, those it has cells of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_ckpt.errors import CkptError, UnknownName
from jupyter_ckpt.record.experiment import Experiment, read_experiment
from jupyter_ckpt.record.notebook import fits, runs_in
from jupyter_ckpt.record.notebook_file import NotebookFile
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.store_memory import known_stores
from jupyter_ckpt.session.store_reader import StoreReader
from jupyter_ckpt.store.catalog import Run


@dataclass
class Found:
    """Runs of a notebook, the oldest first, and the stores that were looked in."""

    experiments: list[Experiment] = field(default_factory=list)
    stores: list[Path] = field(default_factory=list)


def runs_of_notebook(
    notebook: NotebookFile, store: Path | None = None, *, run: str | None = None, every: bool = False
) -> Found:
    """Find the runs whose records belong into a notebook.

    Parameters
    ----------
    notebook : NotebookFile
        As it lies on disk.
    store : Path, optional
        The only store to look in; by default the notebook's, then those that this user has saved to.
    run : str, optional
        This one, whatever started it.
    every : bool
        All that belong to it; by default the newest one and those that have a cell there.

    Raises
    ------
    UnknownName, UsageProblem
        When there is no such run.
    """
    found = Found()
    wanted = set(runs_in(notebook))
    problem: CkptError | None = None
    for reader in _readers(notebook, store):
        found.stores.append(reader.store)
        try:
            if run is not None:
                folder = reader.folder_of(run)
                found.experiments = [read_experiment(folder)]
                return found
            mine = _mine(reader.runs(everywhere=True), notebook)
        except (CkptError, OSError) as error:
            problem = error if isinstance(error, CkptError) else problem
            continue
        have = {one.run for one in found.experiments}
        found.experiments += [one for one in mine if one.run not in have]
    if run is not None:
        raise problem or UnknownName(f"no run {run!r}")
    found.experiments.sort(key=lambda one: one.created or 0.0)
    own = [one for one in found.experiments if one.run not in wanted]
    if not every:
        newest = own[-1:] if found.experiments and own and own[-1] is found.experiments[-1] else []
        found.experiments = [one for one in found.experiments if one.run in wanted or one in newest]
    return found


def _readers(notebook: NotebookFile, store: Path | None) -> Iterable[StoreReader]:
    origin = Origin("notebook", str(notebook.path.absolute()))
    first = StoreReader(store, origin=origin)
    yield first
    if store is None:
        for path in known_stores():
            if path != first.store and path.is_dir():
                yield StoreReader(path, origin=origin)


def _mine(runs: Iterable[Run], notebook: NotebookFile) -> list[Experiment]:
    paths = {str(notebook.path.absolute()), str(notebook.path.resolve())}
    named = set(runs_in(notebook))
    found = []
    for run in runs:
        kind, path = run.origin.get("kind"), run.origin.get("path")
        by_path = kind == "notebook" and path in paths
        if not (by_path or run.id in named or kind == "folder"):
            continue
        try:
            experiment = read_experiment(run.folder)
        except (CkptError, OSError):
            continue
        if by_path or run.id in named or fits(notebook, experiment):
            found.append(experiment)
    return found
