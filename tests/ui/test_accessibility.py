"""No serious finding of axe-core in our parts, whatever the theme; a picture of each page."""

from __future__ import annotations

import re

import pytest
from accessibility import findings, grave
from checkpoints_panel import CheckpointsPanel
from live_server import DARK, HIGH_CONTRAST, LIGHT
from training_notebook import training_notebook


@pytest.fixture(scope="module")
def lab(serve):
    server = serve()
    server.write("digits.ipynb", training_notebook(epochs=6, pause=0))
    server.write("empty.ipynb", training_notebook())
    return server


@pytest.fixture(scope="module")
def trained(lab, browser):
    """The notebook trains once for all themes."""
    from jupyter_page import JupyterPage

    context = browser.new_context()
    page = JupyterPage(context, lab).open("digits.ipynb")
    page.run("load", "setup", "train")
    page.save()
    context.close()
    run = lab.get("jupyter-ckpt/runs?notebook=digits.ipynb")["runs"][0]
    return run["id"]


@pytest.mark.parametrize("theme", [LIGHT, DARK, HIGH_CONTRAST])
def test_axe(lab, trained, visit, axe, theme):
    page = visit(lab, "digits.ipynb", kernel=False)
    page.command("apputils:change-theme", theme=theme)
    page.wait(lambda: page.page.locator(f'body[data-jp-theme-name="{theme}"]').count(), f"the theme {theme}")
    panel = CheckpointsPanel(page).open()
    panel.wait_for_rows(6)
    found: dict[str, list[str]] = {}

    def look(what: str, *parts: str) -> None:
        page.picture(f"{re.sub(r'^JupyterLab ', '', theme)} {what}")
        found[what] = findings(page, axe, *parts)

    panel.row("epoch-0003").click()
    look("list")
    panel.root.locator(".jp-ckpt-Storage-toggle").click()
    look("storage")
    panel.root.locator(".jp-ckpt-Storage-toggle").click()
    panel.row("epoch-0001").click(modifiers=["ControlOrMeta"])
    look("two selected")
    panel.button("Compare").first.click()
    panel.root.get_by_text("Before", exact=True).first.wait_for()
    look("comparison")
    page.page.keyboard.press("Escape")
    panel.details("epoch-0005")
    panel.root.get_by_text("Parameters", exact=True).wait_for()
    look("details")
    page.page.keyboard.press("Escape")
    page.command("jupyter-ckpt:show-journal", run=trained)
    panel.root.locator(".jp-ckpt-Page").wait_for()
    look("journal")
    page.page.keyboard.press("Escape")
    panel.root.locator(".jp-ckpt-Filter-input").fill("no such thing")
    panel.root.get_by_text("Nothing matches the filter").wait_for()
    look("nothing found")
    panel.root.locator(".jp-ckpt-Filter-input").fill("")
    panel.wait_for_rows(6)
    record = page.wait_for_record()
    page.activate(record.id)
    page.page.locator(".jp-MarkdownCell", has_text="DigitNet").evaluate("node => node.id = 'the-record'")
    look("experiment cell", "#the-record .jp-RenderedMarkdown")
    lines = [f"{what}: {line}" for what, several in found.items() for line in several]
    print("\n".join(lines) or "axe-core found nothing at all")
    assert not [line for several in found.values() for line in grave(several)]
    assert not page.noise


def test_axe_of_empty_states(lab, visit, axe):
    page = visit(lab, "empty.ipynb")
    panel = CheckpointsPanel(page).open()
    panel.root.get_by_text("Nothing saved from this notebook yet").wait_for()
    page.picture("empty not loaded")
    lines = findings(page, axe)
    page.run("load")
    panel.root.get_by_text("Three lines keep a training safe").wait_for()
    page.picture("empty nothing saved")
    lines += findings(page, axe)
    print("\n".join(lines) or "axe-core found nothing at all")
    assert not grave(lines)
    lab.end_kernels()
