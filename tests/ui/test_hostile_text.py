"""Names, notes, tags, metrics, code and paths that are HTML, Markdown or scripts are shown as they are written."""

from __future__ import annotations

import pytest
from checkpoints_panel import CheckpointsPanel
from training_notebook import SETUP, training_notebook

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>'
MARKDOWN = "[click](javascript:window.hacked=3) ![p](x) | `a` $x$ **bold** \\n# title"
NAME = "<img src=x onerror=window.hacked=4>.ipynb"

TRAIN = """\
note = {note!r}
for epoch in range({epochs}):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    metrics = {{{metric!r}: float(loss), "loss": float(loss)}}
    jupyter_ckpt.save(epoch=epoch, metrics=metrics, tags=[{tag!r}], note=note)"""


@pytest.fixture(scope="module")
def lab(serve):
    return serve()


def notebook():
    train = TRAIN.format(
        note=f"{EVIL} {MARKDOWN}",
        epochs=3,
        metric="<b onmouseover='window.hacked=5'>m</b>",
        tag="<i onmouseover='window.hacked=6'>t",
    )
    made = training_notebook(train=train)
    for cell in made.cells:
        if cell.id == "setup":
            cell.source = (
                "import jupyter_ckpt\n"
                + SETUP
                + f"\nDigitNet.__name__ = DigitNet.__qualname__ = {EVIL!r}\n"
                + f"train_set.__class__.__qualname__ = train_set.__class__.__name__ = {MARKDOWN!r}\n"
                + f'%ckpt run --hparam lr\nsetting = {EVIL!r}\njupyter_ckpt.run("evil", setting=setting, lr=lr)'
            )
    return made


def test_nothing_is_executed(lab, visit):
    lab.write(NAME, notebook())
    page = visit(lab, NAME)
    page.run("load", "setup", "train")
    assert "Traceback" not in "".join(cell.printed for cell in page.cells()), page.cell("train").printed
    panel = CheckpointsPanel(page).open()
    rows = panel.wait_for_rows(3)
    assert "<img src=x" in rows[0].text, "the note is shown as it is written"
    record = page.wait_for_record(timeout=15)
    page.wait(lambda: page.cell(record.id).rendered, "the record to be rendered")
    panel.row("epoch-0002").hover()
    panel.root.locator(".jp-ckpt-Chart-plot").hover()
    panel.row("epoch-0001").click()
    panel.row("epoch-0002").click(modifiers=["ControlOrMeta"])
    panel.button("Compare").first.click()
    panel.root.get_by_text("Before", exact=True).first.wait_for()
    page.picture("hostile comparison")
    page.page.keyboard.press("Escape")
    panel.details("epoch-0002")
    panel.root.locator("summary").first.wait_for()
    for summary in panel.root.locator("summary").all():
        summary.click()
    page.picture("hostile details")
    page.page.keyboard.press("Escape")
    page.command("jupyter-ckpt:show-journal", run=record.run)
    panel.root.locator(".jp-ckpt-Page").wait_for()
    page.page.keyboard.press("Escape")
    page.edit("after1", "%ckpt panel")
    page.run("after1")
    page.page.wait_for_timeout(1000)
    page.edit("after1", "%ckpt list")
    page.run("after1")
    page.picture("hostile")
    for where in ("#jp-ckpt-panel", ".jp-Notebook"):
        assert page.page.locator(f'{where} img[src="x"]').count() == 0, where
        assert page.page.locator(f'{where} a[href^="javascript:"]').count() == 0, where
        assert page.page.locator(f"{where} :is(b, i)[onmouseover]").count() == 0, where
    assert page.page.evaluate("() => window.hacked") is None
    assert page.dialogs == []
    assert page.page.locator(".jp-Dialog").count() == 0
    assert "# title" not in [line.strip() for line in record.source.split("\n")], "no line breaks out"
    lab.end_kernels()
