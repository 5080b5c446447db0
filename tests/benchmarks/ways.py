"""The ways to save a state that are measured, all of one form: begin, which holds the training up, and wait.

A way gets a state, and gives a function: called with a new folder it saves there, returns when the training may go on
and gives what waits until every byte is durable.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers
import torch
from limits import sync_tree
from states import State

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session.origin import Origin

Wait = Callable[[], Any]
Begin = Callable[[Path], Wait]
Way = Callable[[State], Begin]

OURS, OURS_WAITING = "jupyter-ckpt save", "jupyter-ckpt save(wait=True)"
PLAIN, THREAD = "torch.save", "torch.save in a thread, no copy (may tear)"


def ours(state: State, wait: bool | None = None) -> Begin:
    """This package: in the background from the second save on, as a user gets it."""
    kept: list[Checkpointer] = []

    def begin(folder: Path) -> Wait:
        if not kept:
            ckpt = Checkpointer(folder.parent / "store", namespace={}, origin=Origin("script", "/benchmark"))
            ckpt.track(model=state.model, optimizer=state.optimizer)
            kept.append(ckpt)
        return kept[0].save(epoch=0, wait=wait).wait

    return begin


def tidy(folder: Path) -> None:
    """Remove what a save has left, when nobody measures: the disk is not endless."""
    shutil.rmtree(folder)
    for path in (folder.parent / "store").glob("*/epoch*"):
        path.unlink()


def plain(state: State, *, checksums: bool = True) -> Begin:
    """torch.save of what tutorials save."""

    def begin(folder: Path) -> Wait:
        before = torch.serialization.get_crc32_options()
        torch.serialization.set_crc32_options(checksums)
        try:
            torch.save(state.tree(), folder / "state.pt")
        finally:
            torch.serialization.set_crc32_options(before)
        return lambda: sync_tree(folder)

    return begin


def in_thread(state: State) -> Begin:
    """torch.save of the live tensors in a thread: what people write first."""
    save = plain(state)

    def begin(folder: Path) -> Wait:
        thread = threading.Thread(target=lambda: save(folder)())
        thread.start()
        return thread.join

    return begin


BLOCKING: dict[str, Way] = {
    PLAIN: plain,
    "torch.save, CRC off": lambda state: plain(state, checksums=False),
    "safetensors save_file": peers.safetensors,
    "DCP save, 1 thread": peers.dcp,
    "DCP save, 2 threads": lambda state: peers.dcp(state, threads=2),
    "Lightning TorchCheckpointIO": peers.lightning,
    "accelerate save_state": peers.accelerate,
    "torchsnapshot take": peers.torchsnapshot,
    "Orbax": peers.orbax,
    "moonclip, async_save=False": lambda state: peers.moonclip(state, background=False),
    OURS_WAITING: lambda state: ours(state, True),
}
BACKGROUND: dict[str, Way] = {
    THREAD: in_thread,
    "DCP async_save": peers.dcp_async,
    "DCP async_save, DefaultStager": lambda state: peers.dcp_async(state, staged=True),
    "Lightning AsyncCheckpointIO": peers.lightning_async,
    "torchsnapshot async_take": lambda state: peers.torchsnapshot(state, background=True),
    "Orbax, asynchronous": lambda state: peers.orbax(state, background=True),
    "moonclip": peers.moonclip,
    OURS: ours,
}
