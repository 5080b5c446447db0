"""Rules that prove something about the mount itself: a deleted source, memory, an injected file.

They are asked before any platform, because no platform can promise what the mount rules out.
"""

from __future__ import annotations

import re

from jupyter_ckpt.volumes import pods
from jupyter_ckpt.volumes.assessment import Durability, Verdict
from jupyter_ckpt.volumes.case import Case, Rule
from jupyter_ckpt.volumes.fstypes import Family
from jupyter_ckpt.volumes.table import covers

EPHEMERAL, UNKNOWN = Durability.EPHEMERAL, Durability.UNKNOWN

_PSEUDO_TREES = ("/proc", "/sys", "/dev")
_SNAPS = ("/snap", "/var/lib/snapd/snap")
_RUN_TREES = ("/run", "/var/run")
_SINGLE_FILES = frozenset(
    (
        *(
            "/etc/hosts",
            "/etc/hostname",
            "/etc/resolv.conf",
            "/etc/passwd",
            "/etc/group",
            "/etc/shadow",
            "/etc/localtime",
        ),
        *("/etc/timezone", "/etc/machine-id", "/etc/mtab", "/etc/ld.so.preload", "/dev/termination-log"),
        *("/run/.containerenv", "/run/.toolboxenv", "/.dockerenv", "/init", "/sbin/docker-init"),
        *("/usr/sbin/docker-init", "/usr/bin/nvidia-smi", "/etc/nsswitch.conf", "/etc/fstab"),
    )
)
_FILE_NAME = re.compile(
    r"\.(?:ya?ml|json|jsonc|toml|ini|conf|cfg|cnf|sh|bash|zsh|py|js|ts|so|so\.[\d.]+|crt|cer|pem|key|sock|"
    r"txt|xml|properties|log|csv|sql|lua|rb|pl|php|html|css|md|ipynb|gz|zip|tar|tgz|whl|jar|pid|lock)$|"
    r"/\.(?:gitconfig|bashrc|bash_history|zshrc|profile|netrc|npmrc|pypirc|vimrc|git-credentials|viminfo)$|"
    r"\.sock\b"
)


# The temporary disks of rented machines, as clouds and their images name them: Azure's resource disk, the instance
# stores of AWS (also on its Deep Learning images and in SageMaker), the local SSDs of Google.
_TEMPORARY_DISK = re.compile(
    r"ephemeral|azure_resource|instance[-_]?stor(?:e|age)|(?:^|[/_-])local[-_]?(?:nvme[-_]?)?ssd|/dlami/nvme|"
    r"^/mnt/resource$|/sagemaker-nvme|/by-id/.*(?:InstanceStorage|Instance_Storage)",
    re.I,
)
_OPTICAL = re.compile(r"/dev/(?:sr\d+|scd\d+|cdrom|dvd)$")


def deleted_source(case: Case) -> Verdict | None:
    """A bind whose source was removed: the kernel appends ``//deleted`` to the root field."""
    if case.mount.deleted:
        return Verdict(
            EPHEMERAL,
            "the folder behind this mount was deleted on the host: what is written here can never be found again.",
        )
    return None


def no_storage(case: Case) -> Verdict | None:
    """Kernel interfaces, memory, desktop helpers, read-only images."""
    mount, path = case.mount, case.path
    if case.family is Family.MEMORY:
        return Verdict(
            EPHEMERAL,
            f"{mount.mount_point} is kept in memory ({mount.fstype}): lost when the machine or container stops.",
        )
    if mount.fstype == "autofs" and not any(covers(tree, path) for tree in _PSEUDO_TREES):
        return Verdict(
            UNKNOWN,
            f"{mount.mount_point} is mounted only when it is used (autofs): open it once and ask again.",
        )
    if case.family is Family.PSEUDO or any(covers(tree, path) for tree in _PSEUDO_TREES):
        return Verdict(EPHEMERAL, f"{mount.mount_point} is an interface of the system, not a place for files.")
    # df and findmnt show images as what is inside of them
    snap = mount.source.startswith("/dev/loop") and any(covers(tree, mount.mount_point) for tree in _SNAPS)
    if case.family is Family.IMAGE or snap or _OPTICAL.match(mount.source):
        return Verdict(
            EPHEMERAL,
            f"{mount.mount_point} is a read-only image ({mount.fstype}): nothing can be saved there.",
        )
    if any(covers(tree, mount.mount_point) for tree in _RUN_TREES):
        if "/media/" in mount.mount_point:
            return None  # /run/media/<user>/<label>: a removable disk
        if "/host" in mount.mount_point:
            return Verdict(
                UNKNOWN, f"{mount.mount_point} shows the host's own files; what becomes of them is not known."
            )
        return Verdict(EPHEMERAL, f"{mount.mount_point} belongs to the running system and is lost when it stops.")
    return None


def single_file(case: Case) -> Verdict | None:
    """A file bound over another one is no folder to save into, however real its disk is."""
    mount = case.mount
    # a machine's own disk may well be mounted on a folder with such a name
    lent = case.facts.container or case.facts.root is None or case.family is Family.HOST_SHARE
    named_like_a_file = lent and _FILE_NAME.search(mount.mount_point) is not None
    if named_like_a_file or mount.mount_point in _SINGLE_FILES or mount.root in _SINGLE_FILES:
        return Verdict(EPHEMERAL, f"{mount.mount_point} is a single file that was put in, not a folder.")
    return None


def wsl_own(case: Case) -> Verdict | None:
    """Folders in which WSL keeps its own things; /mnt/wsl is shared by the distributions, in memory."""
    mount = case.mount
    own = ("/usr/lib/wsl", "/usr/lib/modules", "/mnt/wslg", "/mnt/wsl", "/init")
    root = case.facts.root
    if case.facts.wsl and covers("/mnt/wsl", mount.mount_point) and case.family is Family.DISK and mount is not root:
        return Verdict(UNKNOWN, f"{mount.mount_point} is a disk that was attached to WSL for this session.")
    if case.facts.wsl and any(covers(tree, mount.mount_point) for tree in own):
        return Verdict(EPHEMERAL, f"{mount.mount_point} belongs to WSL itself and is lost when WSL stops.")
    return None


def temporary_disk(case: Case) -> Verdict | None:
    """A rented machine's own fast disk, which is another one after the next start.

    Azure's carries a warning file; the others are known by the names that clouds and their images give them.
    """
    mount = case.mount
    if case.family is not Family.DISK or case.on_root:
        return None
    warned = case.facts.exists(mount.mount_point.rstrip("/") + "/DATALOSS_WARNING_README.txt")
    if warned or _TEMPORARY_DISK.search(mount.source) or _TEMPORARY_DISK.search(mount.mount_point):
        return Verdict(
            EPHEMERAL, f"{mount.mount_point} is the machine's temporary disk: wiped when the machine stops."
        )
    return None


FIRST: tuple[Rule, ...] = (
    deleted_source,
    no_storage,
    single_file,
    wsl_own,
    lambda case: pods.kubelet(case.path, case.mount),
    temporary_disk,
)
"""Rules that prove something about the mount itself; asked before any platform."""
