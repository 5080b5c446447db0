"""Pictures for the README: written to `notebooks/images` when ``JUPYTER_CKPT_PICTURES=1``, else to `test-results`."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from checkpoints_panel import CheckpointsPanel
from jupyter_page import PICTURES
from live_server import DARK, LIGHT

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "notebooks" / "images" if os.environ.get("JUPYTER_CKPT_PICTURES") == "1" else PICTURES
WINDOW = {"width": 1280, "height": 800}


def story():
    """The quickstart's training: real handwritten digits, twelve epochs."""
    notebook = nbformat.read(REPOSITORY / "notebooks" / "quickstart.ipynb", as_version=4)
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    train = next(code for code in codes if "%ckpt save --metric" in code)
    setup = codes[: codes.index(train)]
    setup = [code for code in setup if "%ckpt" not in code and "%load_ext" not in code]
    made = nbformat.v4.new_notebook(metadata=notebook.metadata)
    cell, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    train = "start_epoch = %ckpt resume\n" + train.replace("range(start_epoch, 3)", "range(start_epoch, 12)")
    made.cells = [
        text("# Handwritten digits", id="title"),
        cell("%load_ext jupyter_ckpt", id="load"),
        *(cell(code.replace(", 6)", ", 12)"), id=f"setup{number}") for number, code in enumerate(setup)),
        cell(train, id="train"),
    ]
    return made


@pytest.fixture(scope="module")
def labs(serve, chinese):
    """A server in each language, started when it is needed."""
    started = {}

    def get(language):
        if language not in started:
            options = {"locale": "zh_CN", "packages": chinese} if language == "zh_CN" else {}
            started[language] = serve(**options)
            started[language].write("digits.ipynb", story())
        return started[language]

    return get


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_pictures(labs, visit, language):
    lab = labs(language)
    page = visit(lab, "digits.ipynb", viewport=WINDOW)
    panel = CheckpointsPanel(page).open()
    for name in [cell.id for cell in page.cells() if cell.type == "code"]:
        page.run(name)
    panel.wait_for_rows(12)
    record = page.wait_for_record(containing="epoch 11" if language == "en" else "第 11 轮")
    newest = panel.rows()[0].ref
    run = newest.split("/")[0]
    target = {"store": lab.get("jupyter-ckpt/stores")["current"], "run": run}
    best = next(row.ref for row in panel.rows() if lab.is_best(row.ref))
    page.command("jupyter-ckpt:pin", **target, name=best.split("/")[1])
    page.command(
        "jupyter-ckpt:note",
        **target,
        name=best.split("/")[1],
        note="for the report" if language == "en" else "用于报告",
    )
    page.command("jupyter-ckpt:verify", **target, name=newest.split("/")[1])
    page.widen_left_area(380)
    page.activate(record.id)
    page.wait(lambda: "11" in page.cell(record.id).text, "the record to be rendered")
    for theme, word in ((LIGHT, "light"), (DARK, "dark")):
        page.command("apputils:change-theme", theme=theme)
        page.wait(lambda theme=theme: page.page.locator(f'body[data-jp-theme-name="{theme}"]').count(), "the theme")
        page.hide_toasts()
        page.scroll_to(record.id)
        page.picture(f"panel-{word}-{language}", FOLDER)
    page.command("apputils:change-theme", theme=LIGHT)
    panel.details(best.split("/")[1])
    page.picture(f"details-{language}", FOLDER)
    page.page.keyboard.press("Escape")
    panel.row("epoch-0001").click()
    panel.row(best.split("/")[1]).click(modifiers=["ControlOrMeta"])
    page.command("jupyter-ckpt:compare")
    panel.root.locator(".jp-ckpt-Page table").first.wait_for()
    page.picture(f"comparison-{language}", FOLDER)
    lab.end_kernels()
