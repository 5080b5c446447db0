"""What a page is told while a cell trains, and what it can ask meanwhile: a real kernel, a real busy cell."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from trained import SETUP, Notebook, training

from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.layout import store_id
from jupyter_ckpt.store.mailbox import Mailbox
from page import Page, brief, is_push, printed, pushes

pytestmark = pytest.mark.slow  # real kernels that train


def test_hello_is_answered_while_a_cell_trains(notebook: Notebook, page: Page) -> None:
    execution = page.execute(training(100), "cell-7")
    page.until(pushes("record"))
    asked = time.monotonic()
    page.send(type="hello", path="train.ipynb", language="en")
    state = page.until(pushes("state", run=notebook.run.name))
    assert state["at"] - asked < 1
    data = state["content"]["data"]
    assert (data["v"], data["notebook"], data["store"]) == (1, str(notebook.path), store_id(notebook.store))
    assert data["held"].startswith(notebook.run.name + "/epoch-0000")
    assert [one["run"] for one in data["records"]] == [notebook.run.name]
    assert state["parent_header"]["session"] == page.id
    page.send(type="tell", verb="stop")
    page.ended(execution)


def test_messages_are_whole_and_belong_to_the_cell_that_trains(notebook: Notebook, page: Page) -> None:
    with Page(notebook.kernel) as other:
        messages = page.run(training(2), "cell-7")
        other.settle()
        assert {one["type"] for one in other.told()} >= {"event", "record"}, "every page hears it"
    ours = [one for one in messages if is_push(one)]
    assert {one["parent_header"]["session"] for one in ours} == {page.id}, "and can tell whose it is"
    assert {one["content"]["data"]["notebook"] for one in ours} == {str(notebook.path)}
    assert len({one["content"]["data"]["id"] for one in ours}) == len(ours)
    closed = {one["content"]["comm_id"] for one in messages if one["msg_type"] == "comm_close"}
    assert {one["content"]["comm_id"] for one in ours} <= closed
    saved = [one for one in page.told("event", messages) if one["kind"] == "saved"]
    assert [one["epoch"] for one in saved] == [0, 1]
    assert saved[1]["held"] == f"{notebook.run.name}/{saved[1]['name']}"
    assert saved[1]["metrics"]["loss"] > 0
    (record, *_, last) = page.told("record", messages)
    assert record["cell_id"] == last["cell_id"] == "cell-7"
    assert last["rev"] > record["rev"]
    assert {"key", "text"} == set(last["lines"][0])
    (wanted,) = Journal(notebook.run).select(["record_wanted"])
    assert (wanted["cell_id"], wanted["notebook"]) == ("cell-7", str(notebook.path))


def test_records_come_at_most_every_two_seconds_and_once_more_at_the_end(notebook: Notebook, page: Page) -> None:
    messages = page.run(training(26, 0.02), "cell-7")
    at = [one["at"] for one in messages if is_push(one) and one["content"]["data"]["type"] == "record"]
    ended = messages[-1]["at"]
    took = ended - next(one["at"] for one in messages if one["msg_type"] == "execute_input")
    assert took > 4.5
    assert 3 <= len(at) <= took / 2 + 2
    assert min(b - a for a, b in itertools.pairwise(at[:-1])) > 1.9
    assert ended - at[-1] < 1
    last = page.told("record", messages)[-1]
    name = page.told("event", messages)[-1]
    assert any("25" in line["text"] for line in last["lines"]), "the last one has the last epoch"
    assert len([one for one in page.told("event", messages) if one["kind"] == "metrics"]) <= took + 2, name
    outputs = [one for one in messages if "application/vnd.jupyter-ckpt.record.v1+json" in str(one["content"])]
    assert [one["msg_type"] for one in outputs] == ["display_data"] + ["update_display_data"] * (len(at) - 1)
    assert len({one["content"]["transient"]["display_id"] for one in outputs}) == 1
    assert "Linear" in outputs[-1]["content"]["data"]["text/markdown"]


def test_the_record_stays_with_the_first_cell_and_shows_in_each(notebook: Notebook, page: Page) -> None:
    page.run(training(1, 0), "cell-7")
    messages = page.run("%ckpt save", "cell-9")
    assert {one["cell_id"] for one in page.told("record")} == {"cell-7"}
    shown = [one for one in messages if "vnd.jupyter-ckpt.record" in str(one["content"])]
    assert [one["msg_type"] for one in shown][:1] == ["display_data"]


def test_the_output_can_be_switched_off(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "root", JUPYTER_CKPT_RECORD_OUTPUT="off")
    try:
        with Page(notebook.kernel) as page:
            page.run(SETUP)
            messages = page.run(training(1, 0))
            assert page.told("record", messages)
            assert not [one for one in messages if "vnd.jupyter-ckpt.record" in str(one["content"])]
    finally:
        notebook.close()


@pytest.mark.parametrize("way", ["comm", "mailbox"])
def test_save_and_stop_while_it_trains_and_the_cell_again_goes_on_exactly(
    tmp_path: Path, notebook: Notebook, page: Page, way: str
) -> None:
    def ask(verb: str) -> str:
        if way == "comm":
            id = page.send(type="tell", verb=verb)
            page.send(type="tell", verb=verb, id=id)  # twice is once
            answer = page.until(pushes("answer", request=id))["content"]["data"]
            assert answer["ok"], answer
            return str(answer["text"])
        box = Mailbox(notebook.run)
        id = box.post(verb)
        box.post(verb, id)
        deadline = time.monotonic() + 5
        while (found := box.answer_of(id)) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert found is not None
        assert found.ok, found
        return found.text

    execution = page.execute(training(4, 0.05), "cell-7")
    page.until(pushes("record"))
    assert ask("save").startswith(f"saved {notebook.run.name}/epoch-0001")
    assert "and stopped: running its cell again" in ask("stop")
    page.ended(execution)
    error = next(one for one in reversed(page.seen) if one["msg_type"] == "error")
    assert error["content"]["ename"] == "TrainingStopped"
    assert len(error["content"]["traceback"]) == 1
    assert [one["kind"] for one in page.told("event") if one["kind"] == "stopped"] == ["stopped"]
    reasons = [one["reason"] for one in Journal(notebook.run).select(["saved"])]
    assert reasons.count("asked") == 2
    page.run("torch.rand(9)", "cell-8")
    page.run(training(4, 0), "cell-7")
    told = printed(page.run("print(repr((seen, [p.tolist() for p in model.parameters()])))", "cell-9"))
    peace = Notebook(tmp_path / "peace")
    try:
        with Page(peace.kernel) as undisturbed:
            undisturbed.run(SETUP)
            undisturbed.run(training(4, 0))
            code = "print(repr((seen, [p.tolist() for p in model.parameters()])))"
            assert told == printed(undisturbed.run(code))
    finally:
        peace.close()


def test_the_shell_can_tell_it_too(notebook: Notebook, page: Page) -> None:
    execution = page.execute(training(100), "cell-7")
    page.until(pushes("record"))
    command = [sys.executable, "-m", "jupyter_ckpt.cli", "--store", str(notebook.store), "tell"]
    run = notebook.run.name
    done = subprocess.run([*command, run[:12], "stop", "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    page.ended(execution)
    nobody = subprocess.run([*command, run, "stop", "--wait", "0.5"], capture_output=True, text=True)
    assert nobody.returncode == 1
    assert "no answer from" in nobody.stdout
    assert page.run("1 + 1", "cell-8"), "the next cell takes the request from between the cells away"
    page.run(training(1, 0), "cell-7")
    (mail,) = [json.loads(one.read_bytes()) for one in (notebook.run / ".mailbox").glob("*.answer.json")][-1:]
    assert mail["ok"] is (mail["text"].startswith("saved"))


def test_between_cells_it_says_so_at_once(page: Page) -> None:
    page.run(training(1, 0))
    for verb in ("save", "stop"):
        id = page.send(type="tell", verb=verb)
        answer = page.until(pushes("answer", request=id))["content"]["data"]
        assert not answer["ok"]
        assert "no cell is running" in answer["text"]
    id = page.send(type="tell", verb="rm -rf")
    assert not page.until(pushes("answer", request=id))["content"]["data"]["ok"]


def test_a_cell_that_never_comes_to_a_boundary_answers_when_it_ends(page: Page) -> None:
    page.run(training(1, 0))
    execution = page.execute("print('begun', flush=True); time.sleep(2)")
    page.until(lambda one: one["msg_type"] == "stream" and "begun" in one["content"]["text"])
    id = page.send(type="tell", verb="save")
    answer = page.until(pushes("answer", request=id))["content"]["data"]
    page.ended(execution)
    assert (answer["ok"], "ended before" in answer["text"]) == (False, True)


def test_a_page_without_a_subshell_is_answered_between_cells(notebook: Notebook, page: Page) -> None:
    with Page(notebook.kernel, subshell=False) as old:
        old.send(type="hello", path="train.ipynb")
        old.until(pushes("state"))


def test_nonsense_from_a_page_is_ignored_and_nothing_is_printed(page: Page) -> None:
    nonsense = ({"v": 2, "type": "hello"}, {"type": "hello", "path": 7, "language": []}, {"type": "tell", "id": {}})
    for data in (*nonsense, {"type": "path", "path": "../../etc/passwd.ipynb"}, {"type": []}):
        page.send(**data)
        page.settle(0.1)  # ipykernel 7.4 itself warns of a message that overtakes the opening of its comm
    page.send(type="hello", path="train.ipynb", language="xx")
    state = page.until(pushes("state"))
    assert state
    page.settle()
    assert printed(page.seen) == ""
    messages = page.run("1", "cell-3")
    assert printed(messages) == ""


def test_nothing_is_printed_by_what_runs_beside_the_training(notebook: Notebook, page: Page) -> None:
    messages = page.run(training(30, 0.01), "cell-7")
    page.settle(2.5)
    assert printed(messages) == "", [brief(one) for one in messages]
    assert "unhandled" not in printed(page.seen)


def test_a_save_that_is_written_beside_the_training_belongs_to_its_cell(notebook: Notebook, page: Page) -> None:
    with Page(notebook.kernel) as other:
        code = "for e in range(3):\n    r = jupyter_ckpt.save(epoch=e, wait=False); time.sleep(.5)"
        execution = page.execute(code, "cell-7")
        for _ in range(4):
            other.send(type="hello", path="train.ipynb")
            other.settle(0.3)
        page.ended(execution)
        page.settle(2.5)
    ours = [one for one in page.seen if is_push(one) and one["content"]["data"]["type"] in ("event", "record")]
    assert {one["parent_header"]["session"] for one in ours} == {page.id}
    assert {one["cell_id"] for one in page.told("record")} == {"cell-7"}
    assert [one["epoch"] for one in page.told("event") if one["kind"] == "saved"] == [0, 1, 2]


def test_unload_leaves_nothing_behind(notebook: Notebook, page: Page) -> None:
    page.run(training(2, 0))
    left = """
