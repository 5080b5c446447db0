"""Shared by the tests of the state; the helpers that lie beside them are found through here."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))

torch.set_num_threads(1)  # the tensors are small, and threads that wait for each other are slow on a busy machine
