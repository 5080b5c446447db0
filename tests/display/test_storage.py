"""Where it is safe to write, said in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shown import HOSTILE, check

from jupyter_ckpt.display.storage import storage_json, storage_view
from jupyter_ckpt.volumes.assessment import Assessment, Durability
from jupyter_ckpt.volumes.candidates import Candidate


def _assessment(path: str, durability: str, **fields: Any) -> Assessment:
    values = {"mount_point": path, "fstype": "ext4", "source": "/dev/x", "read_only": False, **fields}
    return Assessment(path=path, durability=Durability(durability), reason=f"{path} is {durability}.", **values)


def _candidate(path: str, durability: str, mount: str = "", **fields: Any) -> Candidate:
    values: dict[str, Any] = {
        "free_bytes": 5 * 10**9,
        "total_bytes": 10**10,
        "free_inodes": 10**7,
        "size_is_real": True,
        "writable": True,
        "rename": True,
        "random_writes": True,
        "why": f"why {path}",
        **fields,
    }
    return Candidate(path, _assessment(path, durability, mount_point=mount or path), **values)


VOLUMES = [
    _candidate("/data", "persistent"),
    _candidate("/s3", "persistent", size_is_real=False, rename=False, random_writes=False),
    _candidate("/home/me", "session", mount="/", free_inodes=812, writable=None),
    _candidate("/tmp", "ephemeral", free_bytes=None, total_bytes=None, free_inodes=None, writable=False),
    _candidate("/odd", "unknown"),
]


def test_each_volume_with_words() -> None:
    store = _assessment("/data/store", "persistent", mount_point="/data")
    view = storage_view(VOLUMES, Path("/data/store"), _assessment("/home/me", "session"), store, width=160)
    lines = view.text.split("\n")
    assert lines[0] == "This notebook's folder (/home/me) is not safe for long (session): /home/me is session."
    assert lines[1] == "The store (/data/store) is persistent: /data/store is persistent."
    row = {line.split()[0]: line for line in lines if line.startswith("/")}
    assert "5.0 GB of 10.0 GB?" in row["/s3"]
    assert "Files cannot be renamed there and they can only be written from start to end." in " ".join(
        view.text.split()
    )
    assert "812" in row["/home/me"]
    assert "not tried" in row["/home/me"]
    assert "not safe: session" in row["/home/me"]
    assert "not safe: ephemeral" in row["/tmp"]
    assert "no, tried" in row["/tmp"]
    assert "safety unknown" in row["/odd"]
    assert "10000000" not in view.text
    assert lines[-1] == "To choose another place: %ckpt storage use PATH"
    page = check(view, 160)
    for word in ("persistent", "not safe: ephemeral", "the store", "why /data", "why /odd"):
        assert word in page.text


def test_the_store_is_marked_where_it_lies() -> None:
    store = _assessment("/home/me/store", "session", mount_point="/")
    view = storage_view(VOLUMES, Path("/home/me/store"), None, store, width=160)
    assert [line.split()[0] for line in view.text.split("\n") if "[the store]" in line] == ["/home/me"]
    assert "[the store]" in storage_view(VOLUMES, Path("/data/a/b"), None, None, width=160).text
    assert "[the store]" not in storage_view(VOLUMES, Path("/else/where"), None, None, width=160).text


def test_no_store_and_no_volume() -> None:
    view = storage_view([], None, None, None, width=80)
    assert "No store is chosen yet." in view.text
    assert "No volume was found" in view.text
    check(view, 80)


def test_a_narrow_terminal_still_says_why() -> None:
    view = storage_view(VOLUMES, Path("/data/x"), None, None, width=60)
    check(view, 60)
    assert "    why /odd" in view.text.split("\n")


def test_json_has_stable_keys() -> None:
    store = _assessment("/data/x", "persistent", mount_point="/data")
    data = json.loads(json.dumps(storage_json(VOLUMES, Path("/data/x"), None, store)))
    assert set(data) == {"store", "working_directory", "volumes"}
    assert data["store"]["path"] == "/data/x"
    assert data["store"]["assessment"]["durability"] == "persistent"
    assert [v["chosen"] for v in data["volumes"]] == [True, False, False, False, False]
    assert data["volumes"][3]["assessment"]["durability"] == "ephemeral"
    assert storage_json([], None, None, None)["store"] == {"path": None, "assessment": None}


def test_hostile_names() -> None:
    odd = [_candidate("/" + HOSTILE, "unknown", why=HOSTILE), _candidate("/\udcff", "session")]
    check(storage_view(odd, Path("/\udcff/x"), _assessment(HOSTILE, "unknown"), None))
    json.dumps(storage_json(odd, Path("/\udcff/x"), None, None)).encode()
