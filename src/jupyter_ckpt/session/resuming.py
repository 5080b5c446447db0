"""One resume: which checkpoint, is it whole, does it fit, and putting it back as a whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from jupyter_ckpt.errors import CorruptCheckpoint, RefusedFile, UnknownName, UsageProblem
from jupyter_ckpt.interrupts import Interrupts
from jupyter_ckpt.receipt import Item, Outcome, ResumeReceipt
from jupyter_ckpt.session.saving import Watch
from jupyter_ckpt.session.standing import STEP_NAMES
from jupyter_ckpt.state.discover import absent_values
from jupyter_ckpt.state.plain import adopt_plain
from jupyter_ckpt.state.position import Position
from jupyter_ckpt.state.restore import plan_restore
from jupyter_ckpt.state.rng import restore_rng
from jupyter_ckpt.state.tracked import Tracked
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.reader import read_checkpoint, read_foreign
from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, CommitRecord, read_record

_TRAINING = {"rng", "data", "epoch", "step"}
"""Words for ``--only`` that name where the training stands."""


_BACK = (Outcome.RESTORED, Outcome.CONVERTED)


@dataclass
class Found:
    """A checkpoint read and verified.

    Parameters
    ----------
    ref : str
        What to call it.
    tree : mapping
        Its content in our form.
    record : CommitRecord or None
        None for a file that others made.
    next_epoch, step, mid_epoch
        Where a training goes on.
    warnings : list of str
        What was passed over on the way, and remarks about the file.
    """

    ref: str
    tree: Mapping[str, Any]
    record: CommitRecord | None
    next_epoch: int = 0
    step: int | None = None
    mid_epoch: bool = False
    warnings: list[str] = field(default_factory=list)


def first_good(checkpoints: Sequence[Checkpoint], watch: Watch, note: Callable[[Checkpoint, str], None]) -> Found:
    """Read the first of these that verifies.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
        In the order of preference; at least one.
    watch : Watch
        Shows progress.
    note : callable
        Told each one that is damaged, and why, so that it is remembered.

    Raises
    ------
    CorruptCheckpoint
        When none does.
    """
    bad = []
    for checkpoint in checkpoints:
        try:
            found = open_checkpoint(checkpoint, watch)
        except (CorruptCheckpoint, RefusedFile) as error:
            bad.append(f"{checkpoint.ref} was passed over: {error}")
            note(checkpoint, str(error))
            continue
        found.warnings[:0] = bad
        return found
    more = f" (and {len(bad) - 1} older ones)" if len(bad) > 1 else ""
    raise CorruptCheckpoint(f"no checkpoint of {checkpoints[0].run} verifies: {bad[0]}{more}; nothing was changed")


def open_checkpoint(checkpoint: Checkpoint, watch: Watch) -> Found:
    """Read and verify one of ours.

    Raises
    ------
    CorruptCheckpoint, RefusedFile
        See `read_checkpoint`.
    """
    try:
        record = checkpoint.record
    except OSError as error:
        raise CorruptCheckpoint(f"{checkpoint.record_path.name} cannot be read ({error.strerror})") from error
    return _ours(checkpoint.path, record, checkpoint.ref, watch)


def open_file(path: Path, tracked: Sequence[Tracked], watch: Watch) -> Found:
    """Read a file given by its path: one of ours when its record lies beside it, else one that others made.

    Raises
    ------
    UnknownName
        When there is no such file.
    CorruptCheckpoint, RefusedFile, UsageProblem
        When it cannot be used.
    """
    path = path.with_suffix(DATA_SUFFIX) if path.suffix == RECORD_SUFFIX else path
    if path.is_dir():
        raise UsageProblem(f"{path} is a folder: name a file in it, or a run as `%ckpt list --all` shows it")
    if not path.is_file():
        raise UnknownName(f"{path}: no such file")
    beside = path.with_suffix(RECORD_SUFFIX)
    if path.suffix == DATA_SUFFIX and beside.is_file() and b'"seal"' in beside.read_bytes():
        return _ours(path, read_record(beside), str(path), watch)
    opened = read_foreign(path)
    tree = opened.tree
    if isinstance(tree, Mapping) and tree.get("format") == 1 and isinstance(tree.get("loop"), Mapping):
        found = _standing(Found(str(path), tree, None))
        found.warnings = [*opened.remarks, f"{path.name} has no commit record beside it: taken as it is"]
        return found
    adopted = adopt_plain(tree, tracked)
    return Found(
        str(path),
        adopted.tree,
        None,
        adopted.next_epoch,
        adopted.step,
        warnings=[*opened.remarks, *adopted.remarks],
    )


def _ours(path: Path, record: CommitRecord, ref: str, watch: Watch) -> Found:
    with watch(f"reading {record.name}", record.size) as progress:
        opened = read_checkpoint(path, record, progress=progress)
    if not isinstance(opened.tree, Mapping):
        raise CorruptCheckpoint(f"{path.name} holds no training state")
    # what the loops keep of it must not keep the file mapped: a volume may go away, and a mapped page with it
    kept = {name: _own_memory(opened.tree[name]) for name in ("rng", "data") if name in opened.tree}
    tree = {**opened.tree, **kept}
    found = Found(ref, tree, record, record.next_epoch, record.step, record.mid_epoch)
    found.warnings = list(opened.remarks)
    return found


def _own_memory(node: Any) -> Any:
    if isinstance(node, torch.Tensor):
        return node.clone()
    if isinstance(node, Mapping):
        return {key: _own_memory(child) for key, child in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(_own_memory(child) for child in node)
    return node


def _standing(found: Found) -> Found:
    """Epoch and step as the file itself tells them."""
    loop, step = found.tree["loop"], found.tree.get("step")
    if isinstance(loop.get("next_epoch"), int) and loop["next_epoch"] >= 0:
        found.next_epoch = loop["next_epoch"]
        found.mid_epoch = loop.get("mid_epoch") is True
    found.step = step if isinstance(step, int) else None
    return found


@dataclass
class Applied:
    """What `apply` did: the receipt's items, plain values, whether the place in the training came back too
    (``training``), and whether any weights did (``models``)."""

    items: list[Item]
    values: dict[str, Any]
    training: bool
    models: bool


def apply(
    found: Found,
    tracked: Sequence[Tracked],
    position: Position,
    namespace: Any,
    *,
    only: set[str] | None,
    strict: bool,
    map_location: Any,
    discovered: bool,
    interrupts: Interrupts,
) -> Applied:
    """Put a checkpoint back: objects, random states, place in the data; all of it or nothing.

    Parameters
    ----------
    found, tracked, position, namespace
        What, onto what, and where.
    only, strict, map_location
        See `Checkpointer.resume`.
    discovered : bool
        The objects were found by themselves: then values that have no name here yet get theirs back.
    interrupts : Interrupts
        Held from the point on where there is no way back, so that whoever calls this can be as far as the objects.

    Raises
    ------
    Mismatch, ModelNotDefined, UsageProblem
        See `plan_restore`; nothing was changed.
    CkptError
        When an object refused its state; everything is as it was.
    """
    tree = found.tree
    meta = found.record.tracked if found.record is not None else None
    objects = set(only) - _TRAINING if only else None
    training = only is None or "epoch" in only
    values: dict[str, Any] = {}
    if objects or only is None:
        saved = tree.get("values")
        live = [*tracked, *absent_values(namespace, saved if isinstance(saved, Mapping) and discovered else {})]
        plan = plan_restore(
            tree, live, only=objects, strict=strict, map_location=map_location, meta=meta, ref=found.ref
        )
        items = plan.apply(lambda: _restore_random_states(tree, only), interrupts)
        values = plan.values
    else:
        interrupts.hold()
        items = _restore_random_states(tree, only)
    if only is None or "data" in only:
        data = tree.get("data")
        items += position.load(data if isinstance(data, Mapping) else None, tree.get("rng"))
    if training:
        items += _set_step(found, namespace)
    models = any(item.kind in ("model", "ema") and item.outcome in _BACK for item in items)
    return Applied(items, values, training, models)


def _restore_random_states(tree: Mapping[str, Any], only: set[str] | None) -> list[Item]:
    """Last of all, since loading objects may draw random numbers."""
    states = tree.get("rng")
    if (only is None or "rng" in only) and isinstance(states, Mapping) and states:
        return restore_rng(states)
    if only is None:
        return [Item("rng", "rng", Outcome.MISSING, "the file has no random states: left as they are")]
    return []


def receipt_of(found: Found, applied: Applied, remarks: list[str], started: float) -> ResumeReceipt:
    """The receipt of a resume; ``started`` is a `time.perf_counter`."""
    training = applied.training
    return ResumeReceipt(
        found.next_epoch if training else 0,
        found.step if training else None,
        found.ref,
        applied.items,
        remarks + found.warnings,
        found.mid_epoch and training,
        time.perf_counter() - started,
        applied.values,
        training,
    )


def _set_step(found: Found, namespace: Any) -> Iterator[Item]:
    """Give the user's step counter its value back, where a save had read it from."""
    loop = found.tree.get("loop")
    name = loop.get("step_name") if isinstance(loop, Mapping) else None
    if name in STEP_NAMES and isinstance(namespace, dict) and found.step is not None:
        namespace[name] = found.step
        yield Item(name, "value", Outcome.RESTORED)
