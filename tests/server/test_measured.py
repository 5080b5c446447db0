"""A journal is read on from where the last chart ended, whatever happens to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.server.measured import Measurements
from jupyter_ckpt.server.series import thin
from jupyter_ckpt.store.journal import Journal


def test_it_follows_a_growing_journal(tmp_path: Path) -> None:
    journal, measured = Journal(tmp_path, fsync=False), Measurements()
    assert measured.of(tmp_path) == []
    journal.append("started", host="h")
    for step in range(3):
        journal.append("metrics", epoch=0, step=step, metrics={"loss": step})
    assert [row[1] for row in measured.of(tmp_path)] == [0, 1, 2]
    with journal.path.open("ab") as file:
        file.write(b'{"time": "2026-04-05T12:00:00Z", "event": "metrics", "step": 3, "met')
    assert len(measured.of(tmp_path)) == 3
    with journal.path.open("ab") as file:
        file.write(b'rics": {"loss": 0.5}}\n')
    assert measured.of(tmp_path)[-1] == (None, 3, {"loss": 0.5})
    assert measured.of(tmp_path) == measured.of(tmp_path)


def test_another_journal_in_its_place_is_read_anew(tmp_path: Path) -> None:
    measured = Measurements()
    Journal(tmp_path, fsync=False).append("metrics", epoch=1, metrics={"loss": 1.0})
    assert len(measured.of(tmp_path)) == 1
    (tmp_path / "journal.jsonl").unlink()
    for epoch in range(5):
        Journal(tmp_path, fsync=False).append("saved", name="x" * 300, epoch=epoch, metrics={"acc": 1.0})
    assert [row[2] for row in measured.of(tmp_path)] == [{"acc": 1.0}] * 5


def test_very_many_are_thinned_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_ckpt.server.measured._MOST_ROWS", 100)
    lines = [
        json.dumps({"time": "2026-04-05T12:00:00Z", "event": "metrics", "step": step, "metrics": {"loss": step}})
        for step in range(1000)
    ]
    (tmp_path / "journal.jsonl").write_text("\n".join(lines) + "\n")
    rows = Measurements().of(tmp_path)
    assert 50 <= len(rows) <= 100
    assert rows[-1][1] == 999


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "run" / "journal.jsonl").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError):
        Measurements().of(tmp_path / "run")


def test_thinned_points_keep_their_peaks() -> None:
    points = [(float(x), 0.0) for x in range(10_000)]
    points[5003] = (5003.0, 99.0)
    points[7777] = (7777.0, float("nan"))
    found = thin(points, 500)
    assert len(found) <= 500
    assert (5003.0, 99.0) in found
    assert found[0] == points[0]
    assert found[-1] == points[-1]
    assert found == sorted(found)
