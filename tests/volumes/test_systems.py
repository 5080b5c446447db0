"""Desktops, virtual machines and image-based systems whose tables look like a container's and are not."""

from __future__ import annotations

import textwrap

import pytest
from mount_tables import UID, docker, machine, mountinfo, mounts, pod, row

from jupyter_ckpt.volumes import assess

P, S, E, U = "persistent", "session", "ephemeral", "unknown"
LXCFS = row("/proc/cpuinfo", "fuse.lxcfs", "lxcfs", "/proc/cpuinfo")

# recent WSL calls the source of its own shares "none", as gVisor does
WSL = (
    row("/", "ext4", "/dev/sdc", dev="8:32"),
    row("/mnt/wsl", "tmpfs", "none"),
    row("/usr/lib/wsl/drivers", "9p", "none", sup="ro,aname=drivers;fmask=222,trans=fd,rfd=8,wfd=8"),
    row("/usr/lib/wsl/lib", "overlay", "none", sup="rw,lowerdir=/gpu_lib,upperdir=/gpu_lib/rw/upper,workdir=/w"),
    row("/init", "rootfs", "rootfs", "/init", opts="ro"),
    row("/mnt/wslg", "tmpfs", "none"),
    row("/mnt/c", "9p", "C:\\", sup="rw,aname=drvfs;path=C:\\;uid=1000,trans=fd,rfd=5,wfd=5"),
    row("/mnt/wsl/PHYSICALDRIVE1", "ext4", "/dev/sde", dev="8:64"),
)
CHROMEOS = (
    row("/", "btrfs", "/dev/vdb", "/lxd/storage-pools/default/containers/penguin/rootfs", "0:50"),
    LXCFS,
    row("/mnt/chromeos", "9p", "9p", sup="rw,access=any,trans=fd,rfd=26,wfd=26"),
)
COMPOSEFS = (
    row("/", "overlay", "composefs", opts="ro", sup="ro,lowerdir+=/run/x,datadir+=/sysroot/objects,metacopy=on"),
    row("/var", "xfs", "/dev/vda4", "/ostree/deploy/fedora/var", "252:4"),
    row("/run", "tmpfs", "tmpfs"),
)


@pytest.mark.parametrize(
    ("table", "path", "expected"),
    [
        (WSL, "/home/u", P),
        (WSL, "/mnt/c/Users/u", P),
        (WSL, "/usr/lib/wsl/drivers", E),
        (WSL, "/usr/lib/wsl/lib", E),
        (WSL, "/mnt/wsl/x", E),
        (WSL, "/mnt/wsl/PHYSICALDRIVE1/x", U),
        (CHROMEOS, "/home/u", P),
        (CHROMEOS, "/mnt/chromeos/MyFiles/x", P),
        (COMPOSEFS, "/var/home/u", P),
        (COMPOSEFS, "/usr/x", E),
    ],
)
def test_not_a_container(table, path, expected):
    assert assess(path, mountinfo(*table)).durability.value == expected


def test_the_reason_names_the_image_not_a_container():
    found = assess("/opt", mountinfo(*COMPOSEFS))
    assert "read-only image" in found.reason
    assert found.platform is None


@pytest.mark.parametrize("form", [mountinfo, mounts])
@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (row("/w", "ext4", "/dev/nvme2n1", dev="259:7"), P),
        (row("/w", "xfs", f"/dev/mapper/lvmvg-pvc--{UID.replace('-', '--')}", dev="253:5"), P),
        (row("/w", "zfs", f"tank/pv/pvc-{UID}"), P),
        (row("/w", "btrfs", "/dev/vdd", dev="0:91"), P),
        (row("/w", "ceph", "csi@abc.cephfs=/volumes/csi/x"), P),
        (row("/w", "nfs4", "127.0.0.1:/"), P),
        (row("/w", "fuse.weed", "h:8888:/b"), P),
        (row("/w", "fuse", "some-bucket"), U),
        (row("/w", "tmpfs", "tmpfs"), E),
    ],
    ids=lambda value: f"{value[1]} {value[2]}" if isinstance(value, tuple) else None,
)
def test_claims_of_many_drivers(form, volume, expected):
    table = form(*pod(volume))
    assert assess("/w/x", table).durability.value == expected
    assert assess("/tmp", table).durability.value == E


def test_the_union_of_a_nas_is_its_disks():
    volume = row("/config", "fuse.shfs", "shfs", "/appdata/x", "0:45")
    assert assess("/config", mountinfo(*docker(volume))).durability.value == P


@pytest.mark.parametrize("form", [mountinfo, mounts])
def test_a_pasted_table_may_be_indented(form):
    table = form(*docker(row("/w", "tmpfs", "tmpfs"), row("/d", "nfs4", "s:/x"), row("/e", "tmpfs", "")))
    indented = textwrap.indent(table, "    ")
    for path in ("/w", "/d", "/x"):
        assert assess(path, indented).durability is assess(path, table).durability


def test_a_disk_of_the_machine_under_many_names():
    for source in ("/dev/mapper/home-u", "/dev/md127", "/dev/bcache0", "/dev/dm-3"):
        table = mountinfo(*machine(row("/home/u", "ext4", source, dev="253:4")))
        assert assess("/home/u/x", table).durability.value == P


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("/run/host_mark/Users", P),
        ("csi@0f3c9a52-6c1e-4d57-9a58-3f1f0d6f1a11.cephfs=/volumes/csi/x", P),
        ("tank/apps/notebooks", P),
        ("my-bucket", U),
        ("/dev/fuse", U),
    ],
)
def test_df_names_no_types(source, expected):
    """A caller that has only what df prints passes the type fuse for what it cannot tell."""
    assert assess("/w/x", mounts(*docker(row("/w", "fuse", source)))).durability.value == expected


def test_a_zfs_root_in_df_is_the_machines_own_unless_a_runtime_made_it():
    root = row("/", "fuse", "rpool/ROOT/ubuntu_abc")
    assert assess("/home/u", mounts(root)).durability.value == P
    assert assess("/home/u", mounts(root, *docker()[1:])).durability.value == E


@pytest.mark.parametrize(
    ("source", "expected"), [("/dev/vda", U), ("/dev/pmem0", U), ("/dev/vda1", P), ("/dev/sda2", P), ("/dev/dm-0", P)]
)
def test_a_root_without_partitions_may_be_a_vm_made_from_an_image(source, expected):
    assert assess("/home/u", mountinfo(*machine(source=source))).durability.value == expected


@pytest.mark.parametrize(("point", "expected"), [("/mnt", U), ("/mnt1", U), ("/mnt/2", U), ("/mnt/data", P)])
def test_where_clouds_mount_temporary_disks(point, expected):
    table = mountinfo(*machine(row(point, "xfs", "/dev/nvme1n1p2", dev="259:6")))
    assert assess(f"{point}/x", table).durability.value == expected


def test_a_live_system_on_a_device_mapper_snapshot():
    live = machine(row("/mnt/sysimage", "ext4", "/dev/sda2", dev="8:3"), source="/dev/mapper/live-rw")
    assert assess("/home/liveuser", mountinfo(*live)).durability.value == E
    assert assess("/mnt/sysimage/home", mountinfo(*live)).durability.value == P
