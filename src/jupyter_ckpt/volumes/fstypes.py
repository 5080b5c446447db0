"""Families of file systems: what kind of thing is behind a mount, by its type and its source."""

from __future__ import annotations

import re
from enum import Enum

from jupyter_ckpt.volumes.table import Mount


class Family(Enum):
    """What is behind a mount."""

    MEMORY = "memory"
    PSEUDO = "pseudo"
    IMAGE = "image"
    LAYER = "layer"
    DISK = "disk"
    NETWORK = "network"
    HOST_SHARE = "host share"
    SANDBOX = "sandbox"
    UNKNOWN = "unknown"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MEMORY = _words("tmpfs ramfs devtmpfs rootfs hugetlbfs secretmem")
_PSEUDO = _words(
    "proc sysfs cgroup cgroup2 devpts mqueue debugfs tracefs securityfs pstore bpf configfs fusectl "
    "efivarfs selinuxfs smackfs binfmt_misc rpc_pipefs nfsd autofs nsfs sockfs pipefs binder binderfs "
    "openpromfs usbfs usbdevfs fuse.lxcfs fuse.gvfsd-fuse fuse.gvfs-fuse-daemon fuse.portal fuse.kio-fuse "
    "fuse.fwupd fuse.vmware-vmblock vmblock fuse.xrdp-chansrv dev none"
)
# An image is read-only by nature, whatever its options say.
_IMAGE = _words(
    "squashfs iso9660 erofs cramfs romfs udf cvmfs cvmfs2 fuse.cvmfs fuse.cvmfs2 fuse.squashfuse "
    "fuse.squashfuse_ll fuse.snapfuse fuse.archivemount composefs"
)
_LAYER = _words(
    "overlay overlayfs aufs unionfs fuse.fuse-overlayfs fuse-overlayfs fuse.unionfs shiftfs fuse.unionfs-fuse "
    "fuse.nydus-overlayfs"
)
_DISK = _words(
    "ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs reiser4 nilfs2 bcachefs ntfs ntfs3 vfat msdos fat "
    "exfat fuseblk hfs hfsplus apfs ufs zonefs jffs2 ubifs yaffs2 minix gfs2 ocfs2 vxfs fuse.ntfs-3g "
    "fuse.ntfs fuse.exfat fuse.ext2 fuse.zfs fuse.mergerfs fuse.shfs lxfs wslfs refs ecryptfs"
)
_NETWORK = _words(
    "nfs nfs3 nfs4 cifs smb smbfs smb2 smb3 ceph lustre lustre_lite gpfs mmfs beegfs fhgfs glusterfs "
    "orangefs pvfs2 afs openafs auristorfs coda ncpfs panfs cpfs wekafs dvs davfs webdav afpfs efs "
    "moosefs mfs quobyte sfs yrcloudfile vastnfs curvefs cubefs chubaofs"
)
_HOST_SHARE = _words(
    "drvfs fakeowner osxfs fuse.osxfs grpcfuse fuse.grpcfuse vboxsf vmhgfs fuse.vmhgfs-fuse prl_fs "
    "prl_fuse fuse.prl_fsd fuse.drvfs fuse.prl_fs"
)
# FUSE programs whose files are kept elsewhere; the name is the sub-type or, on a bare "fuse", the head of the source.
_POSIX_STORES = _words(
    "juicefs glusterfs ceph ceph-fuse mfs moosefs lizardfs saunafs seaweedfs weed alluxio alluxio-fuse quobyte "
    "sshfs hdfs fuse_dfs cpfs davfs davfs2 cubefs chubaofs curvefs beegfs beegfs_nodev weka wekafs smbnetfs 3fs "
    "hf3fs objectivefs cunofs s3ql gfarm gfarm2fs vastfs"
)
_OBJECT_STORES = _words(
    "gcsfuse rclone s3fs yas3fs goofys geesefs blobfuse blobfuse2 mountpoint-s3 mount-s3 ossfs ossfs2 "
    "cosfs obsfs tosfs bosfs oci-ocifs ocifs drive google-drive-ocamlfuse drivefs onedriver tigrisfs "
    "riofs s3backer cloudfuse databricks dbfs wsfs curlftpfs hf-mount"
)
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[\\/]?$|[A-Za-z]:\\")
_DOCKER_DESKTOP = re.compile(r"/(?:run/)?host_mark/|virtiofs\d+$")
_CEPH = re.compile(r"[\w.-]+@[0-9a-f-]{36}\.[\w.-]+=/")
_DATASET = re.compile(r"[A-Za-z][\w.-]*(?:/[\w.@+-]+)+$")  # zfs: pool/data/set
_SERVER = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[\w.@,:\-]+):/|//[\w.\-]+/|\\\\[\w.\-]+\\")


