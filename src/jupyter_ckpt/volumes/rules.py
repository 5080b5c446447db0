"""Generic rules, in the order in which they are asked; the first that has an answer decides.

What proves a loss (:mod:`proofs`) has been asked before, and what only a platform's documentation knows
(:mod:`platforms`) too.
"""

from __future__ import annotations

import re

from jupyter_ckpt.volumes import jobs, layers, lent, pods
from jupyter_ckpt.volumes.assessment import Durability, Verdict
from jupyter_ckpt.volumes.case import Case, Rule
from jupyter_ckpt.volumes.fstypes import Family, is_object_store, sub_type
from jupyter_ckpt.volumes.table import covers

PERSISTENT, EPHEMERAL, UNKNOWN = Durability.PERSISTENT, Durability.EPHEMERAL, Durability.UNKNOWN

_SYSTEM_TREES = (
    *(f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libexec", "src", "include")),
    *(
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/boot",
        "/opt/bin",
        "/usr/local/bin",
        "/usr/local/nvidia",
    ),
)
_PURGED = re.compile(r"(?:^|/)(?:l?scratch\w*|local_?scratch|scr\d*|tmpdir|work_?dir)(?:/|$)")


def network(case: Case) -> Verdict | None:
    """Storage on another machine outlives this one."""
    mount = case.mount
    if case.family is not Family.NETWORK:
        return None
    if case.on_root:
        return Verdict(UNKNOWN, "the root comes over the network; whether changes to it are kept is not known.")
    what = sub_type(mount) or mount.fstype
    if is_object_store(mount):
        return Verdict(
            PERSISTENT, f"object storage ({what}) keeps it when this machine is gone; renaming may not work."
        )
    purge = "; many sites purge old files there" if _PURGED.search(mount.mount_point + "/") else ""
    return Verdict(PERSISTENT, f"network storage ({what}) keeps it when this machine or container is gone{purge}.")


def host_share(case: Case) -> Verdict | None:
    """A folder of the computer on which the virtual machine runs (Docker Desktop, WSL, Lima, VirtualBox)."""
    mount = case.mount
    if case.family is not Family.HOST_SHARE:
        return None
    if case.on_root:
        return Verdict(UNKNOWN, "the root is shared by a host; whether changes to it are kept is not known.")
    return Verdict(PERSISTENT, f"{mount.mount_point} is a folder of the host computer and stays there.")


def hidden_behind(case: Case) -> Verdict | None:
    """gVisor and Kata show neither the host's path nor its type."""
    if case.family is not Family.SANDBOX:
        return None
    return Verdict(
        UNKNOWN,
        f"the sandbox hides what is behind {case.mount.mount_point}: it may be a volume or the pod's own scratch.",
    )


def injected_folder(case: Case) -> Verdict | None:
    """Folders that a runtime puts into a container: drivers, modules, its own state."""
    mount = case.mount
    if not case.facts.container or case.on_root or case.family is not Family.DISK:
        return None
    if layers.runtime_folder(mount.root):
        return Verdict(
            EPHEMERAL, f"{mount.mount_point} belongs to the container's runtime and goes with the container."
        )
    if any(covers(tree, mount.mount_point) for tree in _SYSTEM_TREES):
        return Verdict(EPHEMERAL, f"{mount.mount_point} holds system files lent by the host, not a place for files.")
    if not mount.has_root and covers("/etc", mount.mount_point):
        return Verdict(
            EPHEMERAL, f"{mount.mount_point} is configuration put in by the platform, not a place for files."
        )
    return None


def container_disk(case: Case) -> Verdict | None:
    """A disk's folder mounted into a container: bind, hostPath, claim."""
    mount, facts = case.mount, case.facts
    if case.family is not Family.DISK or case.on_root or not facts.container:
        return None
    if facts.lxc or facts.nspawn or (facts.apptainer and mount.has_root):
        return None  # the disks of a machine
    if mount.mount_point in ("/tmp", "/var/tmp") and mount.whole:
        return Verdict(EPHEMERAL, f"{mount.mount_point} is scratch space of the container's machine.")
    if facts.sandbox:
        return Verdict(UNKNOWN, "a disk of the sandbox's virtual machine; whether it is kept is not known.")
    root = facts.root
    if root is not None and not mount.has_root and mount.device == root.device:
        return layers.disk_root(root, facts)  # a second mount of the container's own thin device
    if facts.kubernetes:
        return pods.claim(case.path, mount, facts)
    if mount.has_root:
        return None
    if pods.named_by_driver(mount):
        return Verdict(
            PERSISTENT,
            f"{mount.mount_point} is a volume of its own ({mount.source}), kept apart from the container.",
        )
    if mount.device in facts.injected_devices or not facts.injected_devices:
        return Verdict(
            UNKNOWN,
            "a folder of the host's disk; whether it is a named volume or goes with the container is not shown.",
        )
    return Verdict(
        PERSISTENT,
        f"{mount.mount_point} is a disk of its own ({mount.source}), kept apart from the container.",
    )


def disk(case: Case) -> Verdict | None:
    """A local disk, as the machine itself sees it, or a folder of the host's disk bound into a container."""
    mount, facts = case.mount, case.facts
    if case.family is not Family.DISK:
        return None
    if case.on_root:
        lost = layers.disk_root(mount, facts)
        if lost is not None:
            return lost
    if not mount.has_root and not case.on_root and _mounted_twice(case):
        return Verdict(
            UNKNOWN,
            f"{mount.source} is mounted in several places; which of its folders this is, is not shown.",
        )
    if facts.root is None and not mount.has_root and not pods.whole_disk(mount):
        return Verdict(
            UNKNOWN, f"the table shows no root, so whether {mount.source} is this machine's own disk is not known."
        )
    if covers("/tmp", case.path) or covers("/var/tmp", case.path) or lent.temporary_folder(mount.root):
        return Verdict(UNKNOWN, "a temporary folder on disk: many systems empty it at boot or after some days.")
    if layers.inside_runtime_store(mount.root):
        return Verdict(
            UNKNOWN, "a folder inside a container runtime's own store, which is cleaned up without asking."
        )
    if re.fullmatch(r"/mnt(?:/?\d+)?", mount.mount_point) and not facts.container:
        return Verdict(
            UNKNOWN,
            f"clouds mount a machine's temporary disks at {mount.mount_point}: wiped, maybe, when the machine stops.",
        )
    if facts.claims_container and not facts.container:
        return Verdict(UNKNOWN, "a machine made from a container image: its provider decides how long it is kept.")
    if facts.container and not case.on_root:
        return Verdict(
            PERSISTENT,
            f"{mount.mount_point} is a folder of the host, which keeps it when the container is removed.",
        )
    if facts.nspawn or facts.lxc:
        return Verdict(PERSISTENT, "this system container keeps its files on the host's disk until it is deleted.")
    kind = "removable disk" if "/media/" in mount.mount_point else "disk"
    return Verdict(
        PERSISTENT, f"{mount.mount_point} is a {kind} of this machine ({mount.fstype}) and survives a reboot."
    )


def not_identified(case: Case) -> Verdict:
    """What is left."""
    mount = case.mount
    return Verdict(
        UNKNOWN,
        f"what is behind {mount.mount_point} ({mount.fstype}, {mount.source or 'no source'}) is not known.",
    )


def _mounted_twice(case: Case) -> bool:
    facts, mount = case.facts, case.mount
    if facts.root is not None and facts.root.source == mount.source:
        return False  # subvolumes or binds of the machine's own disk
    if mount.fstype in ("btrfs", "zfs", "bcachefs"):
        return False
    return len({other.mount_point for other in facts.mounts if other.source == mount.source}) > 1


THEN: tuple[Rule, ...] = (
    lambda case: layers.layer(case.path, case.mount, case.facts),
    lent.docker_volume,
    injected_folder,
    lent.allocation,
    lent.host_folder,
    jobs.burst_buffer,
    network,
    host_share,
    hidden_behind,
    jobs.batch_node,
    jobs.scratch_disk,
    container_disk,
    disk,
    not_identified,
)
"""Generic rules; asked after the platforms."""
