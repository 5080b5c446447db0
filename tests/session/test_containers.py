"""The story that the project is for, with real containers: train in one, lose it, go on in another."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent / "container_training.ipy"
_SOURCES = Path(__file__).parents[2] / "src"
_OPTIONS = ["--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"]
_EPOCHS = 40


def _podman(*words: str, check: bool = True) -> str:
    done = subprocess.run(["podman", "--runtime", "runc", *words], capture_output=True, text=True, timeout=120)
    if check and done.returncode:
        raise RuntimeError(f"podman {' '.join(words[:3])}: {done.stderr[-2000:]}")
    return done.stdout + done.stderr


def _start(name: str, volume: Path, until: int, pause: float) -> None:
    env = {"UNTIL": str(until), "PAUSE": str(pause), "PYTHONPATH": str(_SOURCES), "HOME": "/root"}
    words = [word for key, value in env.items() for word in ("-e", f"{key}={value}")]
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", str(_SCRIPT)]
    mount = ["-v", f"{volume}:/workspace/models", "-w", "/root", "--rootfs", "/:O"]
    _podman("run", "-d", "--name", name, *_OPTIONS, *words, *mount, *command)


def _wait_for(name: str, pattern: str, seconds: float = 90) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        logs = _podman("logs", name, check=False)
        if re.search(pattern, logs, re.MULTILINE):
            return logs
        time.sleep(0.2)
    raise AssertionError(f"no {pattern} in {name}: {_podman('logs', name, check=False)[-3000:]}")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_container_is_killed_and_the_next_one_goes_on(need: Callable[[object, str], None]) -> None:
    need(sys.platform.startswith("linux") and os.geteuid() == 0, "containers over this machine's files need root")
    need(shutil.which("podman") and shutil.which("runc"), "podman and runc are not installed")
    host = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-test-", dir=Path.home()))  # /tmp would not pass as safe
    volume, alone = host / "volume", host / "alone"
    volume.mkdir()
    alone.mkdir()
    names = [f"ckpt-{uuid.uuid4().hex[:8]}" for _ in range(3)]
    try:
        _start(names[0], volume, 100_000, 0.05)
        _wait_for(names[0], r"^ACK [5-9]")
        _podman("exec", names[0], "test", "-f", "/root/model.pth")
        _podman("kill", names[0])  # SIGKILL
        first = _podman("logs", names[0])
        _podman("rm", names[0])
        saved = max(int(number) for number in re.findall(r"^ACK (\d+)$", first, re.MULTILINE))
        assert saved < _EPOCHS - 5

        notice = next(line for line in first.splitlines() if line.startswith("jupyter-ckpt: "))
        assert "files in /root will be lost" in notice
        assert "/workspace/models/training-checkpoints (persistent)" in notice
        assert "STORE /workspace/models/training-checkpoints persistent" in first
        assert "START 0" in first

        _start(names[1], volume, _EPOCHS, 0)
        second = _wait_for(names[1], r"^END ")
        assert "own layer: no model.pth" in second, "what was written to the container's own layer is gone"
        start = int(re.search(r"^START (\d+)$", second, re.MULTILINE)[1])  # type: ignore[index]
        assert start > saved, "nothing that was acknowledged is lost"
        assert start <= saved + 2

        _start(names[2], alone, _EPOCHS, 0)
        whole = _wait_for(names[2], r"^END ")
        end = re.compile(r"^END (\w+)$", re.MULTILINE)
        assert end.search(second)[1] == end.search(whole)[1], "the same as never killed"  # type: ignore[index]
        print(
            f"\n{notice}\ncontainer 1 killed after epoch {saved}; container 2 began with epoch {start};"
            f" ended bit-equal with one that was never killed"
        )
    finally:
        for name in names:
            _podman("rm", "-f", name, check=False)
        shutil.rmtree(host, ignore_errors=True)
