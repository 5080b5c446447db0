"""Whether a notebook is open is asked of real servers."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_ckpt.errors import RefusedFile
from jupyter_ckpt.record.editors import find_editors
from jupyter_ckpt.record.notebook import check_closed


@contextmanager
def server(root: Path, runtime: Path, *options: str) -> Iterator[dict[str, Any]]:
    env = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
    command = [
        sys.executable, "-m", "jupyter_server", "--allow-root", "--port=0", "--ip=127.0.0.1", "--no-browser",
        f"--ServerApp.root_dir={root}", *options,
    ]  # fmt: skip
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            for file in runtime.glob("jpserver-*.json"):
                info = json.loads(file.read_text())
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", info["port"], timeout=2)
                    connection.request("GET", "/api")
                    connection.getresponse()
                except OSError:
                    continue
                yield info
                return
            time.sleep(0.1)
        pytest.fail("the server did not start")
    finally:
        process.kill()
        process.wait()


def open_notebook(info: dict[str, Any], path: str) -> None:
    body = {"path": path, "type": "notebook", "name": "", "kernel": {"name": "python3"}}
    request = urllib.request.Request(
        info["url"] + "api/sessions", json.dumps(body).encode(), {"Authorization": f"token {info['token']}"}
    )
    urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "root" / "sub folder" / "a.ipynb"
    path.parent.mkdir(parents=True)
    (tmp_path / "jupyter-runtime").mkdir()
    nbformat.write(nbformat.v4.new_notebook(), path)
    return path


def test_open_in_a_server(tmp_path: Path, notebook: Path) -> None:
    runtime = tmp_path / "jupyter-runtime"
    with server(tmp_path / "root", runtime, "--IdentityProvider.token=abc") as info:
        assert (find_editors(notebook).open_in, find_editors(notebook).asked) == ("", 1)
        check_closed(notebook, force=False)
        open_notebook(info, "RTC:sub folder/a.ipynb")
        assert find_editors(notebook).open_in == info["url"]
        assert find_editors(notebook.with_name("b.ipynb")).open_in == ""
        assert find_editors(tmp_path / "elsewhere.ipynb").asked == 0
        for force in (False, True):
            with pytest.raises(RefusedFile, match="is open in http"):
                check_closed(notebook, force=force)
    assert find_editors(notebook).asked == 0, "a server that was killed leaves its address behind"
    check_closed(notebook, force=False)


def test_a_server_with_a_password_does_not_tell(tmp_path: Path, notebook: Path) -> None:
    from jupyter_server.auth.security import passwd

    password = f"--PasswordIdentityProvider.hashed_password={passwd('secret', algorithm='sha1')}"
    with server(tmp_path / "root", tmp_path / "jupyter-runtime", password, "--IdentityProvider.token="):
        found = find_editors(notebook)
        assert found.open_in == ""
        assert len(found.silent) == 1
        with pytest.raises(RefusedFile, match=r"cannot be known .* --force"):
            check_closed(notebook, force=False)
        check_closed(notebook, force=True)


def test_odd_addresses_are_passed_over(tmp_path: Path, notebook: Path) -> None:
    runtime = tmp_path / "jupyter-runtime"
    root = str(tmp_path / "root")
    infos: list[Any] = [
        3,
        {},
        {"root_dir": root, "pid": os.getpid(), "url": "http://127.0.0.1:9/"},
        {"root_dir": root, "pid": 2**22 + 7, "url": "http://127.0.0.1:9/"},
    ]
    for number, info in enumerate(infos):
        (runtime / f"jpserver-{number}.json").write_text(json.dumps(info))
    (runtime / "jpserver-77.json").write_text("{")
    assert find_editors(notebook).silent == []
    (runtime / "jpserver-78.json").write_text(
        json.dumps({"root_dir": root, "pid": os.getpid(), "url": "file:///etc"})
    )
    assert len(find_editors(notebook).silent) == 1
