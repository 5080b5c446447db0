"""A saver killed at any instant loses nothing that it had reported, and leaves nothing that cannot be collected."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from checkpoint_files import age
from committed import litter
from programs import result_of

from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.store.prune import prune
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.scan import scan_run
from jupyter_ckpt.store.verify import verify_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its savers, to have many of them"),
]
KILLS = int(os.environ.get("CKPT_KILLS", "200"))


def test_killed_at_any_instant(tmp_path: Path) -> None:
    run = tmp_path / "run-a"
    run.mkdir()
    found = result_of("kill_loop.py", run, KILLS, 11)
    print(found)
    assert found["kills"] == KILLS
    assert found["acknowledged"] > KILLS / 4, "the machine is too slow for this to say anything"
    assert found["left"] > KILLS / 10, "no kill came in the middle of a save"
    assert (found["lost"], found["broken"]) == (0, 0)

    acknowledged = set((tmp_path / "acknowledged").read_text().split())
    assert acknowledged <= {checkpoint.name for checkpoint in scan_run(run).checkpoints}
    for name in os.listdir(run):
        age(run / name, 2)

    def whole(checkpoint: Checkpoint) -> bool:
        return verify_file(checkpoint.path, checkpoint.record) == []

    report = prune(run, KeepPolicy(), verify=whole)
    assert report.left == []
    assert report.collected
    assert litter(run) == []
    scan = scan_run(run, cached=False)
    assert scan.damaged == []
    assert acknowledged <= {checkpoint.name for checkpoint in scan.checkpoints}
    assert all(read_checkpoint(c.path, c.record).verified for c in scan.checkpoints)
