"""Shared by the tests of volumes; ``mount_tables`` lies beside them and is found through here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def missing() -> Callable[[str], None]:
    """Call it with what is missing: skips here, fails in CI, where nothing may be missing."""

    def report(what: str) -> None:
        if os.environ.get("CI"):
            pytest.fail(f"in CI this must be there: {what}")
        pytest.skip(what)

    return report
