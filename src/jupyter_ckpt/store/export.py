"""A checkpoint as one stand-alone file for others: ``.pt`` or ``.safetensors``, everything or the weights only."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyter_ckpt.errors import (
    CkptError,
    CorruptCheckpoint,
    DurabilityUncertain,
    NoSpace,
    NotCommitted,
    UnknownName,
    UsageProblem,
)
from jupyter_ckpt.store.folder import Folder, sync_file
from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, read_record
from jupyter_ckpt.store.temporary import temporary_name

Format = Literal["pt", "safetensors"]
_SUFFIXES: dict[str, Format] = {".pt": "pt", ".pth": "pt", ".safetensors": "safetensors"}
_STATE = "_state_dict"
_MODEL_KINDS = ("model", "ema")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_HAS_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EACCES}


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Parameters
    ----------
    path : Path
        The file.
    bytes : int
        Its size.
    names : list of str
        The tracked objects in it.
    left_out : list of str
        What the format cannot hold, each with the reason.
    """

    path: Path
    bytes: int
    names: list[str]
    left_out: list[str] = field(default_factory=list)


def export(
    tree: Mapping[str, Any],
    target: Path,
    *,
    format: Format | None = None,
    weights_only: bool = False,
    names: Iterable[str] | None = None,
    metadata: Mapping[str, str] | None = None,
    force: bool = False,
) -> Exported:
    """Write a loaded checkpoint to a file of its own, wholly or not at all.

    A ``.pt`` of the weights of one model is its bare ``state_dict``, so that
    ``model.load_state_dict(torch.load(file))`` works; of several, a dict of them by name. A ``.safetensors`` of the
    weights has the keys of the ``state_dict`` (after ``<name>.`` when there are several). Without
    ``weights_only`` a ``.pt`` holds the whole tree, a ``.safetensors`` every tensor under its dotted path and the
    other values as JSON in its metadata.

    Parameters
    ----------
    tree : mapping
        `Opened.tree` of a checkpoint.
    target : Path
        The file; its folder must exist.
    format : {"pt", "safetensors"}, optional
        Told by the suffix when not given.
    weights_only : bool
        Only the models.
    names : iterable of str, optional
        Only these tracked objects, without random states and loader positions.
    metadata : mapping of str to str, optional
        Words about the file; a ``.pt`` of weights has no place for them.
    force : bool
        Replace an existing file.

    Raises
    ------
    UsageProblem, UnknownName
        An unknown suffix or name, no model to export, a file in the way, or ``safetensors`` is not installed.
    NotCommitted, NoSpace
        It could not be written; a file that was there before still is. ``errno`` is kept.
    DurabilityUncertain
        It is there, but the volume did not confirm that it is durable.
    """
    form = format or _SUFFIXES.get(target.suffix.lower())
    if form is None:
        raise UsageProblem(f"{target.name}: which format? Name it .pt (for torch) or .safetensors")
    if form not in ("pt", "safetensors"):
        raise UsageProblem(f"{form!r} is no format: use pt or safetensors")
    _check_target(target, force)
    tracked = _tracked(tree)
    chosen = _chosen(tracked, names)
    if weights_only:
        chosen = _models(tracked, chosen, named=names is not None)
        weights = {name: tree[name + _STATE] for name in chosen}
        content: Mapping[str, Any] = weights[chosen[0]] if len(chosen) == 1 else weights
    else:
        content = dict(tree) if names is None else _part(tree, set(chosen))
        if metadata and form == "pt":
            content = {**content, "metadata": dict(metadata)}
    left_out: list[str] = []
    if form == "pt":
        write = _torch_writer(content)
    else:
        from jupyter_ckpt.store.safetensors_file import safetensors_writer

        write, left_out = safetensors_writer(content, dict(metadata or {}), with_values=not weights_only)
    size = _put(target, write, force)
    return Exported(target, size, chosen, left_out)


def _tracked(tree: Mapping[str, Any]) -> dict[str, str]:
    """Names in the tree with their kinds; kinds are guessed by name where the file does not say."""
    said = tree.get("tracked")
    found = {}
    for key, value in tree.items():
        name = str(key).removesuffix(_STATE)
        if name and name != key and isinstance(value, Mapping):
            details = said.get(name) if isinstance(said, Mapping) else None
            kind = details.get("kind") if isinstance(details, Mapping) else None
            guess = "model" if "model" in name.lower() or "net" in name.lower() else "other"
            found[name] = kind if isinstance(kind, str) else guess
    for part in ("values", "generators"):
        held = tree.get(part)
        found |= {str(name): part for name in held if name not in found} if isinstance(held, Mapping) else {}
    return found


