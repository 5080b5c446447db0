"""Which notebook or script a run belongs to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_ckpt.session.origin import Origin, find_origin


def test_a_jupyter_server_tells_the_notebook() -> None:
    origin = find_origin({}, {"JPY_SESSION_NAME": "/work/train.ipynb"}, kernel=True)
    assert origin == Origin("notebook", "/work/train.ipynb")
    assert origin.folder == Path("/work")
    assert origin.title == "train.ipynb"


def test_vs_code_tells_the_notebook() -> None:
    origin = find_origin({"__vsc_ipynb_file__": "/work/train.ipynb"}, {}, kernel=True)
    assert origin == Origin("notebook", "/work/train.ipynb")


def test_a_relative_notebook_name_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_origin({}, {"JPY_SESSION_NAME": "a/b.ipynb"}, kernel=True).path == str(tmp_path / "a" / "b.ipynb")


def test_a_console_session_name_is_no_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    origin = find_origin({}, {"JPY_SESSION_NAME": "/work/console-1-3f0a"}, kernel=True)
    assert origin == Origin("folder", str(tmp_path))


def test_a_script_is_known_by_its_file(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("from jupyter_ckpt.session.origin import find_origin; print(find_origin(environ={}))")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"Origin(kind='script', path={str(script)!r})"


def test_the_host_is_no_part_of_what_makes_runs_belong_together() -> None:
    origin = Origin("notebook", "/work/train.ipynb")
    assert "host" not in origin.key
    assert origin.to_json()["host"]
