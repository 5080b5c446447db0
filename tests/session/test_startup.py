"""The one line at start-up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_ckpt.session import startup
from jupyter_ckpt.volumes import Assessment, Candidate, Durability


def _assessment(durability: Durability, path: str = "/x") -> Assessment:
    return Assessment(path, durability, "/", "overlay", "overlay", False, "It is the container's own layer.")


def _notice(monkeypatch: pytest.MonkeyPatch, here: Durability, volumes: list[Candidate]) -> str:
    monkeypatch.setattr(startup, "assess", lambda path: _assessment(here, str(path)))
    monkeypatch.setattr(startup, "candidates", lambda *args, **kwargs: volumes)
    return startup.storage_notice({}, {"JPY_SESSION_NAME": "/home/jovyan/a.ipynb"})


def _volume(path: str, durability: Durability) -> Candidate:
    return Candidate(path, _assessment(durability, path), 1, 1, 1, True, None, None, None, "why")


def test_nothing_is_said_when_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _notice(monkeypatch, Durability.PERSISTENT, []) == ""


def test_what_would_be_lost_and_where_the_store_is(monkeypatch: pytest.MonkeyPatch) -> None:
    volumes = [_volume("/workspace/models", Durability.PERSISTENT)]
    line = _notice(monkeypatch, Durability.EPHEMERAL, volumes)
    assert "files in /home/jovyan will be lost (ephemeral)" in line
    assert "It is the container's own layer." in line
    assert "Checkpoints go to /workspace/models/training-checkpoints (persistent)." in line
    assert "\n" not in line


def test_no_volume_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    line = _notice(monkeypatch, Durability.UNKNOWN, [_volume("/home", Durability.UNKNOWN)])
    assert "not certain" in line
    assert "No persistent volume was found" in line


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "assess", lambda path: _assessment(Durability.EPHEMERAL))
    assert startup.storage_notice({}, {"JUPYTER_CKPT_QUIET": "1"}) == ""


def test_asking_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    startup.storage_notice(names, {})
    assert list(tmp_path.iterdir()) == []
