"""Which notebook a page is, renamed, moved, or one of several that share a kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from trained import SETUP, Notebook, training

from jupyter_ckpt.page.notebooks import Notebooks
from page import Page, printed, pushes

pytestmark = pytest.mark.slow  # real kernels that train


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in ("a.ipynb", "sub/a.ipynb", "sub/b.ipynb"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def test_the_kernels_own_notebook_tells_where_the_servers_root_is(root: Path) -> None:
    known = Notebooks(str(root / "sub" / "a.ipynb"))
    assert known.of("nobody") == str(root / "sub" / "a.ipynb")
    assert known.met("one", "sub/a.ipynb") == str(root / "sub" / "a.ipynb")
    assert known.met("two", "a.ipynb") == str(root / "a.ipynb"), "another one, of the same name"
    assert known.of("two") == str(root / "a.ipynb")
    assert known.met("one", "not/yet/there.ipynb") == str(root / "not" / "yet" / "there.ipynb")


@pytest.mark.parametrize("api", ["sub/b.ipynb", "RTC:sub/b.ipynb", "/sub/b.ipynb"])
def test_renamed_before_anybody_said_anything(root: Path, api: str) -> None:
    assert Notebooks(str(root / "sub" / "gone.ipynb")).met("one", api) == str(root / "sub" / "b.ipynb")


def test_moved_before_anybody_said_anything(root: Path) -> None:
    assert Notebooks(str(root / "gone.ipynb")).met("one", "sub/b.ipynb") == str(root / "sub" / "b.ipynb")
    likely = Notebooks(str(root / "sub" / "gone.ipynb")).met("one", "a.ipynb")
    assert likely == str(root / "sub" / "a.ipynb"), "renamed, rather than moved up"


@pytest.mark.parametrize(
    "api",
    [None, 7, "", "x", "../a.ipynb", "sub/../../a.ipynb", "a\0.ipynb", "sub\\a.ipynb", "a.ipynb/" * 900, "a.py"],
)
def test_what_is_no_notebook_of_the_server_is_none(root: Path, api: Any) -> None:
    assert Notebooks(str(root / "a.ipynb")).met("one", api) == ""


def test_a_kernel_that_knows_no_notebook_learns_none() -> None:
    known = Notebooks(None)
    assert (known.start, known.met("one", "a.ipynb"), known.of("one")) == ("", "", "")


def origin_of(run: Path) -> str:
    """The notebook that a run says it is of."""
    return str(json.loads((run / "run.json").read_bytes())["origin"]["path"])


def test_a_rename_while_it_trains_keeps_the_run_together(notebook: Notebook, page: Page) -> None:
    page.send(type="hello", path="train.ipynb")
    page.until(pushes("state"))
    execution = page.execute(training(200, 0.03), "cell-7")
    page.until(pushes("record"))
    renamed = notebook.path.with_name("better.ipynb")
    notebook.path.rename(renamed)
    page.send(type="path", path="better.ipynb")
    page.until(lambda one: pushes("event", kind="saved", notebook=str(renamed))(one))
    page.send(type="tell", verb="stop")
    page.ended(execution)
    assert origin_of(notebook.run) == str(renamed), "one run, of the new name"
    page.run("import os; print(os.environ['JPY_SESSION_NAME'])", "cell-8")
    page.run(training(1, 0), "cell-7")
    assert notebook.run.is_dir(), "still one"
    page.send(type="hello", path="better.ipynb")
    state = page.until(pushes("state", notebook=str(renamed)))["content"]["data"]
    assert [one["run"] for one in state["records"]] == [notebook.run.name]
    notebook.kernel.kill()
    again = Notebook.__new__(Notebook)
    again.__dict__.update(notebook.__dict__)
    again.kernel = _kernel(notebook, renamed)
    try:
        with Page(again.kernel) as later:
            later.run(SETUP)
            assert "resumed" in str([one["kind"] for one in later.told("event", later.run("e = %ckpt resume"))])
            assert printed(later.run("print(e)")).strip() != "0"
    finally:
        again.close()


def _kernel(notebook: Notebook, path: Path) -> Any:
    from kernel import Kernel

    return Kernel(notebook.folder, JPY_SESSION_NAME=str(path), JUPYTER_CKPT_STORE=str(notebook.store))


def test_hello_under_a_new_name_is_a_rename_when_the_old_file_is_gone(notebook: Notebook, page: Page) -> None:
    page.run(training(1, 0), "cell-7")
    renamed = notebook.path.with_name("better.ipynb")
    notebook.path.rename(renamed)
    page.send(type="hello", path="better.ipynb")
    page.until(pushes("state", notebook=str(renamed)))
    assert origin_of(notebook.run) == str(renamed)


def test_two_notebooks_that_share_a_kernel_are_told_apart(notebook: Notebook, page: Page) -> None:
    other = notebook.path.with_name("other.ipynb")
    other.write_text("{}")
    page.send(type="hello", path="train.ipynb")
    page.until(pushes("state"))
    with Page(notebook.kernel) as second:
        second.send(type="hello", path="other.ipynb", language="zh_CN")
        second.until(pushes("state", notebook=str(other)))
        page.run(training(1, 0), "cell-7")
        messages = second.run("r = jupyter_ckpt.run(new=True)\n%ckpt save --epoch 0", "cell-7")
        record = second.told("record", messages)[-1]
        assert (record["notebook"], record["language"], record["cell_id"]) == (str(other), "zh_CN", "cell-7")
        for asking, path in ((page, "train.ipynb"), (second, "other.ipynb")):
            asking.seen.clear()
            asking.send(type="hello", path=path)
            absolute = str(notebook.folder / path)
            state = asking.until(pushes("state", notebook=absolute))["content"]["data"]
            assert len(state["records"]) == 1, "only its own"
        renamed = other.with_name("third.ipynb")
        other.rename(renamed)
        second.send(type="path", path="third.ipynb")
        second.send(type="hello", path="third.ipynb")
        state = second.until(pushes("state", notebook=str(renamed)))["content"]["data"]
        assert [one["run"] for one in state["records"]] == [record["run"]]
        assert origin_of(notebook.store / record["run"]) == str(notebook.path)
