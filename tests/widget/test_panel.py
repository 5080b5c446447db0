"""The panel of stock widgets in a real kernel: clicks come as the page sends them, on a thread of their own."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trained import Notebook, training

from page import Page, printed

pytestmark = pytest.mark.slow  # real kernels that train

PANEL = "p = %ckpt panel\np"
Message = dict[str, Any]


def clicks(page: Page, *names: str) -> Callable[[str], None]:
    """Opens the panel and gives a function that clicks on one of its buttons."""
    page.run(PANEL, "cell-p")
    text = printed(page.run(f"print({{n: getattr(p.parts, n).comm.comm_id for n in {names!r}}})"))
    ids = ast.literal_eval(text.strip())

    def click(name: str) -> None:
        page.comm("comm_msg", ids[name], {"method": "custom", "content": {"event": "click"}})

    return click


def value(page: Page, code: str) -> Any:
    """Of an expression in the kernel."""
    return ast.literal_eval(printed(page.run(f"print(repr({code}))")).strip())


def says(text: str) -> Callable[[Message], bool]:
    """For `Page.until`: a widget shows something with this text in it."""

    def wanted(message: Message) -> bool:
        if message["msg_type"] != "comm_msg":
            return False
        state = message["content"]["data"].get("state") or {}
        return text in str(state.get("value", ""))

    return wanted


def test_save_now_and_stop_work_while_a_cell_trains(notebook: Notebook, page: Page) -> None:
    click = clicks(page, "save_now", "stop")
    execution = page.execute(training(200, 0.05), "cell-7")
    page.until(lambda one: one["msg_type"] == "execute_input")
    time.sleep(0.3)
    clicked = time.monotonic()
    click("save_now")
    asked = page.until(says("Asked"))
    saved = page.until(says("Saved "))
    assert asked["at"] - clicked < 1
    assert saved["at"] - clicked < 2
    click("stop")
    page.until(says("and stopped"))
    page.ended(execution, 10)
    assert value(page, "len(p.found)") >= 2
    assert value(page, "[c.record.reason for c in p.found].count('asked')") == 2


def test_that_is_so_after_the_panel_was_updated_from_the_training_too(notebook: Notebook, page: Page) -> None:
    click = clicks(page, "stop", "refresh")
    execution = page.execute(training(200, 0.05), "cell-7")
    page.until(lambda one: one["msg_type"] == "comm_msg" and "options" in str(one))
    time.sleep(1.5)
    clicked = time.monotonic()
    click("refresh")
    assert page.until(says("Up to date"))["at"] - clicked < 1
    click("stop")
    page.ended(execution, 10)


def test_without_our_part_an_ipykernel_7_4_hands_the_click_on_after_the_cell(page: Page) -> None:
    """What `let_page_choose` mends; when this fails, the kernel has been mended and it can go."""
    click = clicks(page, "refresh")
    version = value(page, "__import__('ipykernel').__version__")
    if not version.startswith("7.4."):
        return
    page.run("del p.parts.refresh.comm._reply_subshell_for")
    execution = page.execute("import time; time.sleep(2)")
    page.until(lambda one: one["msg_type"] == "execute_input")
    time.sleep(0.2)
    clicked = time.monotonic()
    click("refresh")
    assert page.until(says("Up to date"))["at"] - clicked > 1.5
    page.settle()
    assert any(one["parent_header"].get("msg_id") == execution for one in page.seen)


def test_rows_and_chart_come_while_it_trains(notebook: Notebook, page: Page) -> None:
    page.run(PANEL, "cell-p")
    execution = page.execute(training(6, 0.05), "cell-7")
    page.until(lambda one: one["msg_type"] == "comm_msg" and "epoch 1" in str(one["content"]["data"].get("state")))
    page.ended(execution)
    assert printed(page.seen) == ""
    assert value(page, "[c.epoch for c in p.found]") == [5, 4, 3, 2, 1, 0]
    assert value(page, "'<svg' in p.parts.chart.value")
    assert "current" in value(page, "p.parts.rows.options[0][0]")


def test_between_cells_save_now_saves_and_stop_says_so(notebook: Notebook, page: Page) -> None:
    click = clicks(page, "save_now", "stop")
    click("stop")
    page.until(says("nothing to stop"))
    click("save_now")
    page.until(says("Saved "))
    assert value(page, "len(p.found)") == 1


def test_every_action_goes_through_the_session(notebook: Notebook, page: Page) -> None:
    click = clicks(page, "resume", "yes", "pin", "tag", "note", "verify", "export", "delete", "undo", "compare")
    page.run(training(3, 0), "cell-7")
    page.run("p.parts.rows.value = [p.found[-1].ref]")
    assert value(page, "p.found[-1].name in p.parts.details.value")
    click("pin")
    page.until(says("Pinned"))
    page.run("p.parts.words.value = 'paper, good'")
    click("tag")
    page.until(says("Tagged"))
    page.run("p.parts.words.value = 'before unfreezing'")
    click("note")
    page.until(says("Wrote the note"))
    assert value(page, "(p.found[-1].pinned, p.found[-1].tags, p.found[-1].note)") == (
        True,
        ("paper", "good"),
        "before unfreezing",
    )
    click("verify")
    page.until(says("every byte"))
    page.run("p.parts.words.value = 'out.pt'")
    click("export")
    page.until(says("Wrote "))
    assert (notebook.folder / "out.pt").is_file()
    click("delete")
    click("yes")
    page.until(says("is pinned"))
    page.run("p.parts.rows.value = [p.found[1].ref]")
    click("delete")
    page.until(says("Undo brings it back"))
    click("yes")
    page.until(says("Deleted"))
    assert value(page, "len(p.found)") == 2
    click("undo")
    page.until(says("Brought back"))
    page.run("p.parts.rows.value = [p.found[0].ref, p.found[2].ref]")
    click("compare")
    page.until(says("compared"))
    page.run("p.parts.rows.value = [p.found[2].ref]")
    click("resume")
    page.until(says("which is newer"))
    click("yes")
    page.until(says("goes on with epoch 1"))
    assert value(page, "p.session.held == p.found[2].ref")
    assert value(page, "start_epoch") == 1, "what the loop's range begins with"


def test_resume_waits_for_nobody_while_a_cell_runs(notebook: Notebook, page: Page) -> None:
    click = clicks(page, "resume", "stop")
    page.run(training(1, 0), "cell-7")
    page.run("p.parts.rows.value = [p.found[0].ref]")
    execution = page.execute(training(100, 0.05), "cell-7")
    page.until(lambda one: one["msg_type"] == "execute_input")
    time.sleep(0.3)
    click("resume")
    page.until(says("a cell is running"))
    click("stop")
    page.ended(execution)


def test_what_files_say_is_shown_as_text(notebook: Notebook, page: Page) -> None:
    page.run(PANEL)
    evil = "<img src=x onerror=alert(1)>"
    page.run(f"%ckpt save --metric 'loss=1' --note '{evil}' --tag '<b>bold<b>'")
    page.run(f"for e in (1, 2):\n    jupyter_ckpt.save(metrics={{'{evil}': 0.5}}, epoch=e)")
    page.run(f"p.parts.metric.value = '{evil}'\np.parts.rows.value = [p.found[-1].ref]")
    html = value(page, "[w.value for w in p.parts.every if type(w).__name__ == 'HTML']")
    assert any("onerror" in one for one in html), "it is there"
    assert not any("<img" in one or "<b>" in one for one in html)
    page.run(f"p.say('{evil}')")
    assert "<img" not in value(page, "p.parts.status.value")


def test_many_checkpoints_come_in_pages(notebook: Notebook, page: Page) -> None:
    page.run("for e in range(205):\n    jupyter_ckpt.save(epoch=e)", "cell-7")
    click = clicks(page, "older")
    assert value(page, "len(p.parts.rows.options)") == 200
    click("older")
    page.until(says("201 to 205 of 205"))
    page.run("p.parts.filter.value = 'epoch-0007'")
    assert value(page, "[c.epoch for c in p.found]") == [7]


def test_unload_closes_it_and_nothing_listens(notebook: Notebook, page: Page) -> None:
    page.run(PANEL)
    page.run("q = %ckpt panel")
    assert value(page, "p is q")
    page.run("s = p.session\n%unload_ext jupyter_ckpt")
    code = "[c for e in get_ipython().events.callbacks.values() for c in e if 'ckpt' in getattr(c, '__module__', '')]"
    assert value(page, f"(p.is_closed, p._happened in s.observers._own, {code})") == (True, False, [])


def test_elsewhere_it_says_what_works(notebook: Notebook, page: Page) -> None:
    page.run("__vsc_ipynb_file__ = '/x/train.ipynb'")
    page.run(PANEL)
    assert "jupyter ckpt tell RUN save" in value(page, "p.parts.hint.value")


def test_without_ipywidgets_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell(); shell.run_line_magic('load_ext', 'jupyter_ckpt')\n"
        "shell.run_cell('%ckpt panel')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "needs ipywidgets" in line]
    assert len(lines) == 1
    assert "%pip install ipywidgets" in lines[0]
