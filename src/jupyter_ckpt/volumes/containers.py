"""Is this a container, and which kind?  Several pieces of evidence, because each one lies somewhere.

``/.dockerenv`` is found in virtual machines made from Docker images and missing in containerd pods;
``/proc/1/cgroup`` says ``0::/`` everywhere since cgroup v2; overlay roots are also live CDs.  What a runtime
cannot do without is injecting ``/etc/hosts`` and its sisters as mounts of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from jupyter_ckpt.volumes.fstypes import Family, family
from jupyter_ckpt.volumes.table import Mount
from jupyter_ckpt.volumes.walk import root_mount

HEX = r"[0-9a-f]{64}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
POD = re.compile(rf"/pods/(?:{UUID}|[0-9a-f]{{32}})/")
"""The kubelet's folder of one pod; its root folder may be anywhere, static pods have ids without dashes."""

_INJECTED = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
_SERVICE_ACCOUNT = (
    "/run/secrets/kubernetes.io/serviceaccount",
    "/var/run/secrets/kubernetes.io/serviceaccount",
)
_KUBERNETES_ROOT = re.compile(rf"/sandboxes/{HEX}/|{POD.pattern}")
_PODMAN_ROOT = re.compile(r"/userdata/(?:hosts|hostname|resolv\.conf|\.containerenv)$")
_LXC_ROOT = re.compile(
    r"/(?:lxc|lxd|incus)/(?:[^/]+/)*?rootfs(?:/|$)|/containers/[^/]+/rootfs(?:/|$)|/subvol-\d+-disk-\d+"
)
_LXC_SOURCE = re.compile(r"subvol-\d+-disk-\d+|/vm--\d+--disk--\d+$|(?:lxd|incus)/containers/[\w.-]+$")


class Facts:
    """What a table, an environment and marker files say together.

    Parameters
    ----------
    mounts
        The parsed table.
    environ
        Environment variables.
    exists
        Answers whether a marker file exists; an error counts as no.
    """

    def __init__(self, mounts: Sequence[Mount], environ: Mapping[str, str], exists: Callable[[str], bool]) -> None:
        self.mounts = mounts
        self.environ = environ
        self._exists = exists
        self._known: dict[str, bool] = {}
        self.points = {mount.mount_point for mount in mounts}
        self.root = root_mount(mounts)

    def exists(self, path: str) -> bool:
        """Whether a marker file exists."""
        if path not in self._known:
            try:
                self._known[path] = bool(self._exists(path))
            except (OSError, ValueError):
                self._known[path] = False
        return self._known[path]

    @cached_property
    def injected_devices(self) -> frozenset[str]:
        """Devices that hold the files injected into this container: the disk of the runtime or the node."""
        return frozenset(
            mount.device
            for mount in self.mounts
            if mount.mount_point in (*_INJECTED, "/dev/termination-log") and family(mount) is Family.DISK
        )

    @cached_property
    def injected(self) -> bool:
        """Whether a container runtime has put files of its own over the image's."""
        points = [point for point in _INJECTED if point in self.points]
        return len(points) >= 2 or "/dev/termination-log" in self.points or "/run/.containerenv" in self.points

    @cached_property
    def kubernetes(self) -> bool:
        """Whether this is a pod."""
        if any(point in self.points for point in ("/dev/termination-log", *_SERVICE_ACCOUNT)):
            return True
        if any(_KUBERNETES_ROOT.search(mount.root) for mount in self.mounts if not _of_others(mount)):
            return True
        inside = self.injected or self.layered_root
        return inside and any(name in self.environ for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_PORT"))

    @cached_property
    def layered_root(self) -> bool:
        """Whether ``/`` is a union of layers; an image-based system's (composefs) is not a container's."""
        return self.root is not None and family(self.root) is Family.LAYER and self.root.source != "composefs"

    @cached_property
    def nspawn(self) -> bool:
        """Whether this is a systemd-nspawn container."""
        return (
            self.environ.get("container") == "systemd-nspawn"
            or "/run/systemd/nspawn/incoming" in self.points
            or {"/run/host/incoming", "/run/host/os-release"} <= self.points
        )

    @cached_property
    def lxc(self) -> bool:
        """Whether this is a system container of LXC, LXD, Incus or Proxmox: it lives like a machine."""
        if self.injected or self.kubernetes:
            return False  # lxcfs is also put into pods
        if self.environ.get("container", "").startswith("lxc") or self.exists("/dev/lxd/sock"):
            return True
        if any(mount.fstype == "fuse.lxcfs" and mount.mount_point.startswith("/proc/") for mount in self.mounts):
            return True
        root = self.root
        return root is not None and bool(_LXC_ROOT.search(root.root) or _LXC_SOURCE.search(root.source))

    @cached_property
    def apptainer(self) -> bool:
        """Whether this is Apptainer or Singularity: the user's own folders are bound in from the host."""
        names = ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER", "APPTAINER_NAME", "SINGULARITY_NAME")
        return any(name in self.environ for name in names) or self.exists("/.singularity.d")

    @cached_property
    def sandbox(self) -> bool:
        """Whether this runs in gVisor or Kata, which hide what is behind a mount (WSL's own shares look the same)."""
        return not self.wsl and any(family(mount) is Family.SANDBOX for mount in self.mounts)

    @cached_property
    def claims_container(self) -> bool:
        """Whether marker files or variables say container; images carry them into virtual machines too."""
        return (
            self.exists("/.dockerenv")
            or self.exists("/run/.containerenv")
            or self.environ.get("container", "") in ("docker", "podman", "oci", "containerd")
            or "KUBERNETES_SERVICE_HOST" in self.environ
        )

    @cached_property
    def container(self) -> bool:
        """Whether mounts come from a container's runtime (and not from this machine's own fstab)."""
        return self.injected or self.kubernetes or self.layered_root or self.nspawn or self.lxc or self.sandbox

    @cached_property
    def wsl(self) -> bool:
        """Whether this is a distribution in the Windows Subsystem for Linux (not a container in it)."""
        marks = ("/usr/lib/wsl/drivers", "/usr/lib/wsl/lib", "/mnt/wslg", "/mnt/wsl")
        return "WSL_DISTRO_NAME" in self.environ or any(point in self.points for point in marks)

    @cached_property
    def network_storage(self) -> bool:
        """Whether any network file system is mounted: then local disks are rarely where data is meant to stay."""
        return any(family(mount) is Family.NETWORK for mount in self.mounts)

    @cached_property
    def kind(self) -> str | None:
        """The kind of container or machine in a word that users know, or ``None``."""
        root = self.root.root if self.root else ""
        upper = (self.root.option("upperdir") or "") if self.root else ""
        injected = [mount.root for mount in self.mounts if mount.mount_point in (*_INJECTED, "/run/.containerenv")]
        if self.kubernetes:
            return "Kubernetes"
        if self.apptainer:
            return "Apptainer"
        if self.nspawn:
            return "systemd-nspawn"
        if self.lxc:
            return "LXC"
        if not self.injected and not self.layered_root:
            return "WSL" if self.wsl else None
        if self.exists("/run/.containerenv") or "/containers/storage/" in upper + root:
            return "Podman"
        if any(_PODMAN_ROOT.search(folder) for folder in injected):
            return "Podman"
        if "docker" in upper or any("/containers/" in folder for folder in injected) or self.exists("/.dockerenv"):
            return "Docker"
        return "container" if self.injected else None


def _of_others(mount: Mount) -> bool:
    """Mounts that a node or an agent sees of other pods, not its own."""
    return mount.mount_point.startswith(("/host/", "/rootfs/", "/var/lib/", "/run/", "/proc/"))
