"""A file system that does not answer must take no one with it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_ckpt.volumes import candidates, machine
from jupyter_ckpt.volumes.machine import Answer, NoAnswer


@pytest.fixture
def sleepy(tmp_path, missing):
    """Mounts a file system of which one call sleeps, below a folder that is taken for a volume."""
    if importlib.util.find_spec("mfusepy") is None:
        missing("mfusepy is not installed")
    if not os.path.exists("/dev/fuse") or os.geteuid() != 0:
        missing("FUSE needs /dev/fuse and root")
    point = Path("/srv/jupyter-ckpt-sleepy") / tmp_path.name
    point.mkdir(parents=True)
    started = []

    def mount(call: str) -> str:
        program = Path(__file__).with_name("sleepy_fs.py")
        process = subprocess.Popen([sys.executable, str(program), str(point), call, "600"], stderr=subprocess.PIPE)
        started.append(process)
        for _ in range(200):
            if f" {point} " in machine.read_table():
                return str(point)
            if process.poll() is not None:
                break
            time.sleep(0.02)
        missing("FUSE does not work here")
        raise AssertionError

    yield mount
    for process in started:
        process.kill()
        process.wait()
    subprocess.run(["umount", "-l", str(point)], capture_output=True)
    point.rmdir()
    if not any(point.parent.iterdir()):
        point.parent.rmdir()


@pytest.mark.parametrize("call", ["create", "statfs", "getattr"])
def test_a_hanging_volume_is_listed_without_a_claim(sleepy, tmp_path, call):
    point = sleepy(call)
    start = time.monotonic()
    found = candidates(cwd=tmp_path, timeout=0.5)
    assert time.monotonic() - start < 3
    (hung,) = [candidate for candidate in found if candidate.path.startswith(point)]
    assert hung.writable is None
    assert "no answer" in hung.why
    assert any(candidate.writable for candidate in found), "the others were tried all the same"


def test_an_answer_in_time_and_one_too_late():
    assert Answer(lambda: 42).get(5) == 42
    with pytest.raises(NoAnswer):
        Answer(lambda: time.sleep(2)).get(0.05)
    with pytest.raises(ZeroDivisionError):
        Answer(lambda: 1 // 0).get(5)
