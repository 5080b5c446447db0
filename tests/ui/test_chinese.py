"""Simplified Chinese, by the application's language."""

from __future__ import annotations

import re

import pytest
from checkpoints_panel import CheckpointsPanel
from training_notebook import training_notebook

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def lab(serve, chinese):
    return serve(locale="zh_CN", packages=chinese)


def test_panel_cell_and_commands(lab, visit):
    lab.write("digits.ipynb", training_notebook(epochs=4))
    page = visit(lab, "digits.ipynb")
    panel = CheckpointsPanel(page).open()
    page.run("load", "setup", "train")
    panel.wait_for_rows(4)
    record = page.wait_for_record()
    page.wait(lambda: HAN.search(page.cell(record.id).source), "the record in Chinese", 10)
    page.picture("Chinese list")
    shown = panel.root.inner_text()
    english = [
        word
        for word in ("Training checkpoints", "Saved", "Size", "Metrics", "free", "best", "Pinned")
        if re.search(rf"\b{word}\b", shown, re.IGNORECASE)
    ]
    assert english == [], f"left in English: {english}"
    labels = page.page.evaluate(
        """() => window.jupyterapp.commands.listCommands().filter(id => id.startsWith('jupyter-ckpt:'))
            .map(id => [id, window.jupyterapp.commands.label(id)])"""
    )
    assert len(labels) >= 20
    assert [one for one in labels if not HAN.search(one[1])] == [], "labels left in English"
    panel.details("epoch-0002")
    page.picture("Chinese details")
    page.page.keyboard.press("Escape")
    assert len(page.records()) == 1
    assert page.noise == []
    lab.end_kernels()
