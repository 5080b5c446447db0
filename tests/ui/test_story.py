"""The whole story, as a person lives it on one afternoon."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from checkpoints_panel import CheckpointsPanel
from training_notebook import training_notebook

ROW_AFTER_SAVE = 2.0

# When each row was first in the document, in seconds since 1970: the same clock as the files'.
WATCH_ROWS = """
() => {
  window.firstSeen = {};
  window.curves = new Set();
  const look = () => {
    for (const row of document.querySelectorAll('#jp-ckpt-panel .jp-ckpt-Row[data-ref]'))
      window.firstSeen[row.dataset.ref] ??= Date.now() / 1000;
    const curve = document.querySelector('#jp-ckpt-panel .jp-ckpt-Chart-curve');
    if (curve) window.curves.add(curve.getAttribute('d'));
  };
  new MutationObserver(look).observe(document.querySelector('#jp-ckpt-panel'),
    { subtree: true, childList: true, attributes: true, attributeFilter: ['d', 'data-ref'] });
}
"""


@pytest.fixture(scope="module")
def memory():
    """A store in memory where there is such a place: unsafe on every machine, so that the warning must come."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shm if shm.is_dir() else None, prefix="jupyter-ckpt-ui-"))
    yield folder / "training-checkpoints"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def lab(serve, memory):
    return serve(store=memory)


def warnings_of(page):
    return page.page.locator(".Toastify__toast").filter(has_text="heckpoint")


def test_the_whole_story(lab, visit):
    lab.write("digits.ipynb", training_notebook(epochs=8))
    page = visit(lab, "digits.ipynb")

    # the warning: once, with what to do about it
    page.wait(lambda: warnings_of(page).count() == 1, "the storage warning")
    warning = warnings_of(page).inner_text()
    print("the warning:", " / ".join(warning.split("\n")))
    assert "memory" in warning.lower() or "lost" in warning.lower(), "it says why"
    assert warnings_of(page).locator("button.jp-toast-button").count() >= 2, "choose a store, learn why"
    page.picture("story 1 warning")
    page.reload()
    page.settle()
    assert warnings_of(page).count() == 0, "it is not repeated"

    # the training, watched
    panel = CheckpointsPanel(page).open()
    page.run("load", "setup")
    page.page.evaluate(WATCH_ROWS)
    training = page.start("train")
    record = page.wait_for_record(containing="DigitNet")
    assert not page.ran(training), "the cell appears while the training runs"
    page.wait(lambda: 1 <= len(panel.rows()) < 8 and not page.ran(training), "rows while the training runs")
    page.picture("story 2 training")
    page.wait_for_end(training)
    rows = panel.wait_for_rows(8)
    seen = page.page.evaluate("() => window.firstSeen")
    late = [seen[row.ref] - (lab.store / f"{row.ref}.json").stat().st_mtime for row in rows]
    print("rows after their save:", ", ".join(f"{seconds:.2f}" for seconds in sorted(late)), "s")
    assert max(late) < ROW_AFTER_SAVE
    page.wait(lambda: panel.points() == 8, "all saves in the chart")
    curves = page.page.evaluate("() => window.curves.size")
    print(f"the curve was drawn {curves} times")
    assert curves >= 4, "the chart moves"
    page.wait_for_record(epoch=7)
    page.picture("story 3 trained")

    # which one the kernel holds, and back to an earlier one
    page.wait(lambda: "in kernel" in panel.row("epoch-0007").inner_text(), "the kernel's own checkpoint to be marked")
    before = page.ask("float(model.fc1.weight.detach().abs().sum())")
    row = panel.row("epoch-0002")
    row.click()
    row.get_by_role("button", name="Resume").click()
    asked = panel.answer_dialog("Resume")
    print("asked:", " / ".join(asked.split("\n")))
    page.wait(lambda: "in kernel" in panel.row("epoch-0002").inner_text(), "the resumed one to be marked")
    assert page.ask("len(history)") == "3", "the history is back"
    assert page.ask("float(model.fc1.weight.detach().abs().sum())") != before
    path = lab.store / f"{rows[5].ref}.pt"
    saved = f"torch.load({str(path)!r}, weights_only=True)['model_state_dict']['fc1.weight']"
    same = f"torch.equal({saved}, model.fc1.weight)"
    assert page.ask(same) == "True", "the weights are those of the file"
    assert page.ask("start_epoch") == "3", "the loop's own name for it"
    codes = [cell.source for cell in page.cells() if cell.type == "code"]
    assert not any("epoch-0002" in code for code in codes), "nothing that Run All repeats"
    assert [cell.id for cell in page.records()] == [record.id]
    page.picture("story 4 resumed")

    # two side by side
    panel.row("epoch-0007").click()
    panel.row("epoch-0002").click(modifiers=["ControlOrMeta"])
    panel.button("Compare").first.click()
    comparison = panel.root.locator(".jp-ckpt-Page")
    comparison.get_by_text("Before", exact=True).first.wait_for()
    comparison.get_by_role("rowheader", name="acc").wait_for()
    page.picture("story 5 comparison")
    page.page.keyboard.press("Escape")

    # away and back
    panel.details("epoch-0003")
    panel.button("Delete").click()
    asked = panel.answer_dialog("Delete")
    assert "epoch-0003" in asked
    panel.wait_for_rows(7)
    assert not (lab.store / f"{rows[4].ref}.json").exists()
    page.picture("story 6 deleted")
    page.page.locator(".Toastify__toast").get_by_role("button", name="Undo").click()
    panel.wait_for_rows(8)
    assert (lab.store / f"{rows[4].ref}.json").exists()

    page.save()
    page.reload()
    page.wait_for_record()
    page.settle()
    assert warnings_of(page).filter(has_text="memory").count() == 0, "not repeated"
    assert page.dialogs == []
    assert page.noise == []
    lab.end_kernels()


