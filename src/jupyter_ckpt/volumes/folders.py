"""Which mounts are worth a look, and in which of their folders a store would go."""

from __future__ import annotations

import os

from jupyter_ckpt.volumes.assess import judge
from jupyter_ckpt.volumes.assessment import Durability
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.fstypes import Family, family
from jupyter_ckpt.volumes.table import Mount, covers
from jupyter_ckpt.volumes.walk import covering

_NEVER = (
    *("/proc", "/sys", "/dev", "/etc", "/boot", "/efi", "/snap", "/init", "/nix/store", "/run", "/var/run", "/host"),
    *("/var/lib/docker", "/var/lib/kubelet", "/var/lib/containers", "/var/lib/containerd", "/var/lib/lxcfs"),
    *("/var/lib/snapd", "/var/snap", "/System"),
)
# Partitions of a machine; in a container the same folders may well carry a volume.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/var/log", "/var/cache", "/var/db", "/var/lib", "/opt/bin")
_NO_STORAGE = frozenset({Family.PSEUDO, Family.IMAGE})
_DRIVE_FOLDERS = ("MyDrive", "My Drive")
_LOOKED_AT = 32


def worth_saving_to(mount: Mount, facts: Facts, here: str, home: str) -> bool:
    """Whether a mount should be offered at all.

    The volumes of the working directory and of the home folder always are, unless nothing can be written there;
    memory and other ephemeral mounts only then.
    """
    point = mount.mount_point
    if mount.read_only or mount.deleted or family(mount) in _NO_STORAGE or covering(facts.mounts, point) is not mount:
        return False
    if any(folder and covering(facts.mounts, folder) is mount for folder in (here, home)):
        return True
    if "/media/" not in point and any(covers(tree, point) for tree in _NEVER):
        return False
    if not facts.container and family(mount) is Family.DISK and any(covers(tree, point) for tree in _SYSTEM):
        return False
    assessment = judge(point, facts)
    return point == "/" or assessment.durability is not Durability.EPHEMERAL


def pick_folder(mount: Mount, facts: Facts, here: str, home: str, user: str) -> str:
    """The folder for a store on this mount: the working directory or home if it lies there, else a writable one.

    Touches the file system and may hang with it.
    """
    for folder in (here, home):
        if folder and covering(facts.mounts, folder) is mount and os.access(folder, os.W_OK | os.X_OK):
            return folder
    point = mount.mount_point
    if point != "/" and os.access(point, os.W_OK | os.X_OK) and not _has_drive_folder(point):
        return point
    names = [name for name in (user, *_DRIVE_FOLDERS) if name and "/" not in name]
    likely = [os.path.join(point, name) for name in names] + [os.path.join(point, "home", name) for name in names]
    for folder in (*likely, *_own_folders(point)):
        inside = covering(facts.mounts, os.path.realpath(folder)) is mount
        if inside and os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return point


def _has_drive_folder(point: str) -> bool:
    # Google Drive's mount point looks writable, and only the folders in it are
    return any(os.path.isdir(os.path.join(point, name)) for name in _DRIVE_FOLDERS)


def _own_folders(point: str) -> list[str]:
    """The first folders below a mount point that belong to this user (cluster file systems have one each)."""
    if point == "/" or not hasattr(os, "getuid"):
        return []
    found = []
    try:
        with os.scandir(point) as entries:
            for _, entry in zip(range(_LOOKED_AT), entries, strict=False):
                if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.getuid():
                    found.append(entry.path)
    except OSError:
        return []
    return sorted(found)
