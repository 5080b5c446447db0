"""What a user sees in the notebook when the volume fills up, turns read-only or goes away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel import Kernel

sys.path.insert(0, str(Path(__file__).parent / "store" / "faults"))
from loop_volume import need_volumes, volume

TRAINING = """
%load_ext jupyter_ckpt
import torch
model = torch.nn.Linear(512, 512)
optimizer = torch.optim.Adam(model.parameters())
model(torch.randn(4, 512)).sum().backward(); optimizer.step()
"""


@pytest.fixture
def disk(need: Callable[[object, str], None]) -> Iterator[Any]:
    """An ext4 of 16 MiB, for checkpoints of 3 MB."""
    need_volumes(need, "ext4")
    with volume("ext4", 16 << 20) as made:
        yield made


def _start(tmp_path: Path, store: Path) -> Kernel:
    kernel = Kernel(tmp_path, JUPYTER_CKPT_STORE=str(store), JPY_SESSION_NAME=str(tmp_path / "a.ipynb"))
    assert kernel.run(TRAINING).error is None
    return kernel


def _one_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.startswith("UsageError: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


@pytest.mark.slow
def test_full(tmp_path: Path, disk: Any) -> None:
    with _start(tmp_path, disk.point / "store") as kernel:
        saved = 0
        while (ran := kernel.run(f"%ckpt save --epoch {saved}")).error is None:
            saved += 1
            assert saved < 10
        line = _one_line(ran.text)
        assert saved >= 2
        assert str(disk.point) in line
        assert "needed" in line
        assert "left" in line
        assert "earlier checkpoints are untouched" in line
        assert f"{saved} checkpoints verified" in kernel.run("%ckpt verify").text
        kernel.run("%ckpt keep --last 1")
        assert "%ckpt prune frees" in _one_line(kernel.run(f"%ckpt save --epoch {saved}").text)
        kernel.run("%ckpt prune")
        kernel.run("%ckpt trash --empty")
        assert kernel.run(f"%ckpt save --epoch {saved}").error is None


@pytest.mark.slow
def test_read_only(tmp_path: Path, disk: Any) -> None:
    with _start(tmp_path, disk.point / "store") as kernel:
        assert kernel.run("%ckpt save --epoch 0").error is None
        kernel.run("import jupyter_ckpt; jupyter_ckpt.close()")  # a volume that is written to cannot be remounted
        subprocess.run(["mount", "-o", "remount,ro", disk.point], check=True)
        kernel.run("%ckpt resume")
        line = _one_line(kernel.run("%ckpt save --epoch 1").text)
        assert "ead-only" in line
        kernel.run("model.weight.data.zero_()")
        assert kernel.run("start = %ckpt resume\nstart").value == "1", "what is there can still be read"
        assert kernel.run("model.weight.any().item()").value == "True"


@pytest.mark.slow
def test_gone(tmp_path: Path, disk: Any) -> None:
    with _start(tmp_path, disk.point / "store") as kernel:
        assert kernel.run("%ckpt save --epoch 0").error is None
        subprocess.run(["umount", "-l", disk.point], check=True)
        line = _one_line(kernel.run("%ckpt save --epoch 1").text)
        assert str(disk.point) in line
        assert list(disk.point.iterdir()) == [], "nothing is written to the bare mount point"


@pytest.mark.slow
def test_a_volume_that_fills_up_does_not_end_the_training(tmp_path: Path, disk: Any) -> None:
    with _start(tmp_path, disk.point / "store") as kernel:
        loop = "done = []\nimport jupyter_ckpt\nfor epoch in jupyter_ckpt.epochs(12):\n    done.append(epoch)"
        ran = kernel.run(loop)
        assert kernel.run("len(done)").value == "12", "every epoch was trained"
        assert "warning: not saved: no room" in ran.text
        assert ran.error is not None, "that the last state is not saved must not go unseen"
        assert ran.error.startswith("NoSpace: ")
        kernel.run("%ckpt keep --last 1")
        kernel.run("%ckpt prune")
        kernel.run("%ckpt trash --empty")
        assert kernel.run("%ckpt save --epoch 11").error is None
