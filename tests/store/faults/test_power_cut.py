"""What was reported as saved is there after a power cut, and nothing that is there is torn."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from loop_volume import need_volumes
from programs import result_of

pytestmark = pytest.mark.slow
CUTS = int(os.environ.get("CKPT_CUTS", "10"))


@pytest.mark.parametrize(("kind", "options"), [("xfs", ""), ("ext4", "commit=1"), ("ext4", "")])
def test_power_cuts(need: Callable[[object, str], None], kind: str, options: str) -> None:
    need_volumes(need, kind)
    found = result_of("power_cut.py", kind, CUTS, 5, options)
    print(kind, options, found)
    assert found["cuts"] == CUTS
    assert found["acknowledged"] > CUTS, "the machine is too slow for this to say anything"
    assert (found["lost"], found["broken"]) == (0, 0)
