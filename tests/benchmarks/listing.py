"""How long listing 10,000 checkpoints in 100 runs takes, against reading one JSON-lines file of the same records.

``python tests/benchmarks/listing.py [--runs 100] [--each 100] [--tensors 60]``. The JSON-lines file is what a project
without files-are-the-truth would keep; it is read twice, with the records whole and cut down to what a list shows.
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

from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.record import CommitRecord, EntrySpec, TensorSpec, dump_record, timestamp
from jupyter_ckpt.store.record_cache import CACHE_FILE, summarize

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--tensors", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        store = Path(where) / "store"
        whole, light = Path(where) / "whole.jsonl", Path(where) / "light.jsonl"
        build(store, whole, light, options.runs, options.each, options.tensors)
        lines_whole = clock(lambda: [json.loads(line) for line in whole.open("rb")])
        lines_light = clock(lambda: [json.loads(line) for line in light.open("rb")])
        cold = clock(lambda: Catalog(store).checkpoints(), times=1)
        assert len(list(store.glob(f"*/{CACHE_FILE}"))) == options.runs
        warm = clock(lambda: Catalog(store).checkpoints())
        runs = clock(lambda: Catalog(store).runs())
        one = clock(lambda: Catalog(store).checkpoints("run-007"))
        count = len(Catalog(store).checkpoints())
    print(f"{count} checkpoints in {options.runs} runs, {options.tensors} tensors in each")
    print(f"{'one JSON-lines file, whole records':<36}{lines_whole:8.3f} s")
    print(f"{'one JSON-lines file, summaries':<36}{lines_light:8.3f} s")
    for label, seconds in [
        ("catalog, first time", cold), ("catalog, warm", warm), ("runs(), warm", runs), ("one run, warm", one)
    ]:  # fmt: skip
        print(
            f"{label:<36}{seconds:8.3f} s   {seconds / lines_whole:6.2f} x whole"
            f"   {seconds / lines_light:6.2f} x summaries"
        )


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


def clock(work: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
