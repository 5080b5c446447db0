"""The server part works where there is no torch, no kernel, and a store that nobody configured."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import stores

SCRIPT = """
    import asyncio, importlib.abc, json, socket, sys, time, urllib.request

    class NoTorch(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in ("torch", "numpy", "safetensors"):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, NoTorch())
    from jupyter_server.serverapp import ServerApp
    from traitlets.config import Config

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = Config({
        "ServerApp": {"jpserver_extensions": {"jupyter_ckpt": True}},
        "IdentityProvider": {"token": "secret"},
        "JupyterCkpt": {"stores": [sys.argv[1]]},
    })
    where = {"root_dir": sys.argv[2], "port": port, "ip": "127.0.0.1"}
    app = ServerApp(config=config, open_browser=False, allow_root=True, **where)
    app.init_signal = lambda: None
    answers = {}

    def get(path, method="GET", body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{app.port}/jupyter-ckpt/{path}", body, method=method,
                                         headers={"Authorization": "token secret"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def ask():
        for _ in range(200):  # until it listens
            try:
                get("changes")
                break
            except OSError:
                time.sleep(0.05)
        store = next(s["id"] for s in get("stores")["stores"] if s["how"] == "configured")
        row = get(f"checkpoints?store={store}")["rows"][0]
        one = get(f"checkpoints/{row['ref']}?store={store}")
        job = get("jobs", "POST", json.dumps({"verb": "verify", "store": store, "targets": [row["ref"]]}).encode())
        while job["state"] == "running":
            job = get("jobs/" + job["id"])
        copy = {"verb": "export", "store": store, "target": row["ref"], "to": "copy.pt"}
        export = get("jobs", "POST", json.dumps(copy).encode())
        while export["state"] == "running":
            export = get("jobs/" + export["id"])
        series = get(f"runs/{row['run']}/metrics?store={store}")
        record = get(f"runs/{row['run']}/record?store={store}")
        storage = get("storage")
        answers.update(row=row, tensors=one["tensors_total"], job=job, series=sorted(series["series"]),
                       export=export["state"], record=len(record["lines"]), volumes=len(storage["volumes"]))

    async def main():
        app.initialize(argv=[])
        app.start_app()
        await asyncio.get_running_loop().run_in_executor(None, ask)

    asyncio.run(main())
    answers["torch"] = "torch" in sys.modules
    print("ANSWERS" + json.dumps(answers))
"""


def test_everything_works_where_torch_cannot_be_imported(store: Path, jp_root_dir: Path, tmp_path: Path) -> None:
    import json

    names = stores.train(store, "run-a")
    script = tmp_path / "server.py"
    script.write_text(textwrap.dedent(SCRIPT))
    ended = subprocess.run(
        [sys.executable, str(script), str(store), str(jp_root_dir)], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    line = next(line for line in ended.stdout.splitlines() if line.startswith("ANSWERS"))
    answers = json.loads(line.removeprefix("ANSWERS"))
    assert answers["row"]["name"] == names[-1]
    assert answers["job"]["state"] == "done"
    assert answers["job"]["results"][0]["problems"] == []
    assert answers["export"] == "done"
    assert answers["series"] == ["acc", "loss"]
    assert answers["tensors"] > 0
    assert answers["record"] > 0
    assert answers["volumes"] > 0
    assert answers["torch"] is False
    assert (jp_root_dir / "copy.pt").stat().st_size == (store / "run-a" / f"{names[-1]}.pt").stat().st_size


def test_importing_the_package_imports_no_server() -> None:
    code = (
        "import sys, jupyter_ckpt; assert not {'torch', 'jupyter_server', 'tornado'} & sys.modules.keys();"
        "jupyter_ckpt._jupyter_server_extension_points(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_a_store_that_a_kernel_wrote_to_is_known(ask, tmp_path: Path) -> None:
    stores.train(tmp_path / "elsewhere", "run-a", 1)
    found = (await ask("GET", "stores")).json["stores"]
    assert [one["how"] for one in found if one["path"] == str(tmp_path / "elsewhere")] == ["used"]


async def test_the_store_of_the_environment_is_the_current_one(ask, tmp_path: Path, monkeypatch) -> None:
    stores.write_run(tmp_path / "by-environment", "run-a")
    monkeypatch.setenv("JUPYTER_CKPT_STORE", str(tmp_path / "by-environment"))
    found = (await ask("GET", "stores", notebook="train.ipynb")).json
    current = next(one for one in found["stores"] if one["id"] == found["current"])
    assert (current["path"], current["how"]) == (str(tmp_path / "by-environment"), "environment")
    rows = (await ask("GET", "checkpoints")).json
    assert rows["total"] == 3
