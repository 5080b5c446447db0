"""Kubernetes: what the kubelet's folders and a pod's disks show.

The kubelet's own folder may be anywhere (``/data/kubelet``, ``/kubelet``, inside a Docker volume with kind), so rules
match ``/pods/<uid>/volumes/kubernetes.io~<plugin>`` wherever it begins.
"""

from __future__ import annotations

import re

from jupyter_ckpt.volumes.assessment import Durability, Verdict
from jupyter_ckpt.volumes.containers import HEX, POD, UUID, Facts
from jupyter_ckpt.volumes.table import Mount

_PLUGIN = re.compile(rf"{POD.pattern}volumes/kubernetes\.io~([a-z0-9-]+)/")
_SUBPATH = re.compile(rf"{POD.pattern}volume-subpaths/")
_IMAGE_VOLUME = re.compile(
    rf"io\.containerd\.(?:grpc\.v1\.cri|cri\.v1\.runtime)/containers/{HEX}/volumes/|/overlay-containers/{HEX}/(?:userdata/)?volumes/"
)
_CONFIGURATION = ("configmap", "secret", "projected", "downward-api", "git-repo")
# Provisioners that make a claim out of a folder on the node: local-path (k3s, kind), OpenEBS, MicroK8s, minikube.
_CLAIM_FOLDER = re.compile(rf"(?:^|[/_.-])pvc-{UUID}|/hostpath-provisioner/|/local-path-provisioner/")
_DRIVER_DEVICE = re.compile(
    r"/dev/(?:longhorn|rbd|pxd|topolvm|drbd|nbd)[/\d]|/dev/linstor|pvc-+[0-9a-f]{8}-+[0-9a-f]{4}-|/dev/mapper/(?:mpath|pvc)|csi-vol-|/dev/rbd\d"
)
_WHOLE_DISK = re.compile(
    r"/dev/(?:[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|loop\d+|zd\d+|scini[a-z]+|emcpower[a-z]+|mapper/(?:mpath\w+|3[0-9a-f]{16,32})|disk/by-id/[^/]*(?<!-part\d))$"
)
_NESTED_NODE = re.compile(rf"/volumes/{HEX}/_data/")


def kubelet(path: str, mount: Mount) -> Verdict | None:
    """What a folder below the kubelet's folder of one pod survives (kubernetes.io, Volumes).

    Inside the pod the mount's root folder shows it; on the node itself it is the path.
    """
    root = mount.root + "/"
    if POD.search(path + "/") and not POD.search(root + mount.mount_point + "/"):
        root = path + "/"
    plugin = _PLUGIN.search(root)
    if plugin is not None:
        name = plugin[1]
        if name == "empty-dir":
            return Verdict(
                Durability.SESSION,
                "an emptyDir survives a restart of the container and is deleted with the pod.",
            )
        if name in _CONFIGURATION:
            return Verdict(
                Durability.EPHEMERAL,
                f"configuration put in by Kubernetes ({name}), replaced whenever it changes.",
            )
        return Verdict(
            Durability.UNKNOWN, f"a {name} volume that the driver keeps in the pod's own folder on the node."
        )
    if _SUBPATH.search(root):
        return Verdict(Durability.UNKNOWN, "a sub-folder of a pod's volume; which kind of volume is not shown.")
    if _IMAGE_VOLUME.search(root):
        return Verdict(Durability.EPHEMERAL, "a volume of the image itself, removed with the container.")
    if POD.search(root):
        return Verdict(Durability.EPHEMERAL, "a file or folder of the pod itself, removed with it.")
    return None


def named_by_driver(mount: Mount) -> bool:
    """Whether a storage driver's own naming shows that the device is a volume (Longhorn, Ceph RBD, Portworx, ...)."""
    return _DRIVER_DEVICE.search(mount.source) is not None and mount.whole


def whole_disk(mount: Mount) -> bool:
    """Whether the device is a disk without partitions, as a volume is attached; a node's own disk has partitions."""
    return _WHOLE_DISK.match(mount.source) is not None or named_by_driver(mount)


def claim(path: str, mount: Mount, facts: Facts) -> Verdict:
    """A disk mounted into a pod, outside the kubelet's folder: a claim, a local volume or a hostPath.

    A claim has a device of its own; a hostPath lies on the node's disk, which also holds /etc/hosts.
    """
    if named_by_driver(mount):
        return Verdict(
            Durability.PERSISTENT, f"a persistent volume ({mount.source}), kept until its claim is deleted."
        )
    if _CLAIM_FOLDER.search(mount.root):
        if _NESTED_NODE.search(mount.root):
            return Verdict(
                Durability.UNKNOWN,
                "a claim on a node that is a container itself: gone when that cluster is deleted.",
            )
        return Verdict(
            Durability.PERSISTENT, "a persistent volume on this node's disk, kept until its claim is deleted."
        )
    if _system_folder(mount.root):
        return Verdict(Durability.UNKNOWN, "a system folder of the node (hostPath), which the node may clean up.")
    if not facts.injected_devices:
        # df shows one mount per disk, so that an emptyDir may hide /etc/hosts: partitions are the node's own disk
        if mount.root == "/" or (not mount.has_root and whole_disk(mount)):
            return Verdict(Durability.PERSISTENT, "a disk of its own in this pod, kept until its claim is deleted.")
        return Verdict(Durability.UNKNOWN, "a folder of a disk that may be the node's own.")
    if mount.device in facts.injected_devices:
        return Verdict(
            Durability.UNKNOWN,
            "a folder of the node's own disk (hostPath): it stays on that node and goes with it.",
        )
    return Verdict(Durability.PERSISTENT, "a disk of its own in this pod, kept until its claim is deleted.")


def _system_folder(root: str) -> bool:
    return re.match(r"/(?:tmp|var/(?:tmp|lib|log|run|cache)|run|etc|usr|proc|sys|opt/cni)(?:/|$)", root) is not None
