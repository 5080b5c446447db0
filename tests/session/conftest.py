"""Shared by the tests of sessions: nothing of the developer's own settings reaches them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter-config"))
    monkeypatch.delenv("JUPYTER_CKPT_STORE", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
