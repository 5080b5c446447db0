"""Records as cells of a closed notebook: one per run, under the cell that trains, a person's words kept."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import RefusedFile
from jupyter_ckpt.record.editors import find_editors
from jupyter_ckpt.record.experiment import Experiment
from jupyter_ckpt.record.language import Language
from jupyter_ckpt.record.markdown import lines_of
from jupyter_ckpt.record.merge import Slot, cell_hash, merge
from jupyter_ckpt.record.notebook_file import Cell, NotebookFile, read_notebook, set_source, source_of
from jupyter_ckpt.record.template import Template

KEY = "jupyter_ckpt"
_WRITER = "file"
"""The ``session`` of a cell that no kernel wrote."""


@dataclass
class Recorded:
    """What was done to a notebook.

    Parameters
    ----------
    path : Path
        Its file.
    added, updated, unchanged, kept_away : list of str
        Runs; ``kept_away`` are those whose cell a person deleted.
    diff : list of str
        What changes in the cells' texts, as a unified diff.
    remarks : list of str
        What a person should know.
    """

    path: Path
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept_away: list[str] = field(default_factory=list)
    diff: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """The file is another one than before."""
        return bool(self.added or self.updated)


def record_notebook(
    path: Path,
    experiments: Sequence[Experiment],
    *,
    language: Language = "en",
    template: Template | None = None,
    dry_run: bool = False,
    force: bool = False,
    bring_back: bool = False,
) -> Recorded:
    """Write the records of runs into a notebook that nobody has open.

    Parameters
    ----------
    path : Path
        The notebook.
    experiments : sequence of Experiment
        The runs, the oldest first.
    language, template
        See `lines_of`.
    dry_run : bool
        Only find out what would change.
    force : bool
        Also when it cannot be known whether it is open; not when it surely is.
    bring_back : bool
        Also cells that a person deleted.

    Returns
    -------
    Recorded
        The file is not touched when nothing changes.

    Raises
    ------
    UnknownName, RefusedFile
        When it is no notebook, or one that is open.
    StoreError
        When it cannot be written.
    """
    done = Recorded(path)
    if not dry_run:
        check_closed(path, force=force)
    notebook = read_notebook(path)
    before = {id(cell): source_of(cell) for cell in notebook.cells}
    about = notebook.content["metadata"].get(KEY)
    known: dict[str, Any] = dict(about) if isinstance(about, dict) else {}
    removed = _texts(known.get("removed"))
    for experiment in experiments:
        run = experiment.run
        cell = _cell_of(notebook, run)
        gone = cell is None and (run in removed or run in _texts(known.get("recorded")))
        if gone and not bring_back:
            done.kept_away.append(run)
            removed = list(dict.fromkeys([*removed, run]))
            continue
        removed = [one for one in removed if one != run]
        lines = lines_of(experiment, language, template)
        if cell is None:
            _insert(notebook, experiment, lines)
            done.added.append(run)
        elif _update(cell, experiment, lines):
            done.updated.append(run)
        else:
            done.unchanged.append(run)
    if not done.changed:
        return done
    known["recorded"] = list(dict.fromkeys([*_texts(known.get("recorded")), *done.added]))
    known["removed"] = removed
    notebook.content["metadata"][KEY] = known
    done.diff = _diff(notebook, before)
    if not dry_run:
        notebook.write()
    return done


def check_closed(path: Path, *, force: bool) -> None:
    """Refuse a notebook that is open, or that may be.

    Raises
    ------
    RefusedFile
        When a running Jupyter server has it open, ``force`` or not; without ``force`` also when one does not tell.
    """
    editors = find_editors(path)
    if editors.open_in:
        raise RefusedFile(
            f"{path} is open in {editors.open_in}: its page would not see what is written, or write over it."
            " Close the notebook and shut down its kernel; in an open one the cell appears by itself"
        )
    if editors.silent and not force:
        raise RefusedFile(
            f"it cannot be known whether {path} is open: {editors.silent[0]}. Close it there and add --force"
        )


def fits(notebook: NotebookFile, experiment: Experiment) -> bool:
    """True when the cells that the run's kernel was given are this notebook's: all of them, also papermill's own.

    Kernels of nbclient and papermill know no notebook, only a folder; what they ran tells which one it was.
    """
    if not experiment.cells:
        return False
    own = {cell_hash(source_of(cell)) for cell in notebook.cells if cell.get("cell_type") == "code"}
    return set(experiment.cells) <= own


def runs_in(notebook: NotebookFile) -> list[str]:
    """The runs that have a cell there."""
    found = (_about(cell).get("run") for cell in notebook.cells)
    return list(dict.fromkeys(run for run in found if isinstance(run, str)))


def _about(cell: Cell) -> Mapping[str, Any]:
    found = cell.get("metadata", {}).get(KEY)
    return found if isinstance(found, dict) and cell.get("cell_type") == "markdown" else {}


def _cell_of(notebook: NotebookFile, run: str) -> Cell | None:
    """The run's cell; of several (one was copied) the one that says it is."""
    found = [cell for cell in notebook.cells if _about(cell).get("run") == run]
    own = [cell for cell in found if "id" in cell and _about(cell).get("cell") == cell["id"]]
    return next(iter(own or found), None)


