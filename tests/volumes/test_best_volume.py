"""The volume that a person would pick, among everything that platforms mount into a notebook's container."""

from __future__ import annotations

import pytest
from mount_tables import HEX, UID, Row, docker, machine, mountinfo, mounts, pod, row

from jupyter_ckpt.volumes import candidates
from jupyter_ckpt.volumes.probe import Probe

KUBE = f"/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~"
NODE, NODE_DEV = "/dev/nvme0n1p1", "259:1"


def on_node(point: str, root: str, opts: str = "rw") -> Row:
    return row(point, "ext4", NODE, root, NODE_DEV, opts)


CLUTTER = (
    on_node("/etc/jupyter/config", f"{KUBE}configmap/config", "ro"),
    row("/mnt/secrets-store", "tmpfs", "tmpfs", opts="ro"),
    on_node("/cache", f"{KUBE}empty-dir/cache"),
    on_node("/opt/shared", "/opt/shared"),
    row("/dev/shm", "tmpfs", "tmpfs"),
    on_node("/usr/bin/nvidia-smi", "/usr/bin/nvidia-smi", "ro"),
    on_node("/usr/lib/x86_64-linux-gnu/libcuda.so.550.54", "/usr/lib/libcuda.so.550.54", "ro"),
    on_node("/usr/local/nvidia", "/home/kubernetes/bin/nvidia"),
    on_node("/lib/firmware/nvidia/550.54", "/lib/firmware/nvidia/550.54", "ro"),
    row("/run/nvidia-persistenced/socket", "tmpfs", "tmpfs", "/nvidia-persistenced/socket"),
    row("/proc/driver/nvidia", "tmpfs", "tmpfs"),
    row("/datasets", "nfs4", "nas:/datasets", dev="0:71", opts="ro"),
    row("/data/models", "nfs4", "nas:/models", dev="0:72"),
    row("/input", "fuse.gcsfuse", "public-bucket", dev="0:73", opts="ro"),
)
CLAIM = row("/home/jovyan/work", "ext4", "/dev/nvme4n1", dev="259:9")
HOME = row("/home/jovyan", "ext4", "/dev/nvme5n1", dev="259:10")
PROJECT = row("/project", "ceph", "10.0.0.1:6789:/volumes/csi/p", dev="0:74")

CASES = [
    ("the claim below the home folder", pod(*CLUTTER, CLAIM), "/home/jovyan", "/home/jovyan", "/home/jovyan/work"),
    ("the claim from anywhere", pod(*CLUTTER, CLAIM), "/app", "/home/jovyan", "/home/jovyan/work"),
    ("the home folder itself", pod(*CLUTTER, HOME), "/home/jovyan", "/home/jovyan", "/home/jovyan"),
    ("a folder of the home volume", pod(HOME, *CLUTTER), "/home/jovyan/a", "/home/jovyan", "/home/jovyan/a"),
    ("the home of a notebook in the image", pod(*CLUTTER, PROJECT, HOME), "/opt/nb", "/home/jovyan", "/home/jovyan"),
    ("a project before shared models", pod(*CLUTTER, PROJECT), "/opt/nb", "/root", "/project"),
    ("where the notebook is", pod(*CLUTTER, HOME, PROJECT), "/project/nb", "/home/jovyan", "/project/nb"),
]


def roomy(folder: str) -> Probe:
    return Probe(folder, writable=True, rename=True, random_writes=True, free_bytes=100 << 30, total_bytes=200 << 30)


@pytest.mark.parametrize("probe", [None, roomy], ids=["on paper", "tried"])
@pytest.mark.parametrize("form", [mountinfo, mounts])
@pytest.mark.parametrize(("name", "table", "cwd", "home", "best"), CASES, ids=[case[0] for case in CASES])
def test_in_a_pod(form, name, table, cwd, home, best, probe):
    found = candidates(cwd=cwd, table=form(*table), environ={"HOME": home}, probe=probe)
    assert found[0].path == best
    assert found[0].assessment.durability.value == "persistent"
    paths = {candidate.assessment.mount_point for candidate in found}
    unfit = ("/etc", "/dev", "/proc", "/run", "/usr", "/lib", "/datasets", "/input", "/mnt/secrets-store")
    assert not [path for path in paths if path.startswith(unfit)]


def test_in_docker_the_bind_wins_over_anonymous_volumes_and_sockets():
    table = docker(
        row("/var/run/docker.sock", "tmpfs", "tmpfs", "/docker.sock"),
        row("/home/jovyan/.cache", "ext4", "/dev/sda1", f"/var/lib/docker/volumes/{HEX}/_data", "8:1"),
        row("/host", "ext4", "/dev/sda1", "/", "8:1"),
        row("/tmp", "ext4", "/dev/sda1", "/tmp", "8:1"),
        row("/home/jovyan/work", "ext4", "/dev/sda1", "/home/u/notebooks", "8:1"),
    )
    found = candidates(cwd="/home/jovyan", table=mountinfo(*table), environ={"HOME": "/home/jovyan"})
    assert found[0].path == "/home/jovyan/work"
    assert "/host" not in [candidate.path for candidate in found]


def test_without_any_volume_nothing_is_called_safe():
    table = pod(on_node("/cache", f"{KUBE}empty-dir/cache"), on_node("/opt/shared", "/opt/shared"))
    found = candidates(cwd="/home/jovyan", table=mountinfo(*table), environ={"HOME": "/home/jovyan"})
    assert all(candidate.assessment.durability.value != "persistent" for candidate in found)
    assert found[0].why.startswith("The best there is, but not safe")


def test_on_a_machine_the_users_home_wins_over_the_systems_own_disks():
    table = machine(
        row("/boot", "ext4", "/dev/sda1", dev="8:1"),
        row("/var/lib/libvirt/images", "xfs", "/dev/sdc1", dev="8:33"),
        row("/home", "ext4", "/dev/sda3", dev="8:3"),
        row("/media/u/stick", "exfat", "/dev/sdd1", dev="8:49"),
        row("/snap/core/1", "squashfs", "/dev/loop0", dev="7:0"),
    )
    found = candidates(cwd="/opt/app", table=mountinfo(*table), environ={"HOME": "/home/u"}, probe=roomy)
    assert found[0].path in ("/home/u", "/opt/app")
    points = [candidate.assessment.mount_point for candidate in found]
    assert "/var/lib/libvirt/images" not in points
    assert points.index("/media/u/stick") == len(points) - 1


def test_in_a_job_network_storage_wins_over_the_nodes_scratch_disk():
    table = machine(
        row("/local", "xfs", "/dev/nvme0n1", dev="259:1"),
        row("/lustre/scratch", "lustre", "10.0.0.1@o2ib:/fs", dev="0:70"),
        row("/home", "nfs4", "nas:/home", dev="0:71"),
    )
    environ = {"HOME": "/home/u", "SLURM_JOB_ID": "7", "TMPDIR": "/local/7"}
    found = candidates(cwd="/local/7", table=mountinfo(*table), environ=environ, probe=roomy)
    assert found[0].path == "/home/u"
    assert found[-1].assessment.durability.value == "ephemeral"


def test_a_winner_that_does_not_answer_says_so():
    table = docker(row("/nfs", "nfs4", "nas:/x", dev="0:70"))
    hung = Probe("/nfs", problem="gave no answer in 4 seconds")
    found = candidates(cwd="/x", table=mountinfo(*table), probe=lambda path: hung if path == "/nfs" else roomy(path))
    (nfs,) = [candidate for candidate in found if candidate.path == "/nfs"]
    assert "no answer" in nfs.why
