"""How long listing 10,000 checkpoints in 100 runs takes, against reading one JSON-lines file of the same records.

``python tests/benchmarks/listing.py [--runs 100] [--each 100] [--tensors 60] [--json FILE]``. The JSON-lines file is
what a project without files-are-the-truth would keep: with the records whole, and cut down to what a list shows.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rounds import Table, parser, report, turns

from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.record import CommitRecord, EntrySpec, TensorSpec, dump_record, timestamp
from jupyter_ckpt.store.record_cache import CACHE_FILE, summarize

WHOLE, LIGHT = "one JSON-lines file, whole records", "one JSON-lines file, summaries"
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def main() -> None:
    options = parser(__doc__, 5)
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--each", type=int, default=100)
    options.add_argument("--tensors", type=int, default=60)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as where:
        report(measure(Path(where), chosen), chosen)


def measure(where: Path, chosen: argparse.Namespace) -> list[Table]:
    """The first look on its own, what follows it in turns."""
    store, whole, light = where / "store", where / "whole.jsonl", where / "light.jsonl"
    build(store, whole, light, chosen.runs, chosen.each, chosen.tensors)
    title = f"list {chosen.runs * chosen.each:,} checkpoints in {chosen.runs} runs, {chosen.tensors} tensors in each"
    first = Table(f"{title}: for the first time", "list-first")
    first.add("catalog", clock(lambda: Catalog(store).checkpoints()))
    assert len(list(store.glob(f"*/{CACHE_FILE}"))) == chosen.runs
    table = Table(f"{title}: warm", "list", limits=(WHOLE, LIGHT))
    cases = {
        WHOLE: lambda: [json.loads(line) for line in whole.open("rb")],
        LIGHT: lambda: [json.loads(line) for line in light.open("rb")],
        "catalog, all checkpoints": lambda: Catalog(store).checkpoints(),
        "catalog, all runs": lambda: Catalog(store).runs(),
        "catalog, one run": lambda: Catalog(store).checkpoints("run-007"),
    }
    for counts, name, case in turns(cases, chosen.rounds, {}):
        seconds = clock(case)
        if counts:
            table.add(name, seconds)
    return [first, table]


def build(store: Path, whole: Path, light: Path, runs: int, each: int, tensors: int) -> None:
    old = START.timestamp()
    with whole.open("w") as whole_file, light.open("w") as light_file:
        for number in range(runs):
            folder = store / f"run-{number:03d}"
            folder.mkdir(parents=True)
            (folder / "run.json").write_text(
                json.dumps({"format": 1, "run": folder.name, "created": timestamp(START)})
            )
            journal = Journal(folder, fsync=False)
            for epoch in range(each):
                record = record_of(folder.name, epoch, number, tensors)
                (folder / f"{record.name}.pt").touch()
                path = folder / f"{record.name}.json"
                path.write_bytes(dump_record(record))
                os.utime(path, (old, old))
                journal.append("saved", name=record.name)
                journal.append("verified", name=record.name)
                whole_file.write(json.dumps(record.to_json()) + "\n")
                light_file.write(json.dumps(summarize(record)) + "\n")


def record_of(run: str, epoch: int, number: int, tensors: int) -> CommitRecord:
    moment = START + datetime.timedelta(hours=number, minutes=epoch)
    rows = [
        TensorSpec(f"model_state_dict.layers.{i}.weight", "float32", (64, 64), f"data/{i}", 0, (64, 1), "0" * 32)
        for i in range(tensors)
    ]
    return CommitRecord(
        name=f"epoch-{epoch:04d}_step-{epoch * 100:08d}_{moment.strftime('%Y%m%d-%H%M%S')}",
        run=run,
        time=timestamp(moment),
        epoch=epoch,
        step=epoch * 100,
        metrics={"loss": 1 / (epoch + 1), "acc": epoch / 100},
        size=1_000_000,
        digest="0" * 32,
        entries=[EntrySpec(f"data/{i}", i * 20000, 16384, 0, "0" * 32) for i in range(tensors)],
        tensors=rows,
    )


def clock(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
