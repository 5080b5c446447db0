"""The global random states come back bit for bit, and reading them draws nothing."""

from __future__ import annotations

import io
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from jupyter_ckpt.errors import Mismatch
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.state.rng import capture_rng, restore_rng


def _draw() -> list[float]:
    return [
        random.random(),
        random.gauss(0, 1),
        float(np.random.rand()),
        float(np.random.randn()),
        *torch.randn(3).tolist(),
        *torch.rand(17).tolist(),
    ]


def _through_a_file(tree: dict) -> dict:
    buffer = io.BytesIO()
    torch.save(tree, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def test_draws_after_restoring_are_the_draws_after_capturing() -> None:
    random.seed(1)
    np.random.seed(2)
    torch.manual_seed(3)
    _draw()  # leaves half-used gaussians in every generator
    tree = _through_a_file(capture_rng())
    expected = _draw()
    random.seed(99)
    np.random.seed(98)
    torch.manual_seed(97)
    items = restore_rng(tree)
    assert _draw() == expected
    assert {i.name: i.outcome for i in items} == {
        "rng.python": Outcome.RESTORED,
        "rng.numpy": Outcome.RESTORED,
        "rng.torch": Outcome.RESTORED,
    }


def test_capturing_draws_nothing() -> None:
    torch.manual_seed(5)
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    capture_rng()
    after = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    assert before == after


def test_a_device_that_is_not_here_is_reported_and_the_rest_restored() -> None:
    tree = capture_rng()
    tree["cuda"] = {"97": torch.zeros(16, dtype=torch.uint8)}
    outcomes = {i.name: i for i in restore_rng(tree)}
    assert outcomes["rng.cuda:97"].outcome is Outcome.NOT_EXACT
    assert "not on this machine" in outcomes["rng.cuda:97"].detail
    assert outcomes["rng.torch"].outcome is Outcome.RESTORED


def test_what_the_checkpoint_lacks_is_left_alone() -> None:
    tree = capture_rng()
    del tree["numpy"]
    before = np.random.get_state()[1].tolist()
    assert {i.name: i.outcome for i in restore_rng(tree)}["rng.numpy"] is Outcome.MISSING
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize(
    "damage",
    [
        {"python": {"type": "python", "version": 3, "state": torch.zeros(3, dtype=torch.int64), "gauss": None}},
        {"torch": {"type": "torch", "state": torch.zeros(3, dtype=torch.uint8)}},
        {"numpy": {"type": "numpy", "state": {"bit_generator": "PCG64"}}},
        {"torch": {"type": "torch", "state": torch.full((5056,), 255, dtype=torch.uint8)}},
        {"cuda": {"0": "nothing"}},
        {"cuda": {"../0": torch.zeros(16, dtype=torch.uint8)}},
    ],
)
def test_a_state_of_the_wrong_shape_changes_nothing(damage: dict) -> None:
    tree = capture_rng() | damage
    _draw()
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    with pytest.raises(Mismatch, match=f"rng.{next(iter(damage))}"):
        restore_rng(tree)
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())


def test_works_without_numpy() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        "import torch\n"
        "from jupyter_ckpt.state.rng import capture_rng, restore_rng\n"
        "tree = capture_rng(); a = torch.rand(3); restore_rng(tree)\n"
        "assert torch.equal(torch.rand(3), a) and 'numpy' not in tree, tree.keys()\n"
        "assert not torch.cuda.is_initialized()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
