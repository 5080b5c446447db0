"""The global random states: Python's ``random``, NumPy's legacy one, torch's on the CPU and on every CUDA device.

Reading draws nothing and starts nothing: CUDA is asked only when the user's code has already initialised it,
NumPy only when somebody has imported it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from typing import Any

import torch

from jupyter_ckpt.errors import Mismatch
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.generators import check_generator_state, generator_state, set_generator_state

_KIND = "rng"


def capture_rng() -> dict[str, Any]:
    """Every global random state, as a tree of ints, strings and CPU tensors.

    Returns
    -------
    dict
        ``python``, ``torch``, and where they are in use ``numpy``, ``cuda`` (by device index, as text) and ``mps``.
    """
    tree: dict[str, Any] = {name: generator_state(generator) for name, generator in _host_generators().items()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        tree["cuda"] = {
            str(index): torch.cuda.get_rng_state(index).cpu() for index in range(torch.cuda.device_count())
        }
    if torch.backends.mps.is_available():
        tree["mps"] = torch.mps.get_rng_state().cpu()
    return tree


def restore_rng(tree: Mapping[str, Any]) -> list[Item]:
    """Put every global random state back, bit for bit.

    Parameters
    ----------
    tree : mapping
        What `capture_rng` returned. What it lacks is left as it is and reported.

    Returns
    -------
    list of Item
        One per random state: restored, missing in the checkpoint, or not here (``NOT_EXACT``).

    Raises
    ------
    Mismatch
        When a state is not one of its generator; no random state has been changed.
    """
    hosts = _host_generators()
    for name, generator in hosts.items():
        problem = check_generator_state(generator, tree[name]) if name in tree else ""
        if problem:
            raise Mismatch(f"rng.{name}: {problem}")
    devices = _check_devices(tree)
    before = {name: generator_state(generator) for name, generator in hosts.items()}
    items = []
    for name, generator in hosts.items():
        if name in tree:
            try:
                set_generator_state(generator, tree[name])
            except (ValueError, RuntimeError) as error:  # right shape, impossible content
                for changed, state in before.items():
                    set_generator_state(hosts[changed], state)
                raise Mismatch(f"rng.{name}: the checkpoint's state is not valid: {error}") from error
            items.append(Item(f"rng.{name}", _KIND, Outcome.RESTORED))
        else:
            items.append(Item(f"rng.{name}", _KIND, Outcome.MISSING, "not in the checkpoint: left as it is"))
    if "numpy" in tree and "numpy" not in hosts:
        items.append(Item("rng.numpy", _KIND, Outcome.EXTRA, "numpy is not in use here"))
    return items + _restore_devices(devices)


def _host_generators() -> dict[str, Any]:
    """The global generators on the host, as objects."""
    found: dict[str, Any] = {"python": random._inst, "torch": torch.default_generator}
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        found["numpy"] = numpy_random.mtrand._rand
    return found


def _check_devices(tree: Mapping[str, Any]) -> list[tuple[str, torch.Tensor]]:
    """``("cuda:0", state)`` for every accelerator in the tree, checked to be states."""
    cuda = tree.get("cuda", {})
    if not isinstance(cuda, Mapping):
        raise Mismatch("rng.cuda: the checkpoint holds no random states here")
    found = [(f"cuda:{index}", state) for index, state in cuda.items()]
    if "mps" in tree:
        found.append(("mps", tree["mps"]))
    for name, state in found:
        if not isinstance(state, torch.Tensor) or state.dtype != torch.uint8:
            raise Mismatch(f"rng.{name}: the state is not a byte tensor")
        if name.startswith("cuda") and (not name[5:].isdecimal() or state.numel() not in (8, 16)):
            raise Mismatch(f"rng.{name}: the state is not one of a CUDA generator")
    return found


def _restore_devices(states: list[tuple[str, torch.Tensor]]) -> list[Item]:
    items = []
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for name, state in states:
        if name == "mps" and torch.backends.mps.is_available():
            torch.mps.set_rng_state(state.detach().cpu())
        elif name != "mps" and int(name[5:]) < count:
            torch.cuda.set_rng_state(state.detach().cpu(), int(name[5:]))
        else:
            why = f"{name} is not on this machine: random numbers drawn there will differ"
            items.append(Item(f"rng.{name}", _KIND, Outcome.NOT_EXACT, why))
            continue
        items.append(Item(f"rng.{name}", _KIND, Outcome.RESTORED))
    return items