def _slots(about: Mapping[str, Any]) -> list[Slot]:
    slots = about.get("slots")
    pairs = [one for one in slots if isinstance(one, list) and len(one) == 2] if isinstance(slots, list) else []
    return [(str(key), str(digest)) for key, digest in pairs]


def _update(cell: Cell, experiment: Experiment, lines: Any) -> bool:
    """Write the new lines into a cell; False when they stand there."""
    about = dict(_about(cell))
    source = source_of(cell)
    merged = merge(source, _slots(about), lines)
    if merged.source == source:
        return False
    set_source(cell, merged.source)
    slots = [list(slot) for slot in merged.slots]
    cell["metadata"][KEY] = {**about, "session": _WRITER, "rev": experiment.rev, "slots": slots}
    return True


def _insert(notebook: NotebookFile, experiment: Experiment, lines: Any) -> None:
    merged = merge("", [], lines)
    about: dict[str, Any] = {"run": experiment.run, "session": _WRITER, "rev": experiment.rev}
    cell: Cell = {"cell_type": "markdown"}
    if notebook.has_ids:
        cell["id"] = about["cell"] = notebook.new_id()
    about["slots"] = [list(slot) for slot in merged.slots]
    cell["metadata"] = {KEY: about}
    set_source(cell, merged.source)
    notebook.cells.insert(_place(notebook, experiment), cell)


def _place(notebook: NotebookFile, experiment: Experiment) -> int:
    """Under the cell that trains, after the records that follow it already; else at the end."""
    trains = _training_cell(notebook, experiment)
    if trains is None:
        return len(notebook.cells)
    place = trains + 1
    while place < len(notebook.cells) and _about(notebook.cells[place]).get("run"):
        place += 1
    return place


def _training_cell(notebook: NotebookFile, experiment: Experiment) -> int | None:
    for number, cell in enumerate(notebook.cells):
        if experiment.cell_id is not None and cell.get("id") == experiment.cell_id:
            return number
    last = experiment.cells[-1] if experiment.cells else None
    for number, cell in enumerate(notebook.cells):
        if last is not None and cell.get("cell_type") == "code" and cell_hash(source_of(cell)) == last:
            return number
    return None


def _diff(notebook: NotebookFile, before: Mapping[int, str]) -> list[str]:
    lines: list[str] = []
    for number, cell in enumerate(notebook.cells):
        old, new = before.get(id(cell), ""), source_of(cell)
        if old != new:
            where = f"cell {number + 1}"
            names = (where if old else "(none)", where)
            lines += difflib.unified_diff(old.split("\n") if old else [], new.split("\n"), *names, lineterm="", n=1)
    return lines


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
