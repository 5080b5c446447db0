"""Folders of another machine's disk: what the host does with the folder that it lent.

A bind shows where it lies on the host's disk, and some of those places are emptied by their owner: a scheduler's
folder for one job, temporary folders, the store of a container runtime.
"""

from __future__ import annotations

import re

from jupyter_ckpt.volumes import layers
from jupyter_ckpt.volumes.assessment import Durability, Verdict
from jupyter_ckpt.volumes.case import Case
from jupyter_ckpt.volumes.containers import UUID
from jupyter_ckpt.volumes.fstypes import Family
from jupyter_ckpt.volumes.table import covers

SESSION, UNKNOWN, PERSISTENT = Durability.SESSION, Durability.UNKNOWN, Durability.PERSISTENT

_ALLOCATION = re.compile(
    rf"/alloc/{UUID}(?:/|$)|/mesos/(?:slaves|agents?)/|/slaves/[^/]+/frameworks/|/condor/execute/dir_|/execute/dir_\d+"
)
_TEMPORARY = ("/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp", "/run", "/dev/shm", "/var/folders")
_WINDOWS_TEMPORARY = re.compile(r"/AppData/Local/Temp(?:/|$)|/Windows/Temp(?:/|$)", re.I)
_DOCKER_VOLUME = re.compile(r"/volumes/((?:[^/]+/)?[^/]+)/_data(?=/|$)")
_HEX64 = re.compile(r"[0-9a-f]{64}")
# Amazon ECS makes a named volume for one task and removes it with the task.
_TASK_VOLUME = re.compile(r"ecs-.+-[0-9a-f]{16,}")


def temporary_folder(folder: str) -> bool:
    """Whether a folder on a host's disk lies in one of its temporary folders."""
    return any(covers(tree, folder) for tree in (*_TEMPORARY, "/private/var/folders")) or (
        _WINDOWS_TEMPORARY.search(folder) is not None
    )


def allocation(case: Case) -> Verdict | None:
    """A scheduler's folder for one job: Nomad, Mesos, HTCondor."""
    if case.on_root or not case.mount.has_root or _ALLOCATION.search(case.inside) is None:
        return None
    return Verdict(
        SESSION,
        f"{case.mount.mount_point} is a scheduler's folder for this job and is collected after it.",
    )


def docker_volume(case: Case) -> Verdict | None:
    """Docker, podman and nerdctl keep a volume in ``.../volumes/<name>/_data``, wherever their own folder is."""
    root = case.mount.root
    found = list(_DOCKER_VOLUME.finditer(root))
    if not found:
        return None
    names = [match[1].rsplit("/", 1)[-1] for match in found]
    if any(_HEX64.fullmatch(name) for name in names):
        return Verdict(
            SESSION,
            "probably an anonymous volume: removed together with the container (--rm) or never found again by the "
            "next one; give the volume a name.",
        )
    if _TASK_VOLUME.fullmatch(names[-1]):
        return Verdict(SESSION, f"the volume {names[-1]!r} was made for one task (Amazon ECS) and goes with it.")
    if _belongs_to_a_runtime(root[found[-1].end() :]):
        return Verdict(UNKNOWN, "a folder of the container runtime that keeps its store in this volume.")
    return Verdict(PERSISTENT, f"the named volume {names[-1]!r} is kept when the container is removed.")


def host_folder(case: Case) -> Verdict | None:
    """A bind of a place on the host that somebody cleans up."""
    mount, facts = case.mount, case.facts
    lent = case.family is Family.HOST_SHARE or (case.family is Family.DISK and facts.container)
    if case.on_root or not lent or not mount.has_root:
        return None
    # the whole of the disk that the container's own files lie on: the host's root, as far as can be told
    host_root = mount.root == "/" and mount.device in facts.injected_devices
    if temporary_folder(mount.root) or (host_root and temporary_folder(case.inside)):
        return Verdict(UNKNOWN, f"{mount.mount_point} shows a temporary folder of the host, which may be emptied.")
    if layers.inside_runtime_store(mount.root) or (host_root and layers.inside_runtime_store(case.inside)):
        return Verdict(
            UNKNOWN, "a folder inside a container runtime's own store, which is cleaned up without asking."
        )
    return None


def _belongs_to_a_runtime(below: str) -> bool:
    """Whether the part of a volume that is mounted is a container runtime's (Docker in Docker)."""
    return layers.inside_runtime_store(below) or layers.runtime_folder(below)
