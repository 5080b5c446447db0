"""Changes are told: as events while somebody looks, and by the token."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import stores

SCHEMA = "https://jupyter-ckpt.org/events/changed/v1"


@pytest.fixture
def events(jp_serverapp) -> list[dict[str, Any]]:
    """What was emitted."""
    seen: list[dict[str, Any]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        seen.append({key: data[key] for key in ("store", "runs", "kind")})

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA, listener=listen)
    return seen


async def test_a_save_of_a_kernel_is_told_while_somebody_looks(ask, store: Path, here: str, events, until) -> None:
    stores.write_run(store, "run-a")
    await ask("GET", "runs", store=here)
    token = (await ask("GET", "changes")).json["token"]
    stores.write_run(store, "run-b")
    await until(lambda: events, 5)
    assert events[0] == {"store": here, "runs": ["run-b"], "kind": "saved"}
    assert (await ask("GET", "changes")).json["token"] != token


async def test_own_verbs_are_told_at_once(ask, store: Path, here: str, events, until) -> None:
    name = stores.write_run(store, "run-a")[0]
    await ask("GET", "runs", store=here)
    await ask("PATCH", f"checkpoints/run-a/{name}", {"pinned": True}, store=here)
    await until(lambda: events, 2)
    assert events == [{"store": here, "runs": ["run-a"], "kind": "changed"}]


async def test_nobody_looks_nothing_is_watched(ask, store: Path, here: str, extension, events) -> None:
    stores.write_run(store, "run-a")
    await ask("GET", "runs", store=here)
    assert not extension.watcher.watching
    stores.write_run(store, "run-b")
    await asyncio.sleep(1.5)
    assert events == []


async def test_watching_ends_by_itself(ask, store: Path, here: str, extension, monkeypatch, until) -> None:
    monkeypatch.setattr("jupyter_ckpt.server.watching.WATCH_FOR_S", 0.2)
    await ask("GET", "runs", store=here)
    await ask("GET", "changes")
    assert extension.watcher.watching
    await until(lambda: all(task.done() for task in extension.watcher._tasks.values()), 5)
    assert not extension.watcher.watching


async def test_a_still_store_emits_nothing(ask, store: Path, here: str, events) -> None:
    stores.write_run(store, "run-a")
    await ask("GET", "runs", store=here)
    await ask("GET", "changes")
    await asyncio.sleep(2.5)
    assert events == []


async def test_the_page_gets_them_on_the_servers_websocket(ask, store: Path, here: str, jp_ws_fetch) -> None:
    import json

    socket = await jp_ws_fetch("api", "events", "subscribe")
    name = stores.write_run(store, "run-a")[0]
    await ask("GET", "runs", store=here)
    await ask("DELETE", f"checkpoints/run-a/{name}", store=here)
    message = json.loads(await asyncio.wait_for(socket.read_message(), 5))
    assert (message["schema_id"], message["store"], message["runs"]) == (SCHEMA, here, ["run-a"])
    socket.close()
