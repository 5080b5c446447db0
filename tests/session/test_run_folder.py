"""A run's folder, and that one process at a time writes to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_ckpt.errors import NotCommitted, UsageProblem
from jupyter_ckpt.session.run_folder import RunFolder

_ABOUT = {"origin": {"kind": "script", "path": "/x.py"}, "hyperparameters": {"lr": 0.1}, "environment": {}}
_HOLD = """
import sys
from pathlib import Path
from jupyter_ckpt.session.run_folder import RunFolder
print(RunFolder(Path(sys.argv[1])).lock(), flush=True)
sys.stdin.read()
"""


def _make(store: Path, run: str = "baseline") -> RunFolder:
    return RunFolder.create(store, run, parent=None, **_ABOUT)  # type: ignore[arg-type]


def test_a_new_run_says_what_it_is(tmp_path: Path) -> None:
    run = _make(tmp_path / "store")
    info = json.loads((run.folder / "run.json").read_text())
    assert info["run"] == "baseline"
    assert info["hyperparameters"] == {"lr": 0.1}
    assert [event["event"] for event in run.journal.read()] == ["started"]
    assert sorted(p.name for p in run.folder.iterdir()) == [".lock", "journal.jsonl", "run.json"]


def test_a_taken_name_is_counted_on(tmp_path: Path) -> None:
    assert [_make(tmp_path).id for _ in range(3)] == ["baseline", "baseline-2", "baseline-3"]


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "x" * 300, "a b", "con\n"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageProblem, match="not a run's name"):
        _make(tmp_path, name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no record locks")
def test_another_process_that_writes_is_noticed_and_a_killed_one_is_not_in_the_way(tmp_path: Path) -> None:
    run = _make(tmp_path)
    run.unlock()
    command = [sys.executable, "-c", _HOLD, str(run.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "True"
        assert not run.lock()
        other.kill()
        other.wait()
    assert run.lock()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_worker_that_outlives_its_process_does_not_hold_the_run(tmp_path: Path) -> None:
    """Data loader workers are forks; after a SIGKILL of the kernel they live on for seconds."""
    made = _make(tmp_path)
    made.unlock()
    folder = made.folder
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os,sys,time\nfrom pathlib import Path\nfrom jupyter_ckpt.session.run_folder import RunFolder\n"
            "r = RunFolder(Path(sys.argv[1])); assert r.lock()\npid = os.fork()\n"
            "if pid == 0:\n    os.close(1); time.sleep(20); os._exit(0)\n"
            "print(pid, flush=True)\ntime.sleep(60)",
            str(folder),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    mine = RunFolder(folder)
    try:
        assert not mine.lock()
        parent.kill()
        parent.wait()
        assert mine.lock()
    finally:
        parent.stdout.close()
        os.kill(worker, 9)


def test_two_sessions_of_one_process_share_the_run(tmp_path: Path) -> None:
    first, second = _make(tmp_path), RunFolder(tmp_path / "baseline")
    assert second.lock()
    second.unlock()
    script = "import sys\nfrom pathlib import Path\nfrom jupyter_ckpt.session.run_folder import RunFolder\n"
    script += "print(RunFolder(Path(sys.argv[1])).lock())"
    command = [sys.executable, "-c", script, str(first.folder)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "False"
    first.unlock()
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "True"


def test_a_store_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotCommitted, match=r"could not be made .*%ckpt storage") as caught:
        _make(tmp_path / "file" / "store")
    assert caught.value.errno is not None
