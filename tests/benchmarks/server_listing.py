"""How quickly the server answers about 10,000 checkpoints in 100 runs, and what it costs in memory.

``python tests/benchmarks/server_listing.py [--runs 100] [--each 100] [--tensors 60]``. A real server in this process
is asked over HTTP; the checkpoints are records beside sparse data files, as a listing never opens those.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp
from listing import build, record_of
from traitlets.config import Config

from jupyter_ckpt.store.layout import store_id
from jupyter_ckpt.store.record import dump_record

_RACY_S = 3.2
_TOKEN = "benchmark"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--tensors", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        store, root = Path(where) / "store", Path(where) / "root"
        root.mkdir()
        os.environ["JUPYTER_CONFIG_DIR"] = os.environ["JUPYTER_RUNTIME_DIR"] = where
        build(
            store,
            Path(where) / "whole.jsonl",
            Path(where) / "light.jsonl",
            options.runs,
            options.each,
            options.tensors,
        )
        asyncio.run(serve(store, root, options))


async def serve(store: Path, root: Path, options: argparse.Namespace) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ServerApp": {"jpserver_extensions": {"jupyter_ckpt": True}, "log_level": 40},
        "IdentityProvider": {"token": _TOKEN},
        "JupyterCkpt": {"stores": [str(store)]},
    }
    app = ServerApp(config=Config(settings), root_dir=str(root), port=port, open_browser=False, allow_root=True)
    app.init_signal = lambda: None  # type: ignore[method-assign]
    app.initialize(argv=[])
    app.start_app()
    await asyncio.sleep(0.5)  # it begins to listen in a callback
    await asyncio.get_running_loop().run_in_executor(None, measure, app, store, options)


def measure(app: ServerApp, store: Path, options: argparse.Namespace) -> None:
    here = store_id(store)

    def get(path: str, **query: Any) -> Any:
        text = "&".join(f"{key}={value}" for key, value in {"store": here, **query}.items())
        url = f"http://127.0.0.1:{app.port}/jupyter-ckpt/{path}?{text}"
        request = urllib.request.Request(url, headers={"Authorization": f"token {_TOKEN}"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    get("stores")  # which stores there are; reads every record once and writes the runs' caches
    extension = app.web_app.settings["jupyter_ckpt"]
    lines: list[tuple[str, float]] = []

    def clock(label: str, path: str, times: int = 5, **query: Any) -> Any:
        found, spent = None, []
        for _ in range(times):
            start = time.perf_counter()
            found = get(path, **query)
            spent.append(time.perf_counter() - start)
        lines.append((label, statistics.median(spent)))
        return found

    time.sleep(_RACY_S)
    before = resident()
    extension.known._open.clear()  # as after a restart: nothing in memory, the runs' caches on disk
    rows = clock("first page of rows, a server just started", "checkpoints", 1, limit=200)
    grown = resident() - before
    assert rows["total"] == options.runs * options.each
    time.sleep(_RACY_S)
    get("runs")
    clock("first page of runs", "runs", limit=100)
    clock("another page of rows", "checkpoints", offset=5000, limit=200)
    clock("rows sorted by a metric, first time", "checkpoints", 1, sort="metric:loss", order="asc")
    clock("rows sorted by a metric, next page", "checkpoints", sort="metric:loss", order="asc", offset=200)
    clock("rows filtered", "checkpoints", 1, filter="run-00%20acc%3E0.5")
    clock("one run's metrics", "runs/run-000/metrics")
    record = record_of("run-000", options.each + 1, 0, options.tensors)
    (store / "run-000" / f"{record.name}.pt").touch()
    (store / "run-000" / f"{record.name}.json").write_bytes(dump_record(record))
    time.sleep(0.3)
    found = clock("rows after one save", "checkpoints", 1, limit=200)
    assert found["total"] == options.runs * options.each + 1
    index = next(one for one in extension.known.opened() if one.id == here).index
    start = time.perf_counter()
    index.refresh()
    lines.append(("a look at the files that just changed", time.perf_counter() - start))
    print(f"{options.runs * options.each} checkpoints in {options.runs} runs, {options.tensors} tensors in each")
    for label, seconds in lines:
        print(f"{label:<44}{seconds * 1000:8.1f} ms")
    print(f"{'memory of the listing':<44}{grown / 1e6:8.1f} MB")


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
