"""A volume that gives no answer takes neither the server nor the other stores with it."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stores

from jupyter_ckpt.server.work import NoAnswer, Workers
from jupyter_ckpt.store.layout import store_id


@pytest.fixture
def slow(tmp_path: Path, need) -> Iterator[Path]:
    """A store on a FUSE file system, which hangs as long as ``<folder>.sleep`` is there."""
    need(importlib.util.find_spec("mfusepy"), "mfusepy is not installed")
    need(os.path.exists("/dev/fuse") and os.geteuid() == 0, "FUSE needs /dev/fuse and root")
    point, behind = tmp_path / "slow", tmp_path / "behind"
    point.mkdir()
    stores.write_run(behind, "run-a")
    program = Path(__file__).with_name("slow_store_fs.py")
    process = subprocess.Popen([sys.executable, str(program), str(point), str(behind)])
    for _ in range(200):
        if os.path.ismount(point) or process.poll() is not None:
            break
        time.sleep(0.02)
    need(os.path.ismount(point), "FUSE does not work here")
    yield point
    (tmp_path / "behind.sleep").unlink(missing_ok=True)
    process.kill()
    process.wait()
    subprocess.run(["umount", "-l", str(point)], capture_output=True)


@pytest.fixture
def jp_server_config(store: Path, slow: Path):
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_ckpt": True, "jupyter_server_terminals": False}},
        "JupyterCkpt": {"stores": [str(store), str(slow)], "storage_warning": False},
    }


async def test_the_others_are_served_and_it_is_a_clear_line(
    ask, store: Path, slow: Path, tmp_path: Path, here: str, monkeypatch
) -> None:
    monkeypatch.setattr("jupyter_ckpt.server.work.PATIENCE_S", 1.5)
    monkeypatch.setattr("jupyter_ckpt.server.routes_stores._STORE_S", 1.0)
    stores.write_run(store, "run-b")
    there = store_id(slow)
    assert len((await ask("GET", "stores")).json["stores"]) >= 2
    assert (await ask("GET", "checkpoints", store=there)).json["total"] == 3
    (tmp_path / "behind.sleep").touch()
    await asyncio.sleep(0.3)

    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            started = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - started)

    heart = asyncio.create_task(beat())
    hanging = asyncio.create_task(ask("GET", "checkpoints", store=there))
    started = time.monotonic()
    assert (await ask("GET", "checkpoints", store=here)).json["total"] == 3
    assert time.monotonic() - started < 1.4, "it waited for the volume that hangs"
    refused = await hanging
    assert (refused.status, refused.json["kind"]) == (503, "store")
    assert "gave no answer" in refused.json["message"]
    assert refused.headers["Retry-After"]
    started = time.monotonic()
    answer = await ask("GET", "stores")
    assert answer.status == 200, answer.body
    listed = answer.json["stores"]
    assert time.monotonic() - started < 4
    assert [bool(one["problems"]) for one in listed if one["id"] == there] == [True]
    assert (await ask("GET", "checkpoints", store=here)).json["total"] == 3
    heart.cancel()
    assert longest < 1.2, "the loop stood still"
    (tmp_path / "behind.sleep").unlink()
    for _ in range(100):
        answer = await ask("GET", "checkpoints", store=there)
        if answer.status == 200:
            break
        await asyncio.sleep(0.1)
    assert answer.json["total"] == 3


async def test_impatient_requests_do_not_pile_up() -> None:
    gate = threading.Event()
    workers = Workers("/mnt/away", threads=2, waiting=3)
    waiting = [workers.submit(gate.wait) for _ in range(5)]
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="too much is waiting for /mnt/away"):
        await workers.run(gate.wait)
    assert time.monotonic() - started < 5, "it waited for the gate"
    assert sum(thread.name == "jupyter-ckpt-files" for thread in threading.enumerate()) >= 2
    gate.set()
    assert all(future.result(5) for future in waiting)
    assert await workers.run(lambda: 7) == 7


async def test_an_error_of_the_work_is_the_callers() -> None:
    def fails() -> None:
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        await Workers("/mnt/bad").run(fails)
