"""Several kernels save into one run while others read it: nobody is shown half a checkpoint, nobody's is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from programs import result_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its savers")]


def test_savers_and_a_reader(tmp_path: Path) -> None:
    run = tmp_path / "run-a"
    run.mkdir()
    found = result_of("concurrent_savers.py", run, 8, 3)
    print(found)
    assert found["reads"] > 50
    assert found["acknowledged"] > 50
    assert found["refused"] >= 4
    assert (found["broken"], found["twice"], found["lost"]) == (0, 0, 0)
