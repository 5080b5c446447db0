"""The panel "Training checkpoints" as a person finds it: by roles and names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from jupyter_page import JupyterPage
from playwright.sync_api import Locator


@dataclass
class ShownRow:
    """One row as it stands in the list.

    Parameters
    ----------
    ref : str
        ``run/name``.
    text : str
        What is to be read in it.
    label : str
        What a screen reader says.
    """

    ref: str
    text: str
    label: str
    selected: bool


class CheckpointsPanel:
    """The panel of a tab; `open` shows it."""

    def __init__(self, page: JupyterPage) -> None:
        self.tab = page
        self.root: Locator = page.page.locator("#jp-ckpt-panel")

    def open(self) -> CheckpointsPanel:
        """Show it as the command palette does, and wait until it is there."""
        self.tab.command("jupyter-ckpt:show-panel")
        self.root.wait_for(state="visible")
        return self

    def rows(self) -> list[ShownRow]:
        """The rows that are drawn, from top to bottom."""
        found = self.root.locator(".jp-ckpt-Row[data-ref]").evaluate_all(
            """rows => rows.map(row => ({
                ref: row.dataset.ref, text: row.innerText, label: row.getAttribute('aria-label') || '',
                selected: row.getAttribute('aria-selected') === 'true', index: Number(row.dataset.index)
            })).sort((a, b) => a.index - b.index)"""
        )
        return [ShownRow(row["ref"], row["text"], row["label"], row["selected"]) for row in found]

    def wait_for_rows(self, count: int, timeout: float = 20) -> list[ShownRow]:
        """Wait until exactly so many are drawn."""
        return self.tab.wait(
            lambda: rows if len(rows := self.rows()) == count else None, f"{count} rows in the panel", timeout
        )

    def row(self, name: str) -> Locator:
        """The row of the checkpoint with this name or beginning of a name (``epoch-0003``)."""
        return self.root.locator(f'.jp-ckpt-Row[data-ref*="/{name}"]')

    def button(self, label: str) -> Locator:
        """A button of the panel by its name."""
        return self.root.get_by_role("button", name=label, exact=True)

    def menu(self, name: str, label: str) -> None:
        """Choose from the menu of a row."""
        self.row(name).click(button="right")
        self.tab.page.locator(".lm-Menu-item", has_text=re.compile(f"^{re.escape(label)}")).first.click()

    def count(self) -> str:
        """How many there are, as the panel says it."""
        return self.root.locator(".jp-ckpt-Foot").inner_text()

    def curve(self) -> str:
        """The path of the first metric's curve; empty when there is none."""
        return self.root.locator(".jp-ckpt-Chart-curve").first.get_attribute("d", timeout=1000) or ""

    def points(self) -> int:
        """How many saved points are drawn in the chart."""
        return self.root.locator(".jp-ckpt-Chart-saved").count()

    def answer_dialog(self, label: str, timeout: float = 10) -> str:
        """Press a button of the application's dialog, and give what it asked."""
        dialog = self.tab.page.locator(".jp-Dialog-content")
        dialog.wait_for(state="visible", timeout=timeout * 1000)
        asked = dialog.inner_text()
        dialog.get_by_role("button", name=label, exact=True).click()
        dialog.wait_for(state="hidden")
        return asked

    def details(self, name: str) -> Locator:
        """Open a checkpoint's details."""
        self.row(name).dblclick(position={"x": 20, "y": 12})
        page = self.root.locator(".jp-ckpt-Page")
        page.wait_for()
        return page

    def choose_run(self, value: str) -> None:
        """Choose a run by its id; ``""``: all of them."""
        self.root.locator(".jp-ckpt-RunSelect select").select_option(value)

    def run_names(self) -> list[str]:
        """Runs that can be chosen."""
        options: list[Any] = self.root.locator(".jp-ckpt-RunSelect option").evaluate_all(
            "options => options.map(option => option.value)"
        )
        return [str(value) for value in options]