%unload_ext jupyter_ckpt
import comm, threading
from jupyter_ckpt.session import observers
ip = get_ipython()
print([t.name for t in threading.enumerate() if "ckpt" in t.name],
      [t for t in comm.get_comm_manager().targets if "ckpt" in t],
      [c for c in comm.get_comm_manager().comms.values() if "ckpt" in c.target_name],
      [c for event in ip.events.callbacks.values() for c in event if "ckpt" in getattr(c, "__module__", "")],
      observers._everywhere)
"""
    assert printed(page.run(left)).strip() == "[] [] [] [] []"
    page.seen.clear()
    page.send(type="hello", path="train.ipynb")
    page.settle()
    assert page.told() == []
    page.run("%load_ext jupyter_ckpt\n%load_ext jupyter_ckpt")
    again = Page(notebook.kernel)
    with again:
        again.send(type="hello", path="train.ipynb")
        again.until(pushes("state"))
        again.settle()
        assert len(again.told("state")) == 1


def test_loading_stays_quick_and_imports_neither_torch_nor_widgets(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "root", JUPYTER_CKPT_QUIET="1")
    code = """
import time, sys
t = time.perf_counter()
%load_ext jupyter_ckpt
took = time.perf_counter() - t
print(took, "torch" in sys.modules, "ipywidgets" in sys.modules, "numpy" in sys.modules)
"""
    try:
        with Page(notebook.kernel) as page:
            took, *imported = printed(page.run(code)).split()
    finally:
        notebook.close()
    assert imported == ["False", "False", "False"]
    assert float(took) < 0.25  # 0.06 on a quiet machine; measured with the benchmarks


def test_outside_a_kernel_nothing_happens(tmp_path: Path) -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell(); shell.run_line_magic('load_ext', 'jupyter_ckpt')\n"
        "import sys, jupyter_ckpt.page as page; assert page._hub is None\n"
        "assert 'jupyter_ckpt.page.hub' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
