"""A volume that gives no answer takes neither the server nor the other stores with it."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stores

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
    monkeypatch.setattr("jupyter_ckpt.server.work.PATIENCE_S", 2.0)
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
    assert time.monotonic() - started < 0.8
    refused = await hanging
    assert (refused.status, refused.json["kind"]) == (503, "store")
    assert "gave no answer" in refused.json["message"]
    assert refused.headers["Retry-After"]
    # many impatient requests: the later ones are refused at once instead of piling up
    replies = await asyncio.gather(*(ask("GET", "runs", store=there) for _ in range(60)))
    assert {reply.status for reply in replies} == {503}
    assert any("too much is waiting" in reply.json["message"] for reply in replies)
    started = time.monotonic()
    answer = await ask("GET", "stores")
    assert answer.status == 200, answer.body
    listed = answer.json["stores"]
    assert time.monotonic() - started < 4
    assert [bool(one["problems"]) for one in listed if one["id"] == there] == [True]
    assert (await ask("GET", "checkpoints", store=here)).json["total"] == 3
    heart.cancel()
    assert longest < 0.5
    (tmp_path / "behind.sleep").unlink()
    for _ in range(100):
        answer = await ask("GET", "checkpoints", store=there)
        if answer.status == 200:
            break
        await asyncio.sleep(0.1)
    assert answer.json["total"] == 3
