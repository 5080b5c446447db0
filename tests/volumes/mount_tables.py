"""Small mount tables for tests, written row by row."""

from __future__ import annotations

from jupyter_ckpt.volumes.table import covers, escape

UID = "0f3c9a52-6c1e-4d57-9a58-3f1f0d6f1a11"
HEX = "ab" * 32
DOCKER_UPPER = f"rw,lowerdir=/var/lib/docker/overlay2/l/XX,upperdir=/var/lib/docker/overlay2/{HEX}/diff,workdir=/w"
CONTAINERD_UPPER = (
    "rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs,"
    "upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/2/fs,workdir=/w"
)

Row = tuple[str, ...]


def row(
    point: str, fstype: str, source: str, root: str = "/", dev: str = "0:99", opts: str = "rw", sup: str = "rw"
) -> Row:
    return point, fstype, source, root, dev, opts, sup


def mountinfo(*rows: Row) -> str:
    """/proc/self/mountinfo with ids as the kernel would give them for these mounts in this order."""
    lines: list[str] = []
    placed: list[tuple[int, str]] = []
    for number, (point, fstype, source, root, dev, opts, sup) in enumerate(rows, start=20):
        below = [(len(p), i) for i, p in placed if covers(p, point)]
        parent = max(below)[1] if below else 1
        placed.append((number, point))
        fields = [escape(root), escape(point), opts, "-", fstype, escape(source), sup]
        lines.append(f"{number} {parent} {dev} {' '.join(fields)}")
    return "\n".join(lines) + "\n"


def mounts(*rows: Row) -> str:
    """The same as /proc/mounts, which shows neither ids nor root folders."""
    return "".join(
        f"{escape(source)} {escape(point)} {fstype} {opts if sup == 'rw' else opts + ',' + sup} 0 0\n"
        for point, fstype, source, _, _, opts, sup in rows
    )


def docker(*volumes: Row, dev: str = "8:1", disk: str = "/dev/sda1") -> tuple[Row, ...]:
    """A Docker container: overlay root, injected files from the host's disk, then the volumes."""
    state = f"/var/lib/docker/containers/{HEX}"
    return (
        row("/", "overlay", "overlay", dev="0:50", sup=DOCKER_UPPER),
        row("/proc", "proc", "proc", dev="0:51"),
        row("/dev", "tmpfs", "tmpfs", dev="0:52"),
        row("/dev/shm", "tmpfs", "shm", dev="0:53"),
        *(row(f"/etc/{name}", "ext4", disk, f"{state}/{name}", dev) for name in ("resolv.conf", "hostname", "hosts")),
        *volumes,
    )


def pod(
    *volumes: Row, kubelet: str = "/var/lib/kubelet", dev: str = "259:1", disk: str = "/dev/nvme0n1p1"
) -> tuple[Row, ...]:
    """A pod on containerd: the node's disk carries /etc/hosts and the termination log."""
    mine = f"{kubelet}/pods/{UID}"
    return (
        row("/", "overlay", "overlay", dev="0:50", sup=CONTAINERD_UPPER),
        row("/proc", "proc", "proc", dev="0:51"),
        row("/dev", "tmpfs", "tmpfs", dev="0:52"),
        row("/etc/hosts", "ext4", disk, f"{mine}/etc-hosts", dev),
        row("/dev/termination-log", "ext4", disk, f"{mine}/containers/notebook/1234abcd", dev),
        row("/etc/hostname", "ext4", disk, f"/var/lib/containerd/x/sandboxes/{HEX}/hostname", dev),
        row("/run/secrets/kubernetes.io/serviceaccount", "tmpfs", "tmpfs", dev="0:60", opts="ro"),
        *volumes,
    )


def machine(*rows: Row, fstype: str = "ext4", source: str = "/dev/sda2", root: str = "/") -> tuple[Row, ...]:
    """A computer or virtual machine with an ordinary root disk."""
    return (
        row("/", fstype, source, root, "8:2"),
        row("/proc", "proc", "proc", dev="0:20"),
        row("/dev", "devtmpfs", "udev", dev="0:5"),
        row("/dev/shm", "tmpfs", "tmpfs", dev="0:21"),
        row("/run", "tmpfs", "tmpfs", dev="0:22"),
        *rows,
    )
