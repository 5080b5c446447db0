"""Runs and checkpoints over REST, from stores made by the saving code."""

from __future__ import annotations

from pathlib import Path

import stores


async def test_runs_of_the_notebook_come_first(ask, store: Path, jp_root_dir: Path, here: str) -> None:
    stores.train(store, "mine", notebook=jp_root_dir / "a" / "train.ipynb", learning_rate=0.1)
    stores.write_run(store, "newer")
    found = await ask("GET", "runs", store=here, notebook="a/train.ipynb", sort="name", order="desc")
    assert found.status == 200, found.body
    assert [run["id"] for run in found.json["runs"]] == ["mine", "newer"]
    mine = found.json["runs"][0]
    assert mine["mine"]
    assert mine["notebook"] == "a/train.ipynb"
    assert mine["checkpoints"] == 3
    assert mine["hyperparameters"]["learning_rate"] == 0.1
    assert mine["best"]["loss"]["name"] == mine["latest"]["name"]
    assert found.json["total"] == 2
    assert found.json["damaged"] == []


async def test_a_page_of_checkpoints(ask, store: Path, here: str) -> None:
    stores.write_run(store, "run-a", 5)
    stores.write_run(store, "run-b", 2)
    found = await ask("GET", "checkpoints", store=here, offset=1, limit=2, run="run-a")
    assert [row["name"] for row in found.json["rows"]] == ["epoch-0003", "epoch-0002"]
    assert found.json["total"] == 5
    assert found.json["metric"] == "acc"
    assert found.json["mode"] == "max"
    assert found.json["rows"][0]["durability"] == "persistent"
    by_loss = await ask("GET", "checkpoints", store=here, sort="metric:loss", order="asc")
    losses = [row["metrics"]["loss"] for row in by_loss.json["rows"]]
    assert losses == sorted(losses)
    assert len(losses) == 7
    best = await ask("GET", "checkpoints", store=here, filter="is:best")
    assert {row["ref"] for row in best.json["rows"]} == {"run-a/epoch-0004", "run-b/epoch-0001"}
    good = await ask("GET", "checkpoints", store=here, filter="run-a acc>=0.03")
    assert {row["name"] for row in good.json["rows"]} == {"epoch-0003", "epoch-0004"}


async def test_details_are_the_whole_record(ask, store: Path, here: str) -> None:
    names = stores.train(store, "run-a")
    found = await ask("GET", f"checkpoints/run-a/{names[-1]}", store=here)
    assert found.status == 200, found.body
    one = found.json
    assert one["parameters"] == 36
    assert one["resume"] == f"%ckpt resume run-a/{names[-1]}"
    assert "torch.load(" in one["snippet"]
    assert one["tensors_total"] == len(one["tensors"])
    weight = next(tensor for tensor in one["tensors"] if tensor["name"].endswith("weight"))
    assert weight["shape"] == [4, 8]
    assert weight["bytes"] == 128
    assert "torch" in str(one["environment"])


async def test_metrics_and_journal(ask, store: Path, here: str) -> None:
    names = stores.train(store, "run-a")
    found = (await ask("GET", "runs/run-a/metrics", store=here)).json
    assert found["axis"] == "epoch"
    assert found["series"]["loss"]["mode"] == "min"
    assert found["series"]["loss"]["best"] == [2, 1 / 3, names[2]]
    assert [mark[2] for mark in found["series"]["acc"]["saved"]] == names
    journal = (await ask("GET", "runs/run-a/journal", store=here, limit=1)).json
    assert journal["total"] > 3
    assert len(journal["events"]) == 1


async def test_differences(ask, store: Path, here: str) -> None:
    names = stores.train(store, "run-a")
    found = await ask("GET", "diff", store=here, a=f"run-a/{names[0]}", b=f"run-a/{names[2]}")
    assert found.status == 200, found.body
    assert {change["name"] for change in found.json["metrics"]} == {"loss", "acc"}
    assert any(name.endswith("weight") for name in found.json["tensors"]["changed"])


async def test_the_stores(ask, store: Path, here: str, jp_root_dir: Path) -> None:
    stores.write_run(store, "run-a")
    found = await ask("GET", "stores", notebook="train.ipynb")
    assert found.status == 200, found.body
    configured = next(one for one in found.json["stores"] if one["id"] == here)
    assert configured["how"] == "configured"
    assert configured["checkpoints"] == 3
    assert found.json["current"] == found.json["stores"][0]["id"]


async def test_the_storage(ask) -> None:
    found = await ask("GET", "storage", notebook="train.ipynb")
    assert found.status == 200, found.body
    assert found.json["volumes"]
    assert found.json["store"]["durability"]
