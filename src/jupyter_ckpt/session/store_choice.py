"""Which folder becomes the store: what the user said, what was remembered, else the safest volume that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.store_memory import recall
from jupyter_ckpt.volumes import Assessment, Candidate, Durability, assess, candidates
from jupyter_ckpt.volumes.probe import try_folder

STORE_VARIABLE = "JUPYTER_CKPT_STORE"
DEFAULT_FOLDER = "training-checkpoints"
_NONE: tuple[str, ...] = ()
_CHOSEN = "it was chosen with %ckpt storage use"


@dataclass(frozen=True)
class StoreChoice:
    """The store, and why it is this one.

    Parameters
    ----------
    path : Path
        Absolute; it need not exist yet.
    how : str
        ``given``, ``environment``, ``remembered`` or ``found``.
    why : str
        One sentence.
    assessment : Assessment
        What it survives.
    rename, random_writes : bool
        What the volume can do; True where it was not tried.
    warnings : tuple of str
        What a user must know before relying on it.
    """

    path: Path
    how: str
    why: str
    assessment: Assessment
    rename: bool = True
    random_writes: bool = True
    warnings: tuple[str, ...] = field(default=())

    @property
    def is_safe(self) -> bool:
        """True when it survives the removal of the container."""
        return self.assessment.durability is Durability.PERSISTENT


def choose_store(
    given: str | os.PathLike[str] | None, origin: Origin, environ: Mapping[str, str] | None = None
) -> StoreChoice:
    """Find the store.

    Parameters
    ----------
    given : path, optional
        The user's explicit wish; taken whatever it is, with a warning when it is not safe.
    origin : Origin
        The notebook; its own folder is taken when that is on persistent storage.
    environ : mapping, optional
        ``JUPYTER_CKPT_STORE`` is read from it.

    Raises
    ------
    UsageProblem
        When ``given`` cannot be a folder here.
    """
    environ = os.environ if environ is None else environ
    if given is not None:
        return _fixed(given, "given", "it was given", origin)
    if environ.get(STORE_VARIABLE):
        return _fixed(environ[STORE_VARIABLE], "environment", f"{STORE_VARIABLE} says so", origin)
    here = assess(origin.folder)
    remembered, missing = recall(origin), _NONE
    if remembered is not None:
        if remembered.is_dir():
            return _fixed(remembered, "remembered", _CHOSEN, origin)
        missing = (f"the store chosen for {origin.title}, {remembered}, is not there: is its volume mounted?",)
    if here.durability is Durability.PERSISTENT and not here.read_only:
        own = origin.folder / DEFAULT_FOLDER
        if own.is_dir() or os.access(origin.folder, os.W_OK):
            return StoreChoice(own, "found", f"{origin.folder} is on persistent storage", here, warnings=missing)
    ranked = candidates(origin.folder)
    remembered = recall(origin, [Path(one.assessment.mount_point) for one in ranked if one.assessment.mount_point])
    if remembered is not None:
        return _fixed(remembered, "remembered", _CHOSEN, origin)
    best = _best(ranked)
    if best is None:
        return _last_resort(origin, here, missing)
    path = Path(best.path) / DEFAULT_FOLDER
    return StoreChoice(
        path,
        "found",
        best.why,
        best.assessment,
        best.rename is not False,
        best.random_writes is not False,
        missing + warnings_about(best.assessment, path),
    )


def warnings_about(assessment: Assessment, path: Path) -> tuple[str, ...]:
    """One line when a store there would not survive everything."""
    cure = "mount a volume and choose it with %ckpt storage use PATH"
    if assessment.durability is Durability.PERSISTENT:
        return ()
    if assessment.durability is Durability.UNKNOWN:
        return (f"it is not certain that {path} survives: {assessment.reason} To be sure, {cure}",)
    return (f"{path} is not safe ({assessment.durability}): {assessment.reason} No better volume is known: {cure}",)


def check_no_safer(choice: StoreChoice, ranked: Sequence[Candidate]) -> None:
    """A mistyped path lies in the container's own layer, beside the volume that was meant.

    Raises
    ------
    UsageProblem
        When ``choice`` is known to be lost where another volume is not.
    """
    if choice.assessment.durability.trust >= Durability.UNKNOWN.trust:
        return
    safer = [one for one in ranked if one.writable and one.assessment.durability is Durability.PERSISTENT]
    if safer:
        raise UsageProblem(
            f"{choice.path} is not safe ({choice.assessment.durability}): {choice.assessment.reason}"
            f" {safer[0].path} is: was that meant? --force takes it all the same"
        )


def _best(ranked: list[Candidate]) -> Candidate | None:
    """The first that can be written to; of those as durable as it, one that holds a store already."""
    open_to_us = [one for one in ranked if one.writable is not False and not one.assessment.read_only]
    # one that gave no answer hangs: it is for when nothing else is left
    usable = [one for one in open_to_us if one.writable] or open_to_us
    if not usable:
        return None
    first = usable[0]
    for one in usable:
        same = one.assessment.durability is first.assessment.durability
        if same and one.writable and (Path(one.path) / DEFAULT_FOLDER).is_dir():
            return one
    return first


def _fixed(text: str | os.PathLike[str], how: str, why: str, origin: Origin) -> StoreChoice:
    raw = os.fspath(text)
    if "://" in raw:
        raise UsageProblem(f"{raw}: a store is a folder; object storage is not a place to train into")
    path = Path(os.path.abspath(os.path.join(origin.folder, os.path.expanduser(raw))))
    if path.exists() and not path.is_dir():
        raise UsageProblem(f"{path} is a file: a store is a folder")
    assessment = assess(path)
    near = next((one for one in (path, *path.parents) if one.is_dir()), None)
    rename = random_writes = True
    warnings = warnings_about(assessment, path)
    if near is not None:
        probe = try_folder(str(near))
        if probe.writable is False and near == path:
            warnings = (
                f"{path} cannot be written to ({probe.problem}): what is there can be resumed from, but not added to;"
                " %ckpt storage lists other volumes",
            )
        rename, random_writes = probe.rename is not False, probe.random_writes is not False
    return StoreChoice(path, how, why, assessment, rename, random_writes, warnings)


def _last_resort(origin: Origin, here: Assessment, missing: tuple[str, ...]) -> StoreChoice:
    path = origin.folder / DEFAULT_FOLDER
    warnings = (*missing, *warnings_about(here, path))
    return StoreChoice(path, "found", "no volume here can be written to", here, warnings=warnings)
