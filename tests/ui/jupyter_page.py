"""One browser tab on a live server: opening, running cells, reading cells, and what the page complained about."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from live_server import LiveServer
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from playwright.sync_api import Error as PlaywrightError

PICTURES = Path(os.environ.get("JUPYTER_CKPT_TEST_RESULTS", Path(__file__).parents[2] / "test-results"))
_SCRIPT = Path(__file__).with_name("page_script.js")
_workspaces = itertools.count(1)

# What the applications say without us too; each with the reason why it is not ours.
BENIGN = {
    r"Cannot read properties of undefined \(reading 'schema'\)": "Notebook 7 itself, also with our extension off",
    r"Menu entry for command .* is duplicated|yjs#509": "Notebook 7 itself, also with our extension off",
    r"Comm not found|Exception opening new comm": "JupyterLab, of a comm that another page opened",
    r"/api/kernels/[^ ]+/channels|WebSocket connection .* failed": "a kernel that this test ends or restarts itself",
    r"/lsp/status": "jupyterlab-lsp asks for a server that is not installed",
    r"favicon": "the browser's own request",
    r"Failed to load resource: .* 404 .*/api/contents": "JupyterLab asks for a file that a test has renamed",
}


@dataclass
class Cell:
    """A notebook's cell as the page holds it."""

    index: int
    id: str
    type: str
    source: str
    metadata: dict[str, Any]
    rendered: bool | None
    text: str
    count: int | None
    outputs: list[dict[str, Any]]

    @property
    def run(self) -> str | None:
        """The run that this cell records, when it is one of ours."""
        ours = self.metadata.get("jupyter_ckpt")
        return ours.get("run") if isinstance(ours, dict) else None

    @property
    def printed(self) -> str:
        """What a code cell printed and showed as text, and its error."""
        parts = []
        for output in self.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue") or ""
            parts.append("".join(text))
        return "\n".join(parts)


