"""Notebook 7: the same bundle, another shell."""

from __future__ import annotations

import pytest
from checkpoints_panel import CheckpointsPanel
from training_notebook import training_notebook


@pytest.fixture(scope="module")
def notebook7(serve, notebook7_installed):
    return serve(application="notebook")


def test_train_see_and_resume(notebook7, visit):
    notebook7.write("digits.ipynb", training_notebook(epochs=8))
    page = visit(notebook7, "digits.ipynb")
    panel = CheckpointsPanel(page).open()
    page.run("load", "setup")
    training = page.start("train")
    record = page.wait_for_record(containing="DigitNet")
    assert not page.ran(training)
    page.wait_for_end(training)
    panel.wait_for_rows(8)
    page.wait_for_record(epoch=7)
    page.wait(lambda: panel.points() == 8, "the chart")
    page.picture("notebook 7")
    row = panel.row("epoch-0003")
    row.click()
    row.get_by_role("button", name="Resume").click()
    panel.answer_dialog("Resume")
    page.wait(lambda: page.ask("len(history)") == "4", "the state to be back")
    page.save()
    page.reload()
    page.settle()
    assert [cell.id for cell in page.records()] == [record.id]
    assert page.dialogs == []
    assert page.noise == []
    notebook7.end_kernels()


def test_the_warning_is_shown_once_for_all_its_pages(notebook7, visit):
    notebook7.write("one.ipynb", training_notebook())
    notebook7.write("two.ipynb", training_notebook())
    page = visit(notebook7, "one.ipynb")
    page.settle()
    first = page.page.locator(".Toastify__toast").filter(has_text="heckpoint").count()
    other = visit(notebook7, "two.ipynb", profile=page)
    other.settle()
    assert first + other.page.locator(".Toastify__toast").filter(has_text="heckpoint").count() <= 1
    notebook7.end_kernels()