def test_the_warning_can_be_switched_off(serve, memory, visit):
    quiet = serve(store=memory, settings={"jupyter-ckpt:storage-warning": {"notification": False}})
    quiet.write("digits.ipynb", training_notebook())
    page = visit(quiet, "digits.ipynb")
    page.settle()
    assert warnings_of(page).count() == 0
    quiet.stop()


def test_choosing_a_store_from_the_warning(serve, memory, visit):
    server = serve(store=memory)
    server.write("digits.ipynb", training_notebook())
    page = visit(server, "digits.ipynb")
    page.wait(lambda: warnings_of(page).count() == 1, "the storage warning")
    warnings_of(page).locator("button.jp-toast-button").first.click()
    dialog = page.page.locator(".jp-Dialog-content")
    dialog.wait_for()
    page.picture("choose a store")
    assert str(server.notebooks) in dialog.inner_text()
    page.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    server.stop()


def test_save_now_and_stop_while_a_cell_trains(lab, visit):
    lab.write("long.ipynb", training_notebook(epochs=40, pause=0.1))
    page = visit(lab, "long.ipynb")
    panel = CheckpointsPanel(page).open()
    loop = page.cell("train").source.replace("start_epoch = %ckpt resume\n", "import jupyter_ckpt\n")
    loop = loop.replace("range(start_epoch, 40)", "jupyter_ckpt.epochs(40)")
    loop = loop.replace("in train_loader:", "in jupyter_ckpt.batches(train_loader):")
    loop = loop.replace("%ckpt save --metric loss acc", "jupyter_ckpt.log(loss=loss, acc=acc)")
    page.edit("train", loop)
    page.run("load", "setup")
    training = page.start("train")
    page.wait(lambda: len(panel.rows()) >= 1, "the first save")
    before = len(panel.rows())
    panel.button("Save Now").click()
    page.wait(
        lambda: "mid-epoch" in panel.root.inner_text() or len(panel.rows()) > before + 1,
        "a save inside the epoch",
        10,
    )
    panel.button("Stop After This Step").click()
    page.wait(lambda: page.ran(training), "the training to stop", 10)
    assert int(page.ask("len(history)")) < 40
    page.picture("stopped from the panel")
    assert page.noise == []
    lab.end_kernels()
