"""Asking this machine: its mount table, symlinks, and whether the table still tells the truth.

A dead network share hangs in ``stat``, so everything that touches the path runs in a thread with a time limit.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Generic, TypeVar

from jupyter_ckpt.volumes import desktop
from jupyter_ckpt.volumes.assessment import Assessment, Durability
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.fstypes import Family, family
from jupyter_ckpt.volumes.table import Mount, normal, parse
from jupyter_ckpt.volumes.walk import covering

T = TypeVar("T")
ANSWER_S = 5.0
"""How long a file system may take to answer, in seconds, before it counts as dead."""

_DETACHED = (
    "The volume of the working directory was unmounted while this process was in it: what is written here is lost."
)
_DEAD = "The file system does not answer (a dead network share?), so nothing can be said about it."


class NoAnswer(Exception):
    """A call into the file system did not come back in time."""


class Answer(Generic[T]):
    """A call that runs in a thread of its own, so that a file system that hangs takes no one with it.

    The thread is a daemon: a call stuck in the kernel cannot be ended, but it does not keep the interpreter alive.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._result: list[T] = []
        self._error: list[Exception] = []
        self._thread = threading.Thread(target=self._run, daemon=True, name="jupyter-ckpt-volume")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._call())
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            self._error.append(error)

    def get(self, timeout: float) -> T:
        """The result, or its exception; :class:`NoAnswer` after ``timeout`` seconds."""
        self._thread.join(max(0.0, timeout))
        if self._error:
            raise self._error[0]
        if not self._result:
            raise NoAnswer
        return self._result[0]


def read_table() -> str:
    """The text of this machine's mount table; empty where there is none (macOS, Windows, a masked /proc)."""
    for name in ("/proc/self/mountinfo", "/proc/self/mounts", "/proc/mounts"):
        try:
            with open(name, "rb") as file:
                text = file.read().decode("utf-8", "surrogateescape")
        except OSError:
            continue
        if text.strip():
            return text
    return ""


def marker(path: str) -> bool:
    """Whether a marker file exists; one on a dead network share counts as missing."""
    try:
        return Answer(lambda: os.path.exists(path)).get(1.0)
    except NoAnswer:
        return False


def assess_here(path: str, environ: Mapping[str, str], exists: Callable[[str], bool]) -> Assessment:
    """:func:`jupyter_ckpt.volumes.assess` for this machine's own file system."""
    from jupyter_ckpt.volumes.assess import judge

    if not sys.platform.startswith("linux"):
        return desktop.assess_desktop(path, environ)
    table = read_table()
    if _working_directory_is_gone(path):
        lost = judge(path, Facts(parse(table), environ, exists))
        return replace(lost, path=path, durability=Durability.EPHEMERAL, reason=_DETACHED)
    facts = Facts(parse(table), environ, exists)
    try:
        real, ancestor, device = Answer(lambda: _resolve(path)).get(ANSWER_S)
    except (NoAnswer, OSError, ValueError):
        found = judge(normal(path if path.startswith("/") else f"/{path}"), facts)
        return replace(found, durability=Durability.UNKNOWN, reason=_DEAD)
    found = judge(real, facts)
    if found.mount_point and _is_file(found.mount_point):
        reason = f"{found.mount_point} is a single file that was mounted there, not a folder."
        return replace(found, durability=Durability.EPHEMERAL, reason=reason)
    return cross_check(found, covering(facts.mounts, ancestor), device)


def cross_check(found: Assessment, mount: Mount | None, device: str) -> Assessment:
    """Doubt an assessment whose mount is on another device than the folder itself (``major:minor`` of st_dev).

    A stale table, a lazily unmounted or an over-mounted folder shows like that.  btrfs, bcachefs and zfs give every
    subvolume a number of its own, network file systems and overlays may.
    """
    if found.durability is not Durability.PERSISTENT or mount is None or mount.ident < 0:
        return found
    if family(mount) is not Family.DISK or mount.fstype in ("btrfs", "bcachefs", "zfs") or mount.device == device:
        return found
    reason = f"The mount table names {mount.mount_point}, but the folder is on another device ({device})."
    return replace(found, durability=Durability.UNKNOWN, reason=reason)


def _resolve(path: str) -> tuple[str, str, str]:
    real = os.path.realpath(path)
    ancestor = real
    while True:
        try:
            status = os.stat(ancestor)
        except (FileNotFoundError, NotADirectoryError):
            parent = os.path.dirname(ancestor)
            if parent == ancestor:
                raise
            ancestor = parent
        else:
            return real, ancestor, f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"


def _working_directory_is_gone(path: str) -> bool:
    """Whether a relative path starts in a folder that no name leads to any more."""
    if os.path.isabs(path):
        return path.startswith("/(unreachable)")
    try:
        cwd = os.getcwd()
    except OSError:
        return True
    if cwd.startswith("(unreachable)"):
        return True
    try:
        here, named = Answer(lambda: (os.stat("."), os.stat(cwd))).get(ANSWER_S)
    except NoAnswer:
        return False
    except OSError:
        return True
    return (here.st_dev, here.st_ino) != (named.st_dev, named.st_ino)


def _is_file(path: str) -> bool:
    try:
        return Answer(lambda: os.path.isfile(path)).get(ANSWER_S)
    except NoAnswer:
        return False
