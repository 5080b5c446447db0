"""Every volume worth saving to, best first."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from jupyter_ckpt.volumes import machine
from jupyter_ckpt.volumes.assess import assess, judge
from jupyter_ckpt.volumes.assessment import Assessment
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.folders import pick_folder, worth_saving_to
from jupyter_ckpt.volumes.fstypes import size_is_real
from jupyter_ckpt.volumes.probe import Probe, measure, try_folder
from jupyter_ckpt.volumes.ranking import Standing, room_is_enough, sort_key, why_it_wins
from jupyter_ckpt.volumes.table import Mount, normal, parse
from jupyter_ckpt.volumes.walk import covering

PROBE_S = 4.0
"""How long all volumes together may take to answer, in seconds."""


@dataclass(frozen=True)
class Candidate:
    """One place where a store could be.

    Attributes
    ----------
    path
        The folder that was tried: the working directory, the home folder or the mount point, whichever lies there.
    assessment
        What the folder survives.
    free_bytes, total_bytes, free_inodes
        Room for an ordinary user, in bytes and files; ``None`` where the volume does not say.
    size_is_real
        ``False`` where the figures are known to be fiction: a quota is hidden behind them, or an object store.
    writable
        Tried for real; ``None`` when it was not tried or gave no answer in time.
    rename, random_writes
        Whether a file can be renamed in place, and rewritten in the middle; ``None`` as above.
    why
        One sentence: for the first candidate why it wins, for the others what they are.
    """

    path: str
    assessment: Assessment
    free_bytes: int | None
    total_bytes: int | None
    free_inodes: int | None
    size_is_real: bool
    writable: bool | None
    rename: bool | None
    random_writes: bool | None
    why: str

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        fields = asdict(self)
        fields["assessment"] = self.assessment.to_json()
        fields["path"] = fields["path"].encode("utf-8", "replace").decode("utf-8")
        return fields


def candidates(
    cwd: str | os.PathLike[str] | None = None,
    table: str | None = None,
    environ: Mapping[str, str] | None = None,
    exists: Callable[[str], bool] | None = None,
    probe: Callable[[str], Probe] | bool | None = None,
    *,
    needed: int = 0,
    timeout: float = PROBE_S,
) -> list[Candidate]:
    """Every volume worth saving to, best first: persistent, then unknown, session, ephemeral.

    Among equals: writable, room enough, the working directory's own volume, the user's own, then shared disks.

    Parameters
    ----------
    cwd
        The working directory (the notebook's folder); by default this process's, or ``environ["PWD"]``.
    table, environ, exists
        As for :func:`assess`; with a table no file system is touched unless ``probe`` does it.
    probe
        ``True`` (the default without a table) writes one small file per volume; ``False`` only measures the room; a
        function is called with the folder instead.
    needed
        Bytes that a checkpoint takes; volumes that cannot hold it come last.
    timeout
        Seconds for all volumes together; one that does not answer is listed with ``writable`` ``None``.

    Returns
    -------
    list of Candidate
        At least the working directory's own volume, unless the table does not show it.
    """
    real = table is None
    environ = (os.environ if real else {}) if environ is None else environ
    if real and not sys.platform.startswith("linux"):
        return _elsewhere(cwd, environ, probe, needed)
    facts = Facts(parse(machine.read_table() if table is None else table), environ, exists or _markers(real))
    here = _resolved(cwd, environ, real, timeout)
    home = environ.get("HOME", "")
    home = _resolved(home, environ, real, timeout) if home.startswith("/") else ""
    user = environ.get("USER") or environ.get("JUPYTERHUB_USER") or environ.get("LOGNAME") or ""
    chosen = [mount for mount in facts.mounts if worth_saving_to(mount, facts, here, home)]
    cancelled = threading.Event()
    probes: list[Callable[[], Probe]] = []
    for mount in chosen:
        if real:
            probes.append(_in_thread(mount, facts, (here, home, user), probe, cancelled))
        else:
            probes.append(_on_paper(mount, facts, (here, home), probe))
    standings = []
    deadline = time.monotonic() + timeout
    waiting = [machine.Answer(each) for each in probes]
    for mount, answer in zip(chosen, waiting, strict=True):
        try:
            found = answer.get(deadline - time.monotonic())
        except machine.NoAnswer:
            folder = _by_name(mount, facts, here, home)
            found = Probe(
                folder,
                problem=f"gave no answer in {timeout:g} seconds (a dead network share or FUSE program?)",
            )
        except OSError as error:
            found = Probe(mount.mount_point, False, problem=error.strerror or str(error))
        if found.writable is False and found.problem == "it is not a folder":
            continue
        standings.append(_standing(mount, facts, found, here, home, real))
    cancelled.set()
    return _ranked(standings, needed)


def _ranked(standings: Sequence[Standing], needed: int) -> list[Candidate]:
    ordered = sorted(standings, key=lambda standing: sort_key(standing, needed))
    best = _once_each(ordered)
    return [
        _candidate(standing, why_it_wins(standing, best, needed) if place == 0 else _plain(standing, needed))
        for place, standing in enumerate(best)
    ]


def _once_each(ordered: Sequence[Standing]) -> list[Standing]:
    """One entry per volume: the same folder of the same device may be mounted twice; the better path stays.

    Two folders of one disk are two volumes; where the table does not show folders, only the mount point's own
    inode tells.
    """
    seen: set[object] = set()
    kept = []
    for standing in ordered:
        mount, probe = standing.mount, standing.probe
        keys: list[object] = []
        if mount.has_root and mount.device:
            keys.append((mount.device, mount.root))
        if probe.identity is not None:
            keys.append(probe.identity)
        if not any(key in seen for key in keys):
            kept.append(standing)
        seen.update(keys)
    return kept


def _standing(mount: Mount, facts: Facts, found: Probe, here: str, home: str, real: bool) -> Standing:
    assessment = judge(found.folder, facts)
    if real and found.device is not None:
        assessment = machine.cross_check(assessment, covering(facts.mounts, found.folder), found.device)
    return Standing(mount, assessment, found, here, home, size_is_real(mount), facts.mounts.index(mount))


def _candidate(standing: Standing, why: str) -> Candidate:
    found = standing.probe
    return Candidate(
        path=found.folder,
        assessment=standing.assessment,
        free_bytes=found.free_bytes,
        total_bytes=found.total_bytes,
        free_inodes=found.free_inodes,
        size_is_real=standing.size_is_real,
        writable=found.writable,
        rename=found.rename,
        random_writes=found.random_writes,
        why=why,
    )


def _plain(standing: Standing, needed: int) -> str:
    found = standing.probe
    if found.problem:
        return f"Cannot be relied on: {found.problem}."
    if not room_is_enough(standing, needed):
        return "Too little room for a checkpoint."
    return standing.assessment.reason


def _in_thread(
    mount: Mount,
    facts: Facts,
    places: tuple[str, str, str],
    probe: Callable[[str], Probe] | bool | None,
    cancelled: threading.Event,
) -> Callable[[], Probe]:
    """The work on one volume; picking the folder already touches it, so it belongs into the thread."""

    def work() -> Probe:
        if not os.path.isdir(mount.mount_point):
            os.stat(mount.mount_point)  # says what is wrong, when something is
            return Probe(mount.mount_point, False, problem="it is not a folder")
        folder = pick_folder(mount, facts, *places)
        if probe is None or probe is True:
            found = try_folder(folder, cancelled)
        elif probe is False:
            found = measure(folder)
        else:
            found = probe(folder)
        status = os.stat(mount.mount_point)
        return replace(found, identity=(status.st_dev, status.st_ino))

    return work


def _on_paper(
    mount: Mount, facts: Facts, places: tuple[str, str], probe: Callable[[str], Probe] | bool | None
) -> Callable[[], Probe]:
    folder = _by_name(mount, facts, *places)
    return lambda: probe(folder) if callable(probe) else Probe(folder)


def _by_name(mount: Mount, facts: Facts, here: str, home: str) -> str:
    """The folder on a volume without asking the file system."""
    for folder in (here, home):
        if folder and covering(facts.mounts, folder) is mount:
            return folder
    return mount.mount_point


def _elsewhere(
    cwd: str | os.PathLike[str] | None,
    environ: Mapping[str, str],
    probe: Callable[[str], Probe] | bool | None,
    needed: int,
) -> list[Candidate]:
    """Systems without a Linux mount table: the working directory and the home folder."""
    here = os.path.realpath(cwd if cwd is not None else ".")
    home = os.path.realpath(os.path.expanduser("~"))
    standings = []
    for folder in dict.fromkeys((here, home)):
        found = probe(folder) if callable(probe) else (measure(folder) if probe is False else try_folder(folder))
        assessment = assess(folder, environ=environ)
        mount = Mount(assessment.mount_point, assessment.fstype, assessment.source, "")
        standings.append(Standing(mount, assessment, found, here, home, True))
    return _ranked(standings, needed)


def _resolved(path: str | os.PathLike[str] | None, environ: Mapping[str, str], real: bool, timeout: float) -> str:
    """An absolute folder; empty when there is none (the working directory was unmounted or removed)."""
    if not real:
        text = os.fsdecode(path) if path is not None else environ.get("PWD", "")
        return normal(text) if text.startswith("/") else ""
    try:
        text = os.fsdecode(path) if path is not None else os.getcwd()
        return machine.Answer(lambda: os.path.realpath(text)).get(timeout)
    except (OSError, machine.NoAnswer):
        return ""


def _markers(real: bool) -> Callable[[str], bool]:
    return machine.marker if real else (lambda path: False)
