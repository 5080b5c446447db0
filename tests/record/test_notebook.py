"""Records as cells of a notebook that nobody has open."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import nbformat
import pytest
from written import WrittenRun

from jupyter_ckpt.errors import RefusedFile, UnknownName
from jupyter_ckpt.record.experiment import Experiment, read_experiment
from jupyter_ckpt.record.merge import cell_hash
from jupyter_ckpt.record.notebook import Recorded, fits, record_notebook
from jupyter_ckpt.record.notebook_file import read_notebook

TRAIN = "for epoch in epochs(3):\n    train()"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        nbformat.v4.new_code_cell("import torch", id="imports"),
        nbformat.v4.new_code_cell(TRAIN, id="trains"),
        nbformat.v4.new_code_cell("plot()", id="plots"),
    ]
    file = tmp_path / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    return file


@pytest.fixture
def run(tmp_path: Path, path: Path) -> WrittenRun:
    run = WrittenRun(tmp_path / "store", kind="notebook", path=str(path))
    return run.event("record_wanted", cell_id="trains", notebook=str(path)).save(0, acc=0.5)


def experiment(run: WrittenRun) -> Experiment:
    return read_experiment(run.folder)


def record(path: Path, *runs: WrittenRun, **wishes: bool) -> Recorded:
    return record_notebook(path, [experiment(run) for run in runs], **wishes)  # type: ignore[arg-type]


def sources(path: Path) -> list[str]:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return [cell.source for cell in notebook.cells]


def test_the_cell_is_under_the_one_that_trains_and_twice_is_once(path: Path, run: WrittenRun) -> None:
    assert record(path, run).added == [run.folder.name]
    found = sources(path)
    assert len(found) == 5
    assert found[2] == TRAIN
    assert found[3].startswith("### ")
    about = read_notebook(path).cells[3]
    assert about["metadata"]["jupyter_ckpt"]["run"] == run.folder.name
    assert about["metadata"]["jupyter_ckpt"]["cell"] == about["id"]
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert record(path, run).unchanged == [run.folder.name]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before, "not even touched"


def test_an_update_keeps_a_persons_words_and_everything_else(path: Path, run: WrittenRun) -> None:
    record(path, run)
    content = json.loads(path.read_text("utf-8"))
    content["cells"][3]["source"] += ["\n", "\n", "It overfits, 我觉得。"]
    content["metadata"]["mine"] = {"z": 1, "a": [1.0, 2]}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), "utf-8")
    path.chmod(0o640)
    run.save(1, acc=0.75)
    assert record(path, run).updated == [run.folder.name]
    found = sources(path)[3]
    assert "75.0 %" in found
    assert found.endswith("\n\nIt overfits, 我觉得。")
    after = json.loads(path.read_text("utf-8"))
    assert after["metadata"]["mine"] == {"z": 1, "a": [1.0, 2]}
    assert [cell["id"] for cell in after["cells"]] == [cell["id"] for cell in content["cells"]]
    assert path.read_text("utf-8").startswith('{\n  "cells"'), "written as it was"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert not list(path.parent.glob(".*tmp*"))


def test_runs_follow_each_other(path: Path, run: WrittenRun, tmp_path: Path) -> None:
    other = WrittenRun(tmp_path / "store", "second").event("record_wanted", cell_id="trains").save(0)
    third = WrittenRun(tmp_path / "store", "third").save(0)
    record(path, run, other, third)
    titles = [source.partition(" ·")[0] for source in sources(path)]
    assert titles[3:] == [f"### {run.folder.name}".replace("_", "_"), "### second", "plot()", "### third"]


def test_a_cell_that_a_person_deleted_stays_away(path: Path, run: WrittenRun) -> None:
    record(path, run)
    content = json.loads(path.read_text("utf-8"))
    del content["cells"][3]
    path.write_text(json.dumps(content), "utf-8")
    run.save(1)
    assert record(path, run).kept_away == [run.folder.name]
    assert len(sources(path)) == 4
    assert record(path, run, bring_back=True).added == [run.folder.name]
    assert len(sources(path)) == 5


def test_what_the_page_remembers_is_obeyed(path: Path, run: WrittenRun) -> None:
    content = json.loads(path.read_text("utf-8"))
    content["metadata"]["jupyter_ckpt"] = {"removed": [run.folder.name], "other": 1}
    path.write_text(json.dumps(content), "utf-8")
    assert record(path, run).kept_away == [run.folder.name]
    record(path, run, bring_back=True)
    about = json.loads(path.read_text("utf-8"))["metadata"]["jupyter_ckpt"]
    assert about["removed"] == []
    assert about["other"] == 1


def test_of_copies_the_first_one_is_the_cell(path: Path, run: WrittenRun) -> None:
    record(path, run)
    content = json.loads(path.read_text("utf-8"))
    copy = json.loads(json.dumps(content["cells"][3]))
    copy["id"] = "copied"
    content["cells"].insert(1, copy)
    path.write_text(json.dumps(content), "utf-8")
    run.save(1, acc=0.75)
    record(path, run)
    assert "75.0 %" not in sources(path)[1]
    assert "75.0 %" in sources(path)[4]


def test_a_dry_run_shows_and_writes_nothing(path: Path, run: WrittenRun) -> None:
    before = path.read_bytes()
    done = record(path, run, dry_run=True)
    assert done.added == [run.folder.name]
    assert any(line.startswith("+### ") for line in done.diff)
    assert path.read_bytes() == before


def test_an_older_format_stays_one(path: Path, run: WrittenRun) -> None:
    content = json.loads(path.read_text("utf-8"))
    content["nbformat_minor"] = 4
    for cell in content["cells"]:
        del cell["id"]
    path.write_text(json.dumps(content), "utf-8")
    record(path, run)
    after = json.loads(path.read_text("utf-8"))
    assert after["nbformat_minor"] == 4
    assert not any("id" in cell for cell in after["cells"])
    sources(path)
    run.save(1)
    assert record(path, run).updated == [run.folder.name]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "format 4"),
        ('{"nbformat": 3, "worksheets": []}', "format 4"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}', "one of its cells"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "x"}]}', "no valid notebook"),
    ],
)
def test_what_is_no_notebook_is_refused(path: Path, run: WrittenRun, text: str, says: str) -> None:
    path.write_text(text)
    with pytest.raises(RefusedFile, match=says):
        record(path, run)
    assert path.read_text() == text
    with pytest.raises(UnknownName, match="no such notebook"):
        record(path.with_name("nothing.ipynb"), run)


def test_a_change_of_somebody_else_meanwhile_is_not_lost(path: Path) -> None:
    notebook = read_notebook(path)
    notebook.cells.pop()
    os.utime(path, (1, 1))
    with pytest.raises(RefusedFile, match="somebody else"):
        notebook.write()
    assert len(sources(path)) == 4
    assert not list(path.parent.glob(".*tmp*"))


def test_a_link_stays_a_link(path: Path, run: WrittenRun) -> None:
    link = path.parent / "link.ipynb"
    link.symlink_to(path.name)
    record(link, run)
    assert link.is_symlink()
    assert len(sources(path)) == 5


def test_a_kernel_without_a_notebook_is_known_by_what_it_ran(path: Path, tmp_path: Path) -> None:
    cells = [cell_hash(text) for text in ("import torch", TRAIN + "\n")]
    run = WrittenRun(tmp_path / "store", "papermill", kind="folder", path="/anywhere").save(0)
    run.event("described", description={}, session="a", cells=cells)
    assert fits(read_notebook(path), experiment(run))
    record(path, run)
    assert sources(path)[3].startswith("### papermill")
    run.event("described", description={}, session="b", cells=[*cells, cell_hash("lr = 0.1")])
    assert not fits(read_notebook(path), experiment(run)), "other parameters, so another notebook's"
