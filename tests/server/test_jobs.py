"""Verifying and exporting over REST."""

from __future__ import annotations

from pathlib import Path

import stores
import torch


async def _end(ask, job: dict, until) -> dict:
    for _ in range(400):
        found = (await ask("GET", f"jobs/{job['id']}")).json
        if found["state"] != "running":
            return found
        await until(lambda: True)
        import asyncio

        await asyncio.sleep(0.02)
    raise AssertionError(f"the job did not end: {found}")


async def test_verification_finds_a_flipped_byte(ask, store: Path, here: str, until) -> None:
    names = stores.train(store, "run-a")
    stores.flip_a_byte(store / "run-a" / f"{names[1]}.pt")
    targets = [f"run-a/{name}" for name in names]
    begun = await ask("POST", "jobs", {"verb": "verify", "store": here, "targets": targets})
    assert begun.status == 200, begun.body
    ended = await _end(ask, begun.json, until)
    assert (ended["state"], ended["done"]) == ("done", ended["total"])
    bad = {result["ref"] for result in ended["results"] if result["problems"]}
    assert bad == {targets[1]}
    rows = (await ask("GET", "checkpoints", store=here, filter="is:corrupt")).json["rows"]
    assert [row["name"] for row in rows] == [names[1]]
    assert rows[0]["verified_at"]


async def test_an_export_is_a_verified_copy_that_torch_loads(ask, store: Path, here: str, jp_root_dir: Path, until):
    name = stores.train(store, "run-a")[-1]
    (jp_root_dir / "models").mkdir()
    body = {"verb": "export", "store": here, "target": f"run-a/{name}", "to": "models/best.pt"}
    ended = await _end(ask, (await ask("POST", "jobs", body)).json, until)
    assert ended["state"] == "done", ended
    assert ended["results"][0]["path"] == "models/best.pt"
    loaded = torch.load(jp_root_dir / "models" / "best.pt", weights_only=True)
    assert loaded["model_state_dict"]["weight"].shape == (4, 8)
    again = await ask("POST", "jobs", body)
    assert (again.status, again.json["kind"]) == (409, "refused")
    ended = await _end(ask, (await ask("POST", "jobs", {**body, "force": True})).json, until)
    assert ended["state"] == "done"


async def test_a_damaged_checkpoint_is_not_exported(ask, store: Path, here: str, jp_root_dir: Path, until) -> None:
    name = stores.train(store, "run-a")[-1]
    stores.flip_a_byte(store / "run-a" / f"{name}.pt")
    body = {"verb": "export", "store": here, "target": f"run-a/{name}", "to": "bad.pt"}
    ended = await _end(ask, (await ask("POST", "jobs", body)).json, until)
    assert ended["state"] == "failed"
    assert "damaged" in ended["error"]
    assert list(jp_root_dir.iterdir()) == []


async def test_an_export_stays_in_the_servers_root(ask, store: Path, here: str, jp_root_dir: Path) -> None:
    name = stores.train(store, "run-a")[-1]
    outside = jp_root_dir.parent / "outside"
    outside.mkdir()
    (jp_root_dir / "link").symlink_to(outside)
    (jp_root_dir / "there.pt").symlink_to(outside / "x.pt")
    hostile = (
        "../x.pt", "a/../../x.pt", "link/x.pt", "x\0.pt", ".hidden.pt", "nowhere/x.pt", "x.sh", "", "/", "there.pt"
    )  # fmt: skip
    for to in hostile:
        body = {"verb": "export", "store": here, "target": f"run-a/{name}", "to": to, "force": True}
        refused = await ask("POST", "jobs", body)
        assert refused.status == 400, (to, refused.body)
    assert list(outside.iterdir()) == []
    assert not (jp_root_dir.parent / "x.pt").exists()


async def test_an_export_does_not_go_into_the_store(ask, jp_root_dir: Path, monkeypatch) -> None:
    inside = jp_root_dir / "training-checkpoints"
    monkeypatch.setenv("JUPYTER_CKPT_STORE", str(inside))
    name = stores.write_run(inside, "run-a")[0]
    body = {"verb": "export", "target": f"run-a/{name}", "to": "training-checkpoints/run-a/x.pt"}
    refused = await ask("POST", "jobs", body)
    assert refused.status == 400, refused.body
    assert "lies in the store" in refused.json["message"]


async def test_a_job_is_cancelled(ask, store: Path, here: str, extension, until) -> None:
    import threading

    names = stores.train(store, "run-a")
    gate = threading.Event()

    def slow(job):
        while not gate.wait(0.01):
            job.check()

    job = extension.jobs.start("verify", 10, slow)
    assert (await ask("GET", f"jobs/{job.id}")).json["state"] == "running"
    assert (await ask("DELETE", f"jobs/{job.id}")).status == 200
    assert (await _end(ask, job.to_json(), until))["state"] == "cancelled"
    assert names


async def test_what_is_no_job_is_refused(ask, store: Path, here: str, extension) -> None:
    stores.write_run(store, "run-a")
    for body, status in (
        ({"verb": "format"}, 400),
        ({"verb": "verify", "store": here}, 400),
        ({"verb": "verify", "store": here, "targets": []}, 400),
        ({"verb": "verify", "store": here, "targets": ["../../etc/passwd"]}, 400),
        ({"verb": "verify", "store": here, "targets": ["run-a/nothing"]}, 404),
        ({"verb": "verify", "store": "0" * 12, "targets": ["run-a/epoch-0000"]}, 404),
        ({"verb": "export", "store": here, "target": "run-a/epoch-0000"}, 400),
        ({"verb": "verify", "store": here, "targets": ["run-a/epoch-0000"], "to": "x.pt"}, 400),
    ):
        refused = await ask("POST", "jobs", body)
        assert refused.status == status, (body, refused.body)
    assert (await ask("GET", "jobs/nothing")).status == 404


async def test_old_jobs_are_forgotten(extension, until) -> None:
    first = extension.jobs.start("verify", 0, lambda job: None)
    for _ in range(60):
        job = extension.jobs.start("verify", 0, lambda job: None)
        await until(lambda job=job: job.state == "done")
    assert len(extension.jobs._jobs) <= 51
    assert first.id not in extension.jobs._jobs
