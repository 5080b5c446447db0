"""What the page can do to a checkpoint, and undo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import stores


async def test_pin_tag_note(ask, store: Path, here: str) -> None:
    name = stores.write_run(store, "run-a")[0]
    path = f"checkpoints/run-a/{name}"
    marked = await ask(
        "PATCH", path, {"pinned": True, "note": "keep *this*", "add_tags": ["good", "old"]}, store=here
    )
    assert marked.status == 200, marked.body
    assert (marked.json["pinned"], marked.json["note"], marked.json["tags"]) == (True, "keep *this*", ["good", "old"])
    again = await ask("PATCH", path, {"pinned": False, "remove_tags": ["old"]}, store=here)
    assert (again.json["pinned"], again.json["tags"]) == (False, ["good"])
    listed = await ask("GET", "checkpoints", store=here, filter="tag:good this")
    assert [row["name"] for row in listed.json["rows"]] == [name]


async def test_delete_and_undo(ask, store: Path, here: str) -> None:
    names = stores.write_run(store, "run-a")
    gone = await ask("DELETE", f"checkpoints/run-a/{names[0]}", store=here)
    assert gone.json == {"ref": f"run-a/{names[0]}", "size": 4}
    listed = await ask("GET", "checkpoints", store=here)
    assert listed.json["total"] == 2
    trash = (await ask("GET", "trash", store=here)).json["entries"]
    assert [(entry["name"], entry["why"]) for entry in trash] == [(names[0], "removed by hand")]
    back = await ask("POST", f"trash/run-a/{names[0]}/restore", store=here)
    assert back.status == 200, back.body
    assert back.json["name"] == names[0]
    assert (await ask("GET", "trash", store=here)).json["entries"] == []
    assert (await ask("GET", "checkpoints", store=here)).json["total"] == 3


async def test_pinned_and_last_good_ones_are_not_deleted(ask, store: Path, here: str) -> None:
    names = stores.write_run(store, "run-a", 2)
    await ask("PATCH", f"checkpoints/run-a/{names[0]}", {"pinned": True}, store=here)
    refused = await ask("DELETE", f"checkpoints/run-a/{names[0]}", store=here, force=1)
    assert (refused.status, refused.json["kind"]) == (409, "refused")
    assert "pinned" in refused.json["message"]
    alone = stores.write_run(store, "run-b", 1)[0]
    refused = await ask("DELETE", f"checkpoints/run-b/{alone}", store=here)
    assert (refused.status, refused.json["kind"]) == (409, "refused")
    assert (store / "run-b" / f"{alone}.pt").exists()
    assert (await ask("DELETE", f"checkpoints/run-b/{alone}", store=here, force="true")).status == 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"pinned": 1}', "true or false"),
        (b'{"note": null}', "a text"),
        (b'{"add_tags": "a"}', "a list"),
        (b'{"add_tags": [1]}', "a list of texts"),
        (b'{"add_tags": ["a,b"]}', "not a tag"),
        (b'{"nota": ""}', "unknown field"),
        (b'{"note": "%s"}' % (b"x" * 30_000), "longer than"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
async def test_a_bad_body_is_one_clear_line(ask, store: Path, here: str, body: bytes, says: str) -> None:
    name = stores.write_run(store, "run-a")[0]
    refused = await ask("PATCH", f"checkpoints/run-a/{name}", body, store=here)
    assert (refused.status, refused.json["kind"]) == (400, "usage")
    assert says in refused.json["message"]
    assert (await ask("GET", f"checkpoints/run-a/{name}", store=here)).json["note"] == ""


async def test_a_huge_body_is_refused(ask, store: Path, here: str) -> None:
    name = stores.write_run(store, "run-a")[0]
    body = json.dumps({"note": "x" * (5 << 20)}).encode()
    refused = await ask("PATCH", f"checkpoints/run-a/{name}", body, store=here)
    assert (refused.status, refused.json["kind"]) == (413, "usage")


async def test_an_unknown_name_offers_a_close_one(ask, store: Path, here: str) -> None:
    stores.write_run(store, "run-a")
    missing = await ask("GET", "checkpoints/run-a/epoch-001", store=here)
    assert (missing.status, missing.json["kind"]) == (404, "unknown")
    assert "did you mean epoch-0001" in missing.json["message"]
    assert (await ask("GET", "runs/run-b/metrics", store=here)).status == 404
    assert (await ask("GET", "runs", store="0" * 12)).status == 404


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"offset": -1}, "offset"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "1e3"}, "limit"),
        ({"offset": "9" * 40}, "offset"),
        ({"order": "up"}, "order"),
        ({"sort": "colour"}, "sorted by"),
        ({"filter": "is:nice"}, "is:pinned"),
        ({"filter": "x" * 501}, "longer"),
        ({"store": "../../etc"}, "store's id"),
    ],
)
async def test_a_bad_parameter_is_one_clear_line(ask, store: Path, here: str, params: dict, says: str) -> None:
    stores.write_run(store, "run-a")
    refused = await ask("GET", "checkpoints", **{"store": here, **params})
    assert (refused.status, refused.json["kind"]) == (400, "usage")
    assert says in refused.json["message"]


async def test_huge_pages_are_cut_and_pages_past_the_end_are_empty(ask, store: Path, here: str) -> None:
    stores.write_run(store, "run-a", 3)
    huge = await ask("GET", "checkpoints", store=here, limit=10**9)
    assert len(huge.json["rows"]) == 3
    past = await ask("GET", "checkpoints", store=here, offset=10**9)
    assert (past.json["rows"], past.json["total"]) == ([], 3)


async def test_a_corrupt_record_is_listed_as_damaged(ask, store: Path, here: str) -> None:
    names = stores.write_run(store, "run-a")
    stores.flip_a_byte(store / "run-a" / f"{names[1]}.json")
    found = await ask("GET", "runs", store=here)
    assert found.json["runs"][0]["checkpoints"] == 2
    assert [Path(one["path"]).name for one in found.json["damaged"]] == [f"{names[1]}.json"]
    assert "seal" in found.json["damaged"][0]["why"]


async def test_a_store_that_vanishes_is_empty_and_comes_back(ask, store: Path, here: str) -> None:
    stores.write_run(store, "run-a")
    assert (await ask("GET", "checkpoints", store=here)).json["total"] == 3
    store.rename(store.parent / "away")
    gone = await ask("GET", "checkpoints/run-a/epoch-0000", store=here)
    assert gone.status in (404, 409, 500)
    assert "Traceback" not in gone.json["message"]
    assert (await ask("GET", "stores")).status == 200
    (store.parent / "away").rename(store)
    listed = await ask("GET", "runs", store=here)
    assert (await ask("GET", "checkpoints/run-a/epoch-0000", store=here)).status == 200, listed.body


async def test_choosing_a_store_for_a_notebook(ask, jp_root_dir: Path) -> None:
    volumes = (await ask("GET", "storage", notebook="train.ipynb")).json["volumes"]
    base = next(one["path"] for one in volumes if one["writable"] and jp_root_dir.is_relative_to(one["path"]))
    wanted = jp_root_dir / "my-store"
    assert wanted.is_relative_to(base)
    chosen = await ask("PUT", "storage", {"notebook": "train.ipynb", "path": str(wanted), "force": True})
    assert chosen.status == 200, chosen.body
    assert (chosen.json["store"]["path"], chosen.json["store"]["how"]) == (str(wanted), "remembered")
    assert wanted.is_dir()
    for bad in ("relative", str(jp_root_dir / ".." / "x"), "/proc/1"):
        refused = await ask("PUT", "storage", {"notebook": "train.ipynb", "path": bad, "force": True})
        assert refused.status == 400, bad


async def test_a_word_to_a_busy_training(ask, store: Path, here: str) -> None:
    from jupyter_ckpt.store.mailbox import Mailbox

    stores.write_run(store, "run-a")
    posted = await ask("POST", "runs/run-a/requests", {"verb": "save"}, store=here)
    assert posted.status == 200, posted.body
    path = f"runs/run-a/requests/{posted.json['id']}"
    assert (await ask("GET", path, store=here)).json["answered"] is False
    box = Mailbox(store / "run-a")
    assert [request.verb for request in box.take(at_once=True)] == ["save"]
    box.answer(posted.json["id"], True, "saved epoch-0003")
    answered = (await ask("GET", path, store=here)).json
    assert (answered["answered"], answered["ok"], answered["text"]) == (True, True, "saved epoch-0003")
    assert (await ask("POST", "runs/run-a/requests", {"verb": "rm"}, store=here)).status == 400
    assert (await ask("GET", "runs/run-a/requests/..%2f..%2fx", store=here)).status == 404
