"""The records of runs over REST: what a page shows after a reload, and what it reports back."""

from __future__ import annotations

from pathlib import Path

import stores

from jupyter_ckpt.store.journal import Journal


async def test_a_run_tells_its_record(ask, store: Path, here: str) -> None:
    stores.train(store, "run-a")
    found = await ask("GET", "runs/run-a/record", store=here)
    assert found.status == 200, found.body
    record = found.json
    assert record["run"] == "run-a"
    text = "\n".join(line["text"] for line in record["lines"])
    assert "Linear" in text
    assert "SGD" in text
    assert record["markdown"].strip()
    keys = [line["key"] for line in record["lines"]]
    assert len(keys) == len(set(keys))
    assert (record["wanted"], record["shown"], record["cell_id"]) == (False, False, None)


async def test_in_chinese_too(ask, store: Path, here: str) -> None:
    stores.train(store, "run-a")
    english = (await ask("GET", "runs/run-a/record", store=here, language="en")).json
    chinese = (await ask("GET", "runs/run-a/record", store=here, language="zh_CN")).json
    assert [line["key"] for line in english["lines"]] == [line["key"] for line in chinese["lines"]]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese["markdown"])
    refused = await ask("GET", "runs/run-a/record", store=here, language="xx")
    assert (refused.status, refused.json["kind"]) == (400, "usage")


async def test_the_page_reports_that_it_shows_it(ask, store: Path, here: str) -> None:
    stores.train(store, "run-a")
    Journal(store / "run-a").append("record_wanted", cell_id="cell-7", notebook="/x/train.ipynb")
    before = (await ask("GET", "runs/run-a/record", store=here)).json
    assert (before["wanted"], before["shown"], before["cell_id"]) == (True, False, "cell-7")
    assert (await ask("POST", "runs/run-a/record/shown", store=here)).json == {}
    after = (await ask("GET", "runs/run-a/record", store=here)).json
    assert after["shown"] is True
    assert after["rev"] > before["rev"]


async def test_the_records_of_a_notebook(ask, store: Path, here: str, jp_root_dir: Path) -> None:
    stores.train(store, "run-a", 1, notebook=jp_root_dir / "train.ipynb")
    stores.train(store, "run-b", 1, notebook=jp_root_dir / "train.ipynb")
    stores.train(store, "other", 1, notebook=jp_root_dir / "other.ipynb")
    found = (await ask("GET", "records", store=here, notebook="train.ipynb")).json
    assert [record["run"] for record in found["records"]] == ["run-a", "run-b"]
    shared = (await ask("GET", "records", store=here, notebook="RTC:train.ipynb")).json
    assert shared == found
    assert (await ask("GET", "records", store=here)).status == 400
