"""What a user installs: a wheel that needs no Node and no further step, and what Binder builds."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
_NODE = ("node", "nodejs", "npm", "npx", "yarn", "corepack")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files alone, as in a fresh clone: nothing that was built before."""
    if not (ROOT / ".git").exists() or shutil.which("node") is None:
        why = "packaging is checked from a git clone, with Node"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    folder = tmp_path_factory.mktemp("clone") / "jupyter-ckpt"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(clone)])
    return next(folder.glob("*.whl"))


def test_the_wheel_works_without_node_and_without_another_step(wheel: Path, tmp_path: Path) -> None:
    env = _environment(tmp_path, _path_without_node(tmp_path / "bin"))
    python = _venv(tmp_path / "venv", env)
    assert shutil.which("node", path=env["PATH"]) is None
    _run([python, "-m", "pip", "install", "-q", str(wheel), "jupyterlab>=4.2,<5"], env=env)

    labs = _run([python, "-m", "jupyter", "labextension", "list"], env=env)
    assert _line(labs, "jupyter-ckpt").split() == [
        "jupyter-ckpt", "v0.1.0", "enabled", "OK", "(python,", "jupyter_ckpt)",
    ]  # fmt: skip
    servers = _run([python, "-m", "jupyter", "server", "extension", "list"], env=env)
    assert "jupyter_ckpt enabled" in servers
    assert "OK" in servers[servers.index("Validating jupyter_ckpt") :].splitlines()[1]

    (tmp_path / "work").mkdir()
    with _served(python, tmp_path / "work", env) as (url, token):
        assert set(_get(f"{url}jupyter-ckpt/stores", token)) == {"current", "stores"}
        page = _get(f"{url}lab/api/listings/@jupyterlab/extensionmanager-extension/listings.json", token)
        assert page is not None
    assert _run([python, "-c", "import importlib.util as u; print(u.find_spec('torch'))"], env=env).strip() == "None"


def test_binder_builds_and_opens_the_quickstart(clone: Path, tmp_path: Path) -> None:
    home = tmp_path / "jupyter-ckpt"
    shutil.copytree(clone, home)
    env = _environment(tmp_path, os.environ["PATH"])
    python = _venv(tmp_path / "venv", env)
    env["PATH"] = f"{Path(python).parent}{os.pathsep}{env['PATH']}"
    _run([python, "-m", "pip", "install", "-q", "-c", str(ROOT / ".ci/constraints.txt"), *_conda_packages()], env=env)
    said = _run(["bash", "binder/postBuild"], cwd=home, env=env)
    assert "OK" in _line(said, "jupyter-ckpt v0.1.0")
    assert "jupyter_ckpt enabled" in said

    with _served(python, home, env) as (url, token):
        opened = urllib.request.Request(
            f"{url}lab/tree/notebooks/quickstart.ipynb", headers={"Authorization": f"token {token}"}
        )
        assert urllib.request.urlopen(opened, timeout=30).status == 200
        assert _get(f"{url}jupyter-ckpt/stores?notebook=notebooks/quickstart.ipynb", token)["stores"] is not None
    quickstart = home / "notebooks" / "quickstart.ipynb"
    _run([python, "-m", "jupyter", "execute", "--inplace", str(quickstart)], cwd=home / "notebooks", env=env)
    outputs = json.dumps([cell.get("outputs") for cell in json.loads(quickstart.read_text())["cells"]])
    assert "goes on with epoch 3" in outputs


def _conda_packages() -> list[str]:
    """The packages of ``environment.yml`` under their names on PyPI; Python, Node and git are there already."""
    lines = (ROOT / "binder/environment.yml").read_text().splitlines()
    words = [line.strip()[2:] for line in lines[lines.index("dependencies:") + 1 :]]
    given = [word for word in words if word.split("=")[0] not in ("python", "nodejs", "pip", "git")]
    assert len(given) == len(words) - 4
    return [word.replace("pytorch-cpu", "torch") for word in given]


def _environment(folder: Path, path: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTHON", "VIRTUAL_ENV"))}
    return {**kept, "PATH": path, "HOME": str(folder), "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _path_without_node(folder: Path) -> str:
    """A folder with links to all programs of PATH but Node's."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*") if os.path.isdir(place) else []:
            link = folder / program.name
            if program.name not in _NODE and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


def _venv(folder: Path, env: dict[str, str]) -> str:
    _run([sys.executable, "-m", "venv", str(folder)], env=env)
    return str(folder / "bin" / "python")


def _run(command: list[str], **options: Any) -> str:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}"
    return done.stdout.replace("\x1b[32m", "").replace("\x1b[0m", "")


def _line(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


@contextlib.contextmanager
def _served(python: str, folder: Path, env: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A JupyterLab server in a folder: its address and token."""
    runtime = folder / ".runtime"
    words = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", "--IdentityProvider.token=secret"]
    process = subprocess.Popen(
        [python, "-m", "jupyterlab", *words],
        cwd=folder,
        env={**env, "JUPYTER_RUNTIME_DIR": str(runtime)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _address(process, runtime), "secret"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _address(process: subprocess.Popen[bytes], runtime: Path) -> str:
    for _ in range(600):
        for found in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError, OSError):  # not written, or not listening, yet
                url = str(json.loads(found.read_text())["url"])
                _get(f"{url}api/status", "secret")
                return url
        assert process.poll() is None, "the server ended"
        time.sleep(0.1)
    raise AssertionError("the server did not come up in a minute")


def _get(url: str, token: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
