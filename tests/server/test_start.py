"""The line in the log at start: once, when there is something to say, and never in the way."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders whose storage was asked about; each of them is said to be lost, after a while."""
    asked: list[str] = []

    def notice(origin: Any) -> str:
        time.sleep(0.5)  # a volume that takes its time
        asked.append(origin.path)
        return f"jupyter-ckpt: files in {origin.path} will be lost"

    monkeypatch.setattr("jupyter_ckpt.server.extension.notice_for", notice)
    return asked


class TestWarns:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        return {"ServerApp": {"jpserver_extensions": {"jupyter_ckpt": True, "jupyter_server_terminals": False}}}

    async def test_one_line(self, notices, jp_root_dir: Path, jp_configurable_serverapp, caplog, until) -> None:
        start = time.monotonic()
        jp_configurable_serverapp()
        started_in = time.monotonic() - start
        logging.getLogger("JupyterCkpt").addHandler(caplog.handler)  # it does not propagate
        lines = await until(lambda: [one for one in caplog.messages if one.startswith("jupyter-ckpt:")], 5)
        assert lines == [f"jupyter-ckpt: files in {jp_root_dir} will be lost"]
        assert notices == [str(jp_root_dir)]
        assert started_in < 5


async def test_it_can_be_switched_off(notices, jp_serverapp, ask) -> None:
    import asyncio

    await ask("GET", "changes")
    await asyncio.sleep(0.7)
    assert notices == []


async def test_no_route_is_without_authentication(recwarn, jp_serverapp) -> None:
    assert not [one for one in recwarn if "Auth" in type(one.message).__name__]
