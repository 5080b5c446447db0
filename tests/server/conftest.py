"""A real server with the extension, and stores made by the project's own saving code."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.parse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import tornado.httpclient

sys.path.insert(0, str(Path(__file__).parent))

import document

Ask = Callable[..., Awaitable["Reply"]]


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


class Reply:
    """Status, headers and JSON of an answer."""

    def __init__(self, response: tornado.httpclient.HTTPResponse) -> None:
        self.status = response.code
        self.headers = response.headers
        self.body = response.body
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        self.json: Any = json.loads(response.body, parse_constant=_refuse) if response.body and is_json else None


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTER_CKPT_STORE", raising=False)
    monkeypatch.delenv("JUPYTER_CKPT_QUIET", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The store that the server is configured with; empty."""
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def jp_server_config(store: Path) -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_ckpt": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
        },
        "JupyterCkpt": {"stores": [str(store)], "storage_warning": False},
    }


@pytest.fixture
def extension(jp_serverapp: Any) -> Any:
    """The running extension."""
    return jp_serverapp.web_app.settings["jupyter_ckpt"]


@pytest.fixture
def ask(jp_serverapp: Any, jp_fetch: Any, jp_base_url: str, http_server_client: Any, jp_auth_header: Any) -> Ask:
    """``await ask("GET", "runs", store=…)``: any status is an answer."""

    async def call(method: str, path: str, body: Any = None, headers: Any = None, **params: Any) -> Reply:
        query = urllib.parse.urlencode({key: str(value) for key, value in params.items() if value is not None})
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        if raw is None and method in ("POST", "PUT", "PATCH"):
            raw = b""
        request_headers = jp_auth_header if headers is None else headers
        response = await http_server_client.fetch(
            f"{jp_base_url}jupyter-ckpt/{path}?{query}",
            method=method,
            headers=request_headers,
            body=raw,
            raise_error=False,
            request_timeout=30,
            allow_nonstandard_methods=True,
            follow_redirects=False,
        )
        reply = Reply(response)
        if reply.headers["Content-Type"].startswith("application/json"):
            document.check(method, path, reply.status, reply.json)
        return reply

    return call


@pytest.fixture
def here(extension: Any, store: Path) -> str:
    """The id of `store`."""
    from jupyter_ckpt.store.layout import store_id

    return store_id(store)


@pytest.fixture
def until() -> Any:
    """`_until`, for tests that cannot import from here."""
    return _until


async def _until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait until something holds; its value."""
    for _ in range(int(seconds / 0.05)):
        value = condition()
        if value:
            return value
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen in time")
