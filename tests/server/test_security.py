"""Who may call, from where, and what hostile names and files can do: nothing."""

from __future__ import annotations

import os
import re
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
import stores
from document import METHODS, operations

HOSTILE = "<img src=x onerror=alert(1)>[a](javascript:alert(1))`$(rm)`\u202e"
ROUTES = sorted(operations())


def _filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda part: {"run": "run-a", "name": "epoch-0000"}.get(part[1], "0" * 32), path)[1:]


@pytest.mark.parametrize(("path", "method"), ROUTES)
async def test_nothing_is_answered_without_a_token(ask, store: Path, path: str, method: str) -> None:
    stores.write_run(store, "run-a")
    refused = await ask(method.upper(), _filled(path), headers={})
    assert refused.status == 403
    assert "run-a" not in refused.body.decode()
    wrong = await ask(method.upper(), _filled(path), headers={"Authorization": "token wrong"})
    assert wrong.status == 403


@pytest.mark.parametrize("path", sorted({path for path, _ in ROUTES}))
async def test_other_methods_are_not_allowed(ask, path: str) -> None:
    for method in METHODS:
        if (path, method) not in operations():
            refused = await ask(method.upper(), _filled(path))
            assert refused.status == 405, method
            assert refused.json["kind"] == "usage"
    assert (await ask("HEAD", _filled(path))).status == 405


@pytest.fixture
def denying(jp_serverapp) -> list[tuple[str, str]]:
    """An authorizer that takes no user for allowed; what it was asked."""
    asked: list[tuple[str, str]] = []

    class Denying(type(jp_serverapp.authorizer)):
        def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
            asked.append((action, resource))
            return False

    jp_serverapp.web_app.settings["authorizer"] = Denying(parent=jp_serverapp)
    return asked


@pytest.mark.parametrize(("path", "method"), ROUTES)
async def test_authentication_is_not_authorization(ask, denying, store: Path, path: str, method: str) -> None:
    stores.write_run(store, "run-a")
    refused = await ask(method.upper(), _filled(path))
    assert refused.status == 403
    assert denying[-1] == ("read" if method == "get" else "write", "jupyter_ckpt")
    assert (store / "run-a" / "epoch-0000.json").exists()


async def _login(jp_serverapp, http_server_client, jp_base_url: str) -> dict[str, str]:
    """The cookies of a browser that has logged in with the token."""
    token = jp_serverapp.identity_provider.token
    cookies: dict[str, str] = {}
    for page in ("login", f"login?token={token}"):
        response = await http_server_client.fetch(f"{jp_base_url}{page}", raise_error=False, follow_redirects=False)
        pairs = [cookie.split(";")[0] for cookie in response.headers.get_list("Set-Cookie")]
        cookies |= dict(pair.split("=", 1) for pair in pairs)
    assert "_xsrf" in cookies
    assert len(cookies) > 1
    return cookies


WRITES = [route for route in ROUTES if route[1] != "get"]


@pytest.mark.parametrize(("path", "method"), WRITES)
async def test_a_browsers_write_needs_the_xsrf_token(
    ask, jp_serverapp, http_server_client, jp_base_url, store: Path, path: str, method: str
) -> None:
    stores.write_run(store, "run-a")
    cookies = await _login(jp_serverapp, http_server_client, jp_base_url)
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    refused = await ask(method.upper(), _filled(path), headers=header)
    assert refused.status == 403
    assert (store / "run-a" / "epoch-0000.json").exists()
    allowed = await ask(method.upper(), _filled(path), headers={**header, "X-XSRFToken": cookies["_xsrf"]})
    assert allowed.status != 403


@pytest.mark.parametrize(("path", "method"), ROUTES)
async def test_a_foreign_origin_is_refused(
    ask, jp_serverapp, http_server_client, jp_base_url, store: Path, path: str, method: str
) -> None:
    """A page of another site that has the browser send its cookies; who has the token may come from anywhere."""
    stores.write_run(store, "run-a")
    cookies = await _login(jp_serverapp, http_server_client, jp_base_url)
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    foreign = {**cookie, "X-XSRFToken": cookies.get("_xsrf", ""), "Origin": "https://evil.example"}
    refused = await ask(method.upper(), _filled(path), headers=foreign)
    assert refused.status in (403, 404)
    assert "run-a" not in refused.body.decode()
    assert (store / "run-a" / "epoch-0000.json").exists()
    assert "evil.example" not in str(refused.headers.get("Access-Control-Allow-Origin"))


