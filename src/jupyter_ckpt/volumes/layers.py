"""Container layers: overlay and its relatives, and the disks that some storage drivers use as a root instead."""

from __future__ import annotations

import re

from jupyter_ckpt.volumes.assessment import Durability, Verdict
from jupyter_ckpt.volumes.containers import HEX, Facts
from jupyter_ckpt.volumes.fstypes import Family, family
from jupyter_ckpt.volumes.table import Mount
from jupyter_ckpt.volumes.walk import covering

_RUNTIME_LAYER = re.compile(
    r"/overlay2/|/overlay/[0-9a-f]{64}|/overlayfs/|/docker/|/docker-|containers/storage|snapshotter\.v1|/snapshots/\d+|/buildkit/|/containerd/|"
    r"/rancher/|/crio/|/podman/|fuse-overlayfs|/userdata/overlay/|/kaniko|/apptainer/|/singularity/|/lxcfs/|/garden/|"
    r"/runsc|/enroot/|/aufs/|/sysbox/|/gvisor/"
)
_LIVE = re.compile(
    r"^/?cow(?:/|$)|/cow/|/run/initramfs|/live/|/run/live|airootfs|/run/archiso|/run/miso|/liveos|/run/overlay|casper",
    re.I,
)
_IN_MEMORY = re.compile(r"^/(?:tmp|run|dev/shm|var/run)/|\.rw(?:/|$)|/(?:tmpfs|ramdisk|ramfs)(?:[-_/]|$)")
# Storage drivers without a union file system give a container a folder, a subvolume or a thin device of its own.
_LAYER_FOLDER = re.compile(
    rf"/vfs/dir/{HEX}|/btrfs/subvolumes/{HEX}|/subvolumes/{HEX}|snapshotter\.v1\.(?:native|btrfs)/|/vfs/snapshots/\d+|"
    rf"/zfs/graph/|/docker/(?:vfs|btrfs|zfs)/|/overlay-containers/{HEX}/|/rootfs/(?:overlayfs|vfs)/"
)
_LAYER_DEVICE = re.compile(
    rf"/dev/mapper/docker-\d+:\d+-\d+-|/{HEX}(?:-init)?$|-(?:pool-)?snap-\d+$|/dev/mapper/contd-|/dev/mapper/containerd-"
)
_LIVE_DEVICE = re.compile(r"/dev/mapper/live-(?:rw|base|osimg\S*)$")
# Installed systems have partitions; Firecracker and its relatives start from a file system on the whole disk.
_MICRO_VM_DISK = re.compile(r"/dev/(?:vd[a-z]|pmem\d+|nbd\d+|ubd[a-z])$")
_RUNTIME_STATE = re.compile(
    rf"/docker/containers/{HEX}|/overlay-containers/{HEX}/userdata|/vfs-containers/{HEX}/userdata|/sandboxes/{HEX}|"
    rf"/cri/containers/{HEX}|/btrfs-containers/{HEX}/userdata|/nerdctl/[^/]+/(?:containers|etchosts)/|"
    r"/(?:apptainer|singularity)/mnt/session"
)
_STORE = re.compile(
    r"containers/storage/|/var/lib/docker/|^/docker/|/overlay2/|/var/lib/containerd/|/io\.containerd|/var/lib/containers/|"
    r"/buildkit/|/var/lib/buildah/|/buildah-cache|/var/lib/sysbox/"
)