class JupyterPage:
    """A tab.

    Parameters
    ----------
    context : BrowserContext
        The browser profile it belongs to.
    server : LiveServer
        What it looks at.
    """

    def __init__(self, context: BrowserContext, server: LiveServer) -> None:
        self.server = server
        self.page: Page = context.new_page()
        self.page.set_default_timeout(12_000)
        self.page.add_init_script(path=_SCRIPT)
        self.noise: list[str] = []
        self.dialogs: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self._note(f"pageerror: {error}"))
        self.page.on("dialog", self._refuse_dialog)
        self.name = ""

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            where = message.location.get("url", "") if message.location else ""
            self._note(f"{message.type}: {message.text} ({where})")

    def _note(self, line: str) -> None:
        if not any(re.search(pattern, line) for pattern in BENIGN):
            self.noise.append(line)

    def _refuse_dialog(self, dialog: Any) -> None:
        if dialog.type == "beforeunload":  # unsaved changes: leave, as a person who closes the tab does
            dialog.accept()
            return
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def open(self, name: str, *, kernel: bool = True) -> JupyterPage:
        """Open a notebook and wait until its cells can be run."""
        self.name = name
        if self.server.application == "lab":
            # A workspace of its own: a second tab on the same one would be redirected.
            url = f"{self.server.url}lab/workspaces/w{next(_workspaces)}/tree/{quote(name)}"
        else:
            url = f"{self.server.url}notebooks/{quote(name)}"
        self.page.goto(f"{url}?token={self.server.token}")
        return self.ready(kernel=kernel)

    def ready(self, *, kernel: bool = True) -> JupyterPage:
        """Wait until the application and the notebook are there."""
        self.page.wait_for_load_state()
        self.page.evaluate("kernel => window.ckptTest.ready(kernel)", kernel)
        return self

    def reload(self, *, kernel: bool = True) -> JupyterPage:
        """Load the page again, as F5 does."""
        self.page.reload()
        return self.ready(kernel=kernel)

    def cells(self) -> list[Cell]:
        """The notebook's cells from top to bottom."""
        found = self.page.evaluate("() => window.ckptTest.cells()")
        return [Cell(**cell) for cell in found]

    def records(self) -> list[Cell]:
        """The cells that record a run."""
        return [cell for cell in self.cells() if cell.run]

    def cell(self, id: str) -> Cell:
        """The cell with this id."""
        return next(cell for cell in self.cells() if cell.id == id)

    def start(self, id: str) -> int:
        """Run a cell and do not wait for its end; `wait_for_end` takes what this gives."""
        index = self.page.evaluate("id => window.ckptTest.indexOf(id)", id)
        assert index >= 0, f"no cell {id!r}"
        ticket: int = self.page.evaluate("index => window.ckptTest.run(index)", index)
        return ticket

    def wait_for_end(self, ticket: int, timeout: float = 120) -> None:
        """Wait for the end of what `start` or `command` began."""
        self.wait(lambda: self.page.evaluate("t => window.ckptTest.ran(t)", ticket), "the end of the run", timeout)

    def run(self, *ids: str, timeout: float = 120) -> None:
        """Run cells one after the other, each to its end; an error in one fails the test."""
        for id in ids:
            self.wait_for_end(self.start(id), timeout)
            errors = [one for one in self.cell(id).outputs if one["output_type"] == "error"]
            assert not errors, f"{id}: {errors[0]['ename']}: {errors[0]['evalue']}"

    def command(self, id: str, timeout: float = 60, **args: Any) -> None:
        """Execute a command of the application to its end."""
        ticket = self.page.evaluate("([id, args]) => window.ckptTest.command(id, args)", [id, args])
        self.wait(lambda: self.page.evaluate("t => window.ckptTest.ran(t)", ticket), f"the end of {id}", timeout)
        outcome = self.page.evaluate("t => window.ckptTest.ran(t)", ticket)
        assert outcome == "ok", f"{id}: {outcome}"

    def start_command(self, id: str, **args: Any) -> int:
        """Execute a command and do not wait: for those that ask something first."""
        ticket: int = self.page.evaluate("([id, args]) => window.ckptTest.command(id, args)", [id, args])
        return ticket

    def ask(self, expression: str, timeout: float = 60) -> str:
        """The value of an expression in the notebook's kernel, past the notebook's cells."""
        code = f"print({expression})"
        text: str = self.page.evaluate("([c, s]) => window.ckptTest.ask(c, s)", [code, timeout])
        return text.strip()

    def ran(self, ticket: int) -> bool:
        """True when what `start` began has ended."""
        return self.page.evaluate("t => window.ckptTest.ran(t)", ticket) is not None

    def status(self) -> str:
        """``idle``, ``busy``, … of the notebook's kernel."""
        return str(self.page.evaluate("() => window.ckptTest.status()"))

    def activate(self, id: str) -> None:
        """Make a cell the active one, in command mode, in view."""
        self.page.evaluate("id => window.ckptTest.activate(id)", id)

    def active(self) -> str:
        """The id of the active cell."""
        return str(self.page.evaluate("() => window.ckptTest.active()"))

    def mode(self) -> str:
        """``command`` or ``edit``."""
        return str(self.page.evaluate("() => window.ckptTest.mode()"))

    def place(self, id: str) -> float:
        """How far from the window's top a cell stands, in pixels."""
        return float(self.page.evaluate("id => window.ckptTest.place(id)", id))

    def settle_scroll(self, id: str) -> None:
        """Wait until a cell stands still."""
        places: list[float | None] = []

        def still() -> bool:
            places.append(self.page.evaluate("id => window.ckptTest.place(id)", id))
            return places[-1] is not None and len(places) > 8 and len(set(places[-8:])) == 1

        self.wait(still, f"{id} to stand still")

    def widen_left_area(self, pixels: int) -> None:
        """Draw the sidebar to a width."""
        self.page.evaluate("pixels => window.ckptTest.widenLeftArea(pixels)", pixels)

    def hide_toasts(self) -> None:
        """Draw no notifications: they would lie over what a picture shows."""
        self.page.add_style_tag(content=".Toastify { display: none }")

    def scroll_to(self, id: str) -> None:
        """Bring a cell's end into view, with what stands above it."""
        self.activate(id)
        self.settle_scroll(id)

    def edit(self, id: str, source: str) -> None:
        """Write a cell's source."""
        self.page.evaluate("([id, source]) => window.ckptTest.edit(id, source)", [id, source])

    def rename(self, name: str) -> None:
        """Rename the notebook while it is open."""
        self.page.evaluate("name => window.ckptTest.rename(name)", name)
        self.name = name

    def restart(self) -> None:
        """Restart the kernel."""
        self.page.evaluate("() => window.ckptTest.restart()")

    def settle(self) -> None:
        """Let everything that was under way arrive: for tests that nothing comes."""
        self.page.evaluate("() => window.ckptTest.settle()")

    def save(self) -> None:
        """Save the notebook; a dialog would hang this, and fails the test by its time limit."""
        self.page.evaluate("() => window.ckptTest.save()")

    def wait(self, condition: Callable[[], Any], what: str, timeout: float = 30) -> Any:
        """Wait until a condition holds, and return its value.

        Raises
        ------
        AssertionError
            With ``what`` and the last value, after the time limit; a picture of the page is kept.
        """
        deadline, value = time.monotonic() + timeout, None
        while time.monotonic() < deadline:
            try:
                value = condition()
            except PlaywrightError as error:
                if "closed" in str(error):
                    raise
                value = f"({error})"  # the page is just loading
            else:
                if value:
                    return value
            self.page.wait_for_timeout(50)
        self.picture(f"missing {what}")
        print("the focus is in", self.page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)"))
        raise AssertionError(f"waited {timeout} s for {what}; last: {value!r}")

    def wait_for_record(self, timeout: float = 30, containing: str = "", epoch: int = -1) -> Cell:
        """Wait for the cell that records a run (with a text in it, with an epoch or a later one), and return it."""

        def found() -> Cell | None:
            for cell in self.records():
                last = max(map(int, re.findall(r"\bepoch (\d+)", cell.source)), default=-1)
                if containing in cell.source and last >= epoch:
                    return cell
            return None

        return self.wait(found, f"a recorded cell with {containing!r} of epoch {epoch} or later", timeout)

    def picture(self, name: str, folder: Path | None = None, **options: Any) -> Path:
        """A screenshot, named."""
        folder = folder or PICTURES
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:90] + ".png")
        self.page.screenshot(path=path, **options)
        return path

    def close(self) -> None:
        """Close the tab as a person does."""
        self.page.close()