ESCAPES = (
    "..",
    ".",
    "%2e%2e",
    "..%2f..%2fetc",
    "%2fetc%2fpasswd",
    "a%00b",
    "-x",
    "a" * 300,
    "~",
    "a%5c..%5cb",
    "%ff",
)


@pytest.mark.parametrize("text", ESCAPES)
async def test_names_in_the_path_lead_nowhere(ask, store: Path, here: str, text: str) -> None:
    stores.write_run(store, "run-a")
    (store.parent / "secret.json").write_text("secret")
    before = sorted(os.listdir(store.parent))
    for method, path in (
        ("GET", f"checkpoints/{text}/epoch-0000"),
        ("GET", f"checkpoints/run-a/{text}"),
        ("PATCH", f"checkpoints/run-a/{text}"),
        ("DELETE", f"checkpoints/{text}/epoch-0000"),
        ("POST", f"trash/{text}/epoch-0000/restore"),
        ("POST", f"trash/run-a/{text}/restore"),
        ("GET", f"runs/{text}/metrics"),
        ("GET", f"runs/{text}/journal"),
        ("POST", f"runs/{text}/requests"),
        ("GET", f"jobs/{text}"),
    ):
        body = {"verb": "save"} if path.endswith("requests") else {} if method == "PATCH" else None
        refused = await ask(method, path, body, store=here)
        assert refused.status in (400, 404, 405), (method, path, refused.status)
        assert b"secret" not in refused.body
    assert sorted(os.listdir(store.parent)) == before


@pytest.mark.parametrize("text", ["..", "../x.ipynb", "a/../../x.ipynb", "/../x", "a\0b.ipynb", "\n", "/"])
async def test_a_notebooks_path_stays_in_the_root(ask, store: Path, here: str, text: str) -> None:
    for path in ("stores", "storage", "runs", "checkpoints"):
        refused = await ask("GET", path, store=here, notebook=text)
        assert (refused.status, refused.json["kind"]) == (400, "usage"), path
    refused = await ask("PUT", "storage", {"notebook": text, "path": "/tmp/x"})
    assert refused.status == 400
    for ref in ("../../etc/passwd", "..", "a/b/c", "/etc/passwd", "run-a/..", "\0/\0"):
        refused = await ask("GET", "diff", store=here, a=ref, b="run-a/epoch-0000")
        assert refused.status in (400, 404), ref


async def test_links_are_not_followed(ask, store: Path, here: str) -> None:
    outside = store.parent / "outside"
    names = stores.write_run(outside, "secret-run")
    stores.write_run(store, "run-a")
    (store / "linked").symlink_to(outside / "secret-run")
    (store / "run-a" / "epoch-0009.json").symlink_to(outside / "secret-run" / f"{names[0]}.json")
    (store / "run-a" / "epoch-0009.pt").symlink_to(outside / "secret-run" / f"{names[0]}.pt")
    found = (await ask("GET", "runs", store=here)).json
    assert [run["id"] for run in found["runs"]] == ["run-a"]
    assert {Path(one["path"]).name for one in found["damaged"]} == {"linked", "epoch-0009.json"}
    for method, path in (
        ("GET", f"checkpoints/linked/{names[0]}"),
        ("DELETE", f"checkpoints/linked/{names[0]}"),
        ("PATCH", f"checkpoints/linked/{names[0]}"),
        ("GET", "checkpoints/run-a/epoch-0009"),
        ("GET", "runs/linked/journal"),
        ("POST", "runs/linked/requests"),
    ):
        body = {"verb": "save"} if path.endswith("requests") else {} if method == "PATCH" else None
        assert (await ask(method, path, body, store=here)).status == 404, path
    (store / "run-a" / "journal.jsonl").unlink()
    (store / "run-a" / "journal.jsonl").symlink_to(outside / "secret-run" / "journal.jsonl")
    refused = await ask("GET", "runs/run-a/journal", store=here)
    assert refused.status == 500
    assert "it is a link" in refused.json["message"]
    assert not (outside / "secret-run" / ".mailbox").exists()


