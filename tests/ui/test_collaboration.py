"""jupyter-collaboration: two people, one notebook, one cell."""

from __future__ import annotations

import pytest
from training_notebook import training_notebook


@pytest.fixture(scope="module")
def lab(serve, collaboration):
    return serve(packages=[collaboration])


def same_text(one, other, id):
    return one.cell(id).source == other.cell(id).source


def test_two_people_one_cell(lab, visit):
    lab.write("shared.ipynb", training_notebook(epochs=10, after=2))
    page = visit(lab, "shared.ipynb")
    other = visit(lab, "shared.ipynb")
    assert page.page.evaluate("() => window.ckptTest.panel().model.collaborative") is True
    page.run("load", "setup")
    training = page.start("train")
    other.activate("after2")
    other.command("notebook:enter-edit-mode")
    other.page.keyboard.press("End")
    typed = ""
    while not page.ran(training):
        letter = "abcdefghij"[len(typed) % 10]
        other.page.keyboard.type(letter)
        typed += letter
        assert len(page.records()) <= 1
        assert len(other.records()) <= 1
        other.page.wait_for_timeout(80)
    record = page.wait_for_record(epoch=9)
    other.wait_for_record(epoch=9)
    page.wait(lambda: same_text(page, other, record.id), "both to see the same")
    assert len(page.records()) == len(other.records()) == 1
    assert page.cell("after2").source.endswith(typed), "no letter was lost"
    lines = [line for line in record.source.split("\n") if line.strip()]
    assert len(lines) == len(set(lines)), "no line twice"
    expected = lab.get(f"jupyter-ckpt/runs/{record.run}/record")["lines"]
    page.wait(
        lambda: (
            page.cell(record.id).source.rstrip("\n")
            == "\n".join(line["text"] for line in lab.get(f"jupyter-ckpt/runs/{record.run}/record")["lines"]).rstrip(
                "\n"
            )
        ),
        f"the text as the server writes it ({len(expected)} lines)",
    )
    page.wait(lambda: page.cell(record.id).rendered and other.cell(record.id).rendered, "both to be rendered")
    page.picture("collaboration")

    # the other one trains on: the same cell
    other.edit("train", other.cell("train").source.replace(", 10)", ", 12)"))
    page.wait(lambda: ", 12)" in page.cell("train").source, "the edit to arrive")
    other.run("train")
    other.wait_for_record(epoch=11)
    page.wait_for_record(epoch=11)
    assert [cell.id for cell in page.records()] == [record.id]

    # words of a person, while it is updated
    page.edit("train", page.cell("train").source.replace(", 12)", ", 18)"))
    other.wait(lambda: ", 18)" in other.cell("train").source, "the edit to arrive")
    training = page.start("train")
    page.wait_for_record(epoch=13)
    source = other.cell(record.id).source
    other.page.evaluate(
        """id => {
          const cell = window.ckptTest.panel().content.widgets.find(w => w.model.sharedModel.getId() === id);
          const shared = cell.model.sharedModel;
          shared.updateSource(shared.getSource().length, shared.getSource().length, '\\n\\nWritten by the other.');
        }""",
        record.id,
    )
    assert source
    page.wait_for_end(training)
    page.wait_for_record(epoch=17)
    page.wait(lambda: same_text(page, other, record.id), "both to see the same")
    done = page.cell(record.id).source
    assert done.count("Written by the other.") == 1
    lines = [line for line in done.split("\n") if line.strip()]
    assert len(lines) == len(set(lines)), "no line twice"
    assert page.page.locator(".jp-Dialog").count() == 0

    # on disk by autosave, and after a reload
    page.wait(
        lambda: sum("jupyter_ckpt" in cell.metadata for cell in lab.read("shared.ipynb").cells) == 1,
        "one record on disk",
    )
    page.wait(lambda: "epoch 17" in "".join(cell.source for cell in lab.read("shared.ipynb").cells), "it on disk")
    other.reload()
    other.settle()
    page.settle()
    assert [cell.id for cell in other.records()] == [record.id]
    assert [cell.id for cell in page.records()] == [record.id]
    lab.end_kernels()


def test_both_tabs_reload_while_it_trains(lab, visit):
    lab.write("reload.ipynb", training_notebook(epochs=14))
    page = visit(lab, "reload.ipynb")
    other = visit(lab, "reload.ipynb")
    page.run("load", "setup")
    page.start("train")
    record = page.wait_for_record(epoch=1)
    page.reload()
    other.reload()
    page.wait_for_record(epoch=13, timeout=40)
    other.wait_for_record(epoch=13)
    page.settle()
    assert [cell.id for cell in page.records()] == [record.id]
    assert [cell.id for cell in other.records()] == [record.id]
    lab.end_kernels()


def test_deleted_by_one_stays_away_for_both(lab, visit):
    lab.write("gone.ipynb", training_notebook(epochs=10))
    page = visit(lab, "gone.ipynb")
    other = visit(lab, "gone.ipynb")
    page.run("load", "setup")
    training = page.start("train")
    record = page.wait_for_record(epoch=1)
    other.wait_for_record()
    other.activate(record.id)
    other.command("notebook:delete-cell")
    page.wait_for_end(training)
    page.settle()
    assert page.records() == []
    assert other.records() == []
    page.reload()
    page.settle()
    assert page.records() == []
    assert other.records() == []
    lab.end_kernels()