def sub_type(mount: Mount) -> str:
    """The name of a FUSE program: ``fuse.gcsfuse`` -> ``gcsfuse``; for a bare ``fuse`` the head of its source."""
    fstype = mount.fstype.lower()
    if fstype.startswith("fuse."):
        return fstype[5:]
    if fstype == "fuse":
        head = re.split("[:#@]", mount.source.lower(), maxsplit=1)[0]
        return re.sub(r"\d+$", "", head) if head.rstrip("0123456789") in ("cpfs",) else head
    return ""


def family(mount: Mount) -> Family:
    """The family of a mount; :attr:`Family.UNKNOWN` when type and source name nothing that is known."""
    fstype = mount.fstype.lower()
    for known, result in (
        (_MEMORY, Family.MEMORY),
        (_PSEUDO, Family.PSEUDO),
        (_IMAGE, Family.IMAGE),
        (_LAYER, Family.LAYER),
        (_NETWORK, Family.NETWORK),
        (_HOST_SHARE, Family.HOST_SHARE),
    ):
        if fstype in known:
            return result
    if fstype in _DISK:
        # compressed swap-like memory disks carry ordinary file systems
        return Family.MEMORY if re.match(r"/dev/(zram|ram)\d", mount.source) else Family.DISK
    if fstype in ("9p", "virtiofs"):
        return _shared_by_a_host(mount)
    if fstype == "fuse" or fstype.startswith("fuse."):
        return _fuse(mount)
    return Family.UNKNOWN


def _fuse(mount: Mount) -> Family:
    name = sub_type(mount)
    if name in _POSIX_STORES or name in _OBJECT_STORES:
        return Family.NETWORK
    if name in ("osxfs", "grpcfuse", "drvfs") or _WINDOWS_DRIVE.match(mount.source):
        return Family.HOST_SHARE
    return _by_source(mount) if mount.fstype == "fuse" and not mount.has_root else Family.UNKNOWN


def _by_source(mount: Mount) -> Family:
    """The family of what df lists, whose rows name no type: the source is all there is to go by."""
    if _DOCKER_DESKTOP.match(mount.source):
        return Family.HOST_SHARE
    if is_remote_source(mount.source) or _CEPH.match(mount.source):
        return Family.NETWORK
    return Family.DISK if _DATASET.match(mount.source) else Family.UNKNOWN


def _shared_by_a_host(mount: Mount) -> Family:
    """9p and virtiofs carry a host's folder into a VM (WSL, Lima, a cloud's share) or a sandbox's own root."""
    words = f"{mount.source} {mount.super_options} {mount.options}"
    if "drvfs" in words or _WINDOWS_DRIVE.match(mount.source):
        return Family.HOST_SHARE
    if "kataShared" in words or mount.source in ("", "none"):
        return Family.SANDBOX  # Kata and gVisor hide what is behind
    # gVisor names its descriptors rfdno and wfdno; Linux (WSL, ChromeOS) says rfd and wfd
    linux = mount.has_option("rfd") or mount.has_option("wfd")
    if mount.has_option("directfs") or (mount.option("trans") in ("fd", "unix") and not linux):
        return Family.SANDBOX
    return Family.HOST_SHARE


def is_object_store(mount: Mount) -> bool:
    """Whether it is object storage behind FUSE: no rename (or copy and delete), no random writes, no real size."""
    name = sub_type(mount)
    return name in _OBJECT_STORES


def size_is_real(mount: Mount) -> bool:
    """Whether statvfs can be believed: quotas of these are not in the figures they report.

    Known liars: object stores, JuiceFS (1 PiB), EFS and Lambda's shares (8 EiB), Google Drive, and MooseFS, which
    reports the whole cluster (RunPod).
    """
    if is_object_store(mount):
        return False
    name = sub_type(mount)
    if name in ("juicefs", "mfs", "moosefs", "lizardfs", "saunafs", "seaweedfs", "alluxio", "alluxio-fuse"):
        return False
    if mount.fstype in ("mfs", "moosefs", "virtiofs", "efs"):
        return False
    if mount.fstype.startswith("nfs"):
        return not (mount.source.startswith("127.0.0.1:") or ".efs." in mount.source or "fs-" in mount.source[:3])
    return family(mount) is not Family.UNKNOWN


def is_remote_source(source: str) -> bool:
    """Whether a source is written as ``server:/export`` or ``//server/share``."""
    return _SERVER.match(source) is not None
