"""Everything that matters without a mouse."""

from __future__ import annotations

import pytest
from checkpoints_panel import CheckpointsPanel
from training_notebook import training_notebook


@pytest.fixture(scope="module")
def lab(serve):
    return serve()


FOCUSED = """
() => {
  const it = document.activeElement;
  const style = getComputedStyle(it);
  return [it.getAttribute('aria-label') || it.innerText || it.tagName, it.dataset.ref || '',
          it.getAttribute('role') || '', style.outlineStyle + style.boxShadow];
}
"""


def test_a_run_with_the_keyboard_only(lab, visit):
    lab.write("digits.ipynb", training_notebook(epochs=5, pause=0))
    page = visit(lab, "digits.ipynb")
    page.run("load", "setup", "train")
    keys = page.page.keyboard
    panel = CheckpointsPanel(page)

    def focused():
        return page.page.evaluate(FOCUSED)

    # open the panel: the command palette
    keys.press("Control+Shift+c")
    page.page.locator(".lm-CommandPalette-input:focus, .jp-ModalCommandPalette input:focus").first.wait_for()
    keys.type("show the training checkpoints")
    page.page.locator(".lm-CommandPalette-item.lm-mod-active").wait_for()
    keys.press("Enter")
    panel.root.wait_for(state="visible")
    panel.wait_for_rows(5)
    page.command("jupyter-ckpt:show-panel")
    page.wait(lambda: focused()[1], "a row to have the focus")

    # to a row, and its details
    keys.press("Home")
    assert focused()[1].split("/")[1].startswith("epoch-0004")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    page.wait(lambda: "epoch-0002" in focused()[1], "the third row to have the focus")
    assert focused()[3] != "nonenone", "the focus can be seen"
    assert [row.selected for row in panel.rows()] == [False, False, True, False, False]
    keys.press("Enter")
    page.wait(lambda: "Epoch 2" in focused()[0], "the details to have the focus")
    page.picture("keyboard details")

    # resume, with Tab from the heading
    for _ in range(6):
        keys.press("Tab")
        if focused()[0].strip() == "Resume":
            break
    assert focused()[0].strip() == "Resume"
    keys.press("Enter")
    page.page.locator(".jp-Dialog-content").wait_for()
    page.wait(
        lambda: page.page.evaluate("() => !!document.activeElement.closest('.jp-Dialog')"), "focus in the dialog"
    )
    keys.press("Enter")
    page.wait(lambda: page.ask("len(history)") == "3", "the state to be back")
    page.wait(
        lambda: page.page.evaluate("() => !!document.activeElement.closest('.jp-NotebookPanel')"),
        "the focus to be in the notebook",
    )

    # delete and undo
    page.command("jupyter-ckpt:show-panel")
    page.wait(lambda: panel.root.is_visible(), "the panel")
    if panel.root.locator(".jp-ckpt-Page").count():
        keys.press("Escape")
    page.wait(lambda: focused()[1], "a row to have the focus")
    keys.press("End")
    page.wait(lambda: "epoch-0000" in focused()[1], "the last row to have the focus")
    keys.press("Delete")
    page.page.locator(".jp-Dialog-content").wait_for()
    keys.press("Enter")
    panel.wait_for_rows(4)
    page.command("jupyter-ckpt:undo-delete")
    panel.wait_for_rows(5)

    # sort, filter, several, back to the notebook
    page.command("jupyter-ckpt:focus-filter")
    keys.type("epoch-0001")
    panel.wait_for_rows(1)
    keys.press("Escape")
    panel.wait_for_rows(5)
    page.command("jupyter-ckpt:show-panel")
    page.wait(lambda: focused()[1], "a row to have the focus")
    keys.press("Home")
    keys.press("Shift+ArrowDown")
    page.wait(lambda: sum(row.selected for row in panel.rows()) == 2, "two rows to be selected")
    keys.press("Shift+F10")
    page.page.locator(".lm-Menu-item").first.wait_for()
    keys.press("Escape")
    page.page.locator(".lm-Menu-item").first.wait_for(state="hidden")
    page.command("jupyter-ckpt:show-panel")
    keys.press("Escape")
    page.wait(
        lambda: page.page.evaluate("() => !!document.activeElement.closest('.jp-NotebookPanel')"),
        "the focus to be in the notebook",
    )
    keys.press("ArrowDown")
    assert page.page.evaluate("() => !!document.activeElement.closest('.jp-NotebookPanel')")
    assert page.noise == []
    lab.end_kernels()


def test_no_keyboard_trap(lab, visit):
    """Tab goes through the panel and out of it."""
    page = visit(lab, "digits.ipynb", kernel=False)
    panel = CheckpointsPanel(page).open()
    panel.wait_for_rows(5)
    inside = "() => !!document.activeElement.closest('#jp-ckpt-panel')"
    page.wait(lambda: page.page.evaluate(inside), "the focus in the panel")
    for _ in range(40):
        page.page.keyboard.press("Tab")
        if not page.page.evaluate(inside):
            break
    assert not page.page.evaluate(inside)
    lab.end_kernels()
