"""A captured state through a real, committed file and back, and comparisons that forgive nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.capture import capture
from jupyter_ckpt.state.discover import track_names
from jupyter_ckpt.state.restore import plan_restore
from jupyter_ckpt.state.rng import restore_rng
from jupyter_ckpt.state.tracked import Tracked
from jupyter_ckpt.store.archive import Archive
from jupyter_ckpt.store.commit import commit
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.record import CommitRecord, timestamp


def through_a_file(tree: Mapping[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        record = commit(
            Path(folder),
            "one",
            Archive(tree),
            lambda written: CommitRecord(
                name="one",
                run="run",
                time=timestamp(),
                size=written.size,
                digest=written.digest,
                entries=written.entries,
                tensors=written.tensors,
            ),
        )
        path = Path(folder, "one.pt")
        torch.load(path, weights_only=True)  # what anybody without us would do
        opened = read_checkpoint(path, record)
        assert opened.verified
        return opened.tree


def through_an_archive(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The same without waiting for the disk, where hundreds of trees are tried."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "one.pt")
        with path.open("wb") as file:
            Archive(tree).write(file.fileno(), threads=1)
        return torch.load(path, weights_only=True)


def track(namespace: dict[str, Any], names: Iterable[str] | None = None) -> list[Tracked]:
    return track_names(namespace, namespace if names is None else names)


def save(namespace: dict[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
    """What lies in a file after saving the named things."""
    done = capture(track(namespace, names))
    assert [item for item in done.items if item.outcome is not Outcome.SAVED] == []
    return through_a_file(done.tree)


def resume(
    tree: dict[str, Any], namespace: dict[str, Any], names: Iterable[str] | None = None, **how: Any
) -> list[Item]:
    items = plan_restore(tree, track(namespace, names), **how).apply()
    return items + restore_rng(tree["rng"])


def outcomes(items: list[Item], name: str) -> list[Outcome]:
    return [item.outcome for item in items if item.name == name]


def freeze(obj: Any) -> Any:
    """Everything that can be seen of an object's state, with tensors as bytes: equal only when bit-equal."""
    if isinstance(obj, nn.Module):
        hidden = {k: v for k, v in obj.named_buffers() if k not in obj.state_dict()}
        return freeze([dict(obj.state_dict()), hidden, [p.requires_grad for p in obj.parameters()]])
    if hasattr(obj, "state_dict"):
        return freeze(obj.state_dict())
    if isinstance(obj, torch.Tensor):
        bits = obj.detach().contiguous().reshape(-1).view(torch.uint8) if obj.numel() else obj
        return (str(obj.dtype), tuple(obj.shape), bits.numpy().tobytes() if obj.numel() else b"")
    if isinstance(obj, np.ndarray):
        return (str(obj.dtype), obj.shape, obj.tobytes())
    if isinstance(obj, torch.Generator):
        return freeze(obj.get_state())
    if isinstance(obj, Mapping):
        return (type(obj).__name__, [(freeze(k), freeze(v)) for k, v in obj.items()])
    if isinstance(obj, (list, tuple)):
        return (type(obj).__name__, [freeze(v) for v in obj])
    return (type(obj).__name__, repr(obj))


def trained(optimizer: type[torch.optim.Optimizer] = torch.optim.Adam, seed: int = 0) -> dict[str, Any]:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    things: dict[str, Any] = {"history": [seed], "best": float(seed), "w": torch.full((2,), float(seed))}
    things |= {"model": model, "optimizer": optimizer(model.parameters(), lr=0.01)}
    things["scheduler"] = torch.optim.lr_scheduler.StepLR(things["optimizer"], 1)
    things["generator"] = torch.Generator().manual_seed(seed)
    for _ in range(seed + 1):
        model(torch.randn(5, 3)).pow(2).sum().backward()
        things["optimizer"].step()
        things["scheduler"].step()
    return things


def adam_net() -> dict[str, Any]:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"model": model, "optimizer": optimizer}