async def test_a_linked_trash_is_not_followed(ask, store: Path, here: str) -> None:
    outside = store.parent / "outside"
    stores.write_run(outside, "run-a")
    stores.write_run(store, "run-a")
    (store / ".trash").symlink_to(outside)
    assert (await ask("GET", "trash", store=here)).status == 500
    assert (await ask("POST", "trash/run-a/epoch-0000/restore", store=here)).status == 500
    assert (await ask("DELETE", "checkpoints/run-a/epoch-0000", store=here)).status == 500
    assert (store / "run-a" / "epoch-0000.json").exists()


async def test_a_store_under_two_names_is_one(ask, store: Path, jp_root_dir: Path, extension) -> None:
    stores.write_run(store, "run-a")
    link = store.parent / "link-to-store"
    link.symlink_to(store)
    extension.known._configured.append(link)
    found = (await ask("GET", "stores")).json["stores"]
    assert sum(os.path.realpath(one["path"]) == str(store.resolve()) for one in found) == 1


async def test_no_other_folder_becomes_a_store(ask, tmp_path: Path) -> None:
    from jupyter_ckpt.store.layout import store_id

    stores.write_run(tmp_path / "elsewhere", "run-a")
    unknown = await ask("GET", "runs", store=store_id(tmp_path / "elsewhere"))
    assert unknown.status == 404


async def test_hostile_text_is_plain_json(ask, store: Path, here: str) -> None:
    origin = {"kind": "notebook", "path": f"/x/{HOSTILE}.ipynb", "host": HOSTILE}
    names = stores.write_run(
        store,
        "run-a",
        info={"origin": origin, "hyperparameters": {HOSTILE: {"deep": [HOSTILE]}}},
        note=HOSTILE,
        tags=[HOSTILE],
        metrics={HOSTILE: 1.0, "nan": float("nan"), "inf": float("-inf"), "big": 10**400},
        code={HOSTILE: {"source": f"</script>{HOSTILE}"}},
    )
    urls = ["runs", "checkpoints", f"checkpoints/run-a/{names[0]}", "runs/run-a/metrics", "runs/run-a/journal"]
    for url in urls:
        found = await ask("GET", url, store=here)
        assert found.status == 200, found.body
        assert found.headers["Content-Type"].startswith("application/json")
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in found.headers["Content-Security-Policy"]
    row = (await ask("GET", "checkpoints", store=here)).json["rows"][0]
    assert (row["note"], row["tags"]) == (HOSTILE, [HOSTILE])
    assert row["metrics"] == {HOSTILE: 1.0, "nan": "NaN", "inf": "-Infinity", "big": "Infinity"}
    refused = await ask("GET", f"checkpoints/run-a/{urllib.parse.quote(HOSTILE)}", store=here)
    assert (refused.status, refused.headers["Content-Type"]) == (404, "application/json")


async def test_monstrous_files_do_no_harm(ask, store: Path, here: str) -> None:
    stores.write_run(store, "deep")
    (store / "deep" / "run.json").write_text('{"hyperparameters": ' + '{"a":' * 900 + "1" + "}" * 900 + "}")
    stores.write_run(store, "wrong", info={"origin": 7, "hyperparameters": [1], "created": {"a": 1}, "parent": 3})
    stores.write_run(store, "torn")
    with (store / "torn" / "journal.jsonl").open("ab") as journal:
        journal.write(b'\xff\xfe\x00{"event": "metrics", "metrics": {"x": \n{"event": "saved"}\n[1]\n')
    os.mkfifo(store / "torn" / "odd.json")
    for url in ("runs", "checkpoints", "runs/torn/metrics", "runs/torn/journal", "runs/deep/metrics"):
        assert (await ask("GET", url, store=here)).status == 200, url