def _chosen(tracked: Mapping[str, str], names: Iterable[str] | None) -> list[str]:
    wanted = list(tracked) if names is None else list(dict.fromkeys(names))
    for name in wanted:
        if name not in tracked:
            raise UnknownName(
                f"nothing called {name!r} is in this checkpoint: it has {', '.join(tracked) or 'nothing'}"
            )
    return wanted


def _models(tracked: Mapping[str, str], chosen: list[str], *, named: bool) -> list[str]:
    models = [name for name in chosen if tracked[name] in _MODEL_KINDS]
    others = [name for name in chosen if name not in models]
    if named and others:
        raise UsageProblem(f"{others[0]} is no model but {tracked[others[0]]}: leave it out or export everything")
    if not models:
        raise UsageProblem(f"this checkpoint has no model, only {', '.join(chosen) or 'nothing'}: export everything")
    return models


def _part(tree: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The tree with only these objects, and the plain facts (``epoch``, ``step``, ``format``, …)."""
    part: dict[str, Any] = {}
    for key, value in tree.items():
        if key in ("values", "generators", "tracked"):
            held = value.items() if isinstance(value, Mapping) else ()
            part[key] = {name: child for name, child in held if name in names}
        elif key.removesuffix(_STATE) in names or isinstance(value, (int, float, str, type(None))):
            part[key] = value
    return part


def _torch_writer(content: Mapping[str, Any]) -> Callable[[int, Path], None]:
    from jupyter_ckpt.store.archive import Archive

    archive = Archive(content)

    def write(fd: int, path: Path) -> None:
        archive.write(fd)

    return write


def _check_target(target: Path, force: bool) -> None:
    if target.is_dir():
        raise UsageProblem(f"{target} is a folder: give a file name in it")
    if not target.parent.is_dir():
        raise UsageProblem(f"{target.parent} is not a folder: make it first")
    if not os.path.lexists(target):
        return
    if not force:
        raise UsageProblem(f"{target} exists: --force replaces it")
    with contextlib.suppress(CorruptCheckpoint, OSError):
        if target.suffix == DATA_SUFFIX and read_record(target.with_suffix(RECORD_SUFFIX)):
            raise UsageProblem(f"{target} is a checkpoint of a store, which is never overwritten: use another name")


def _put(target: Path, write: Callable[[int, Path], None], force: bool) -> int:
    """Write under a temporary name in the same folder, make it durable, rename; its size."""
    temporary = temporary_name("export")
    try:
        held = Folder(target.parent)
    except OSError as error:
        raise _failed(target, error) from error
    with held:
        try:
            fd = held.create(temporary)
            mode = os.fstat(fd).st_mode & 0o777
            try:
                write(fd, target.parent / temporary)
            finally:
                os.close(fd)
            # Opened again: a library may have put a file of its own, readable by nobody else, in its place.
            fd = held.open(temporary)
            try:
                if hasattr(os, "fchmod"):
                    os.fchmod(fd, mode)
                sync_file(fd)
                size = os.fstat(fd).st_size
            finally:
                os.close(fd)
            _show(held, temporary, target, force)
        except OSError as error:
            held.discard(temporary)
            raise _failed(target, error) from error
        except BaseException:
            held.discard(temporary)
            raise
        try:
            held.sync()
        except OSError as error:
            raise DurabilityUncertain(
                f"{target} was written, but the volume could not confirm it ({error.strerror}): export it once more",
                error.errno,
            ) from error
    return size


def _show(held: Folder, temporary: str, target: Path, force: bool) -> None:
    """Give the file its name; without ``force`` never in place of one that came in between."""
    if not force:
        try:
            held.link(temporary, target.name)
        except FileExistsError as error:
            raise UsageProblem(f"{target} exists: --force replaces it") from error
        except OSError as error:
            if error.errno not in _HAS_NO_LINKS:
                raise
            if held.has(target.name):
                raise UsageProblem(f"{target} exists: --force replaces it") from error
        else:
            held.discard(temporary)
            return
    held.rename(temporary, target.name)


def _failed(target: Path, error: OSError) -> CkptError:
    why = error.strerror or str(error)
    if error.errno in _FULL:
        return NoSpace(f"{target.name} was not exported: no room in {target.parent} ({why})", error.errno)
    return NotCommitted(f"{target.name} was not exported: writing to {target.parent} failed ({why})", error.errno)
