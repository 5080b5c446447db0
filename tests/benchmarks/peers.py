"""How others save the same state; each raises ImportError where it is not installed. See `ways`."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from limits import sync_tree
from states import State

Begin = Callable[[Path], Callable[[], Any]]


def flat(state: State) -> dict[str, torch.Tensor]:
    """Every tensor by a name of its own, for those that know no trees."""
    named = {f"model.{name}": tensor for name, tensor in state.model.state_dict().items()}
    for number, held in state.optimizer.state_dict()["state"].items():
        named.update({f"optimizer.{number}.{key}": value for key, value in held.items()})
    return named


def safetensors(state: State) -> Begin:
    from safetensors.torch import save_file

    def begin(folder: Path) -> Callable[[], Any]:
        save_file(flat(state), folder / "state.safetensors")
        return lambda: sync_tree(folder)

    return begin


def dcp(state: State, threads: int = 1) -> Begin:
    from torch.distributed import checkpoint

    def begin(folder: Path) -> Callable[[], Any]:
        writer = checkpoint.FileSystemWriter(folder / "dcp", thread_count=threads)
        checkpoint.save(state.tree(), storage_writer=writer, no_dist=True)
        return lambda: sync_tree(folder)

    return begin


def dcp_async(state: State, *, staged: bool = False) -> Begin:
    from torch.distributed import checkpoint
    from torch.distributed.checkpoint.staging import DefaultStager, StagingOptions

    options = {"use_async_staging": False, "use_pinned_memory": False, "use_non_blocking_copy": False}
    stager = DefaultStager(StagingOptions(use_shared_memory=True, **options)) if staged else None

    def begin(folder: Path) -> Callable[[], Any]:
        writer = checkpoint.FileSystemWriter(folder / "dcp", thread_count=2)
        future = checkpoint.async_save(state.tree(), storage_writer=writer, async_stager=stager, no_dist=True)
        return lambda: (future.result(), sync_tree(folder))

    return begin


def lightning(state: State) -> Begin:
    from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

    def begin(folder: Path) -> Callable[[], Any]:
        TorchCheckpointIO().save_checkpoint(state.tree(), folder / "state.ckpt")
        return lambda: sync_tree(folder)

    return begin


def lightning_async(state: State) -> Begin:
    from lightning.pytorch.plugins.io import AsyncCheckpointIO, TorchCheckpointIO

    class Durable(TorchCheckpointIO):
        """Says when it is done."""

        def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
            super().save_checkpoint(checkpoint, path, storage_options)
            sync_tree(Path(path).parent)
            done.set()

    done = threading.Event()
    plugin = AsyncCheckpointIO(Durable())

    def begin(folder: Path) -> Callable[[], Any]:
        done.clear()
        plugin.save_checkpoint(state.tree(), folder / "state.ckpt")
        return done.wait

    return begin


def accelerate(state: State) -> Begin:
    from accelerate import Accelerator

    with contextlib.redirect_stderr(None):
        accelerator = Accelerator(cpu=True)
    accelerator.prepare(state.model, state.optimizer)

    def begin(folder: Path) -> Callable[[], Any]:
        accelerator.save_state(str(folder / "accelerate"))
        return lambda: sync_tree(folder)

    return begin


def torchsnapshot(state: State, *, background: bool = False) -> Begin:
    from torchsnapshot import Snapshot, StateDict

    def begin(folder: Path) -> Callable[[], Any]:
        app = {"model": StateDict(**state.tree()["model"]), "optimizer": StateDict(**state.tree()["optimizer"])}
        if background:
            pending = Snapshot.async_take(str(folder / "snapshot"), app)
            return lambda: (pending.wait(), sync_tree(folder))
        Snapshot.take(str(folder / "snapshot"), app)
        return lambda: sync_tree(folder)

    return begin


def orbax(state: State, *, background: bool = False) -> Begin:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import orbax.checkpoint as ocp

    handler = ocp.PyTreeCheckpointHandler()
    saver = ocp.AsyncCheckpointer(handler) if background else ocp.Checkpointer(handler)

    def begin(folder: Path) -> Callable[[], Any]:
        arrays = {name: tensor.detach().numpy() for name, tensor in flat(state).items()}
        saver.save(folder.absolute() / "orbax", args=ocp.args.PyTreeSave(arrays))
        if background:
            return lambda: (saver.wait_until_finished(), sync_tree(folder))
        return lambda: sync_tree(folder)

    return begin


def moonclip(state: State, *, background: bool = True) -> Begin:
    from moonclip import CheckpointManager

    kept: list[Any] = []
    step = [0]

    def begin(folder: Path) -> Callable[[], Any]:
        if not kept:  # it writes what has changed since the save before: one folder for all of them
            root = folder.parent / f"moonclip-{background}"
            kept.append(CheckpointManager(str(root), async_save=background, max_full_snapshots=1))
        step[0] += 1
        kept[0].save(step=step[0], model=state.model, optimizer=state.optimizer)
        return kept[0].flush

    return begin