def layer(path: str, mount: Mount, facts: Facts) -> Verdict | None:
    """What the writable layer of a container, a live system or an overlay root survives."""
    if mount.source == "/.workspace/mark":
        return _gone("the workspace's root is reset at every start")
    if mount.mount_point == "/" and family(mount) is Family.SANDBOX:
        return _gone("the sandbox's root goes with the container")
    if mount.mount_point == "/" and family(mount) is Family.UNKNOWN and (facts.injected or facts.kubernetes):
        return _gone("files in the container's own layer go when it is removed or rebuilt")
    if mount.source == "composefs":
        return _gone(f"{mount.mount_point} is the system's read-only image")
    if family(mount) is not Family.LAYER:
        return None
    upper = mount.option("upperdir")
    described = mount.option("lowerdir") is not None
    if mount.mount_point != "/" and "/userdata/overlay/" in (upper or "") + mount.root:
        return _gone("writes to this overlay volume are thrown away with the container (podman :O)")
    if facts.lxc or (upper is not None and "/delta" in upper and "/lxc/" in upper):
        return Verdict(
            Durability.UNKNOWN,
            "an overlay made by LXC: an ephemeral copy loses it, a snapshot clone keeps it.",
        )
    if described and upper is None:
        return _gone("the root is a read-only image" if mount.mount_point == "/" else "a read-only overlay")
    if mount.fstype in ("aufs", "shiftfs", "fuse.fuse-overlayfs", "fuse-overlayfs") or not described:
        return _gone("files in the container's own layer go when it is removed or rebuilt")
    upper = upper or ""
    if _RUNTIME_LAYER.search(upper) or facts.injected or facts.kubernetes or facts.apptainer or facts.sandbox:
        return _gone("files in the container's own layer go when it is removed or rebuilt")
    if _LIVE.search(upper) or _LIVE.search(mount.source):
        return _gone("a live system keeps changes in memory: lost at reboot")
    if facts.nspawn or _IN_MEMORY.search(upper):
        return _gone("changes are kept in a temporary overlay: lost when the container or machine stops")
    below = covering([other for other in facts.mounts if other.mount_point != "/"], upper)
    if below is not None and family(below) is Family.MEMORY:
        return _gone("changes are kept in memory: lost at reboot")
    if facts.claims_container:
        return _gone("files in the container's own layer go when it is removed or rebuilt")
    return Verdict(
        Durability.UNKNOWN,
        f"{mount.mount_point} is an overlay; whether its changes are kept depends on the disk under it.",
    )


def disk_root(mount: Mount, facts: Facts) -> Verdict | None:
    """What speaks against an ordinary disk mounted on ``/``; ``None`` when it is a machine's own root."""
    if _LAYER_FOLDER.search(mount.root + "/") or _LAYER_DEVICE.search(mount.source):
        return _gone("files in the container's own layer go when it is removed or rebuilt")
    if _LIVE_DEVICE.match(mount.source):
        return _gone("a live system keeps changes in memory, unless its medium has a place for them: lost at reboot")
    if facts.nspawn or facts.lxc:
        if mount.root.rsplit("/", 1)[-1].startswith(".#"):
            return _gone("an ephemeral copy made for this container: removed when it stops (systemd-nspawn -x)")
        return None
    if facts.injected or facts.kubernetes or facts.sandbox:
        if mount.root not in ("", "/"):
            return Verdict(
                Durability.UNKNOWN,
                "the container's root is a plain folder of the host; who cleans it up is not known.",
            )
        return _gone("files in the container's own layer go when it is removed or rebuilt")
    if facts.claims_container:
        return Verdict(
            Durability.UNKNOWN,
            "a machine made from a container image: its provider decides how long the disk is kept.",
        )
    if _MICRO_VM_DISK.match(mount.source):
        return Verdict(
            Durability.UNKNOWN,
            f"the whole of {mount.source} is the root, as in small virtual machines that are made from an image: "
            "their provider decides how long they are kept.",
        )
    if mount.root not in ("", "/") and mount.fstype not in ("btrfs", "bcachefs") and "/ostree/" not in mount.root:
        return Verdict(Durability.UNKNOWN, "the root is a folder of a larger disk; who cleans it up is not known.")
    return None


def runtime_folder(root: str) -> bool:
    """Whether a mounted folder is a runtime's state for one container (``hosts``, secrets, sandbox files)."""
    return _RUNTIME_STATE.search(root) is not None


def inside_runtime_store(root: str) -> bool:
    """Whether a mounted folder lies in a runtime's own store, where everything belongs to some container or image."""
    return _STORE.search(root + "/") is not None


def _gone(why: str) -> Verdict:
    return Verdict(Durability.EPHEMERAL, f"{why}.")
