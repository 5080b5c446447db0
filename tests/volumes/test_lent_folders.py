"""Folders that a host lends and cleans up again, jobs, temporary disks: safe by their type, lost by their owner."""

from __future__ import annotations

import pytest
from mount_tables import HEX, UID, Row, docker, machine, mountinfo, mounts, pod, row

from jupyter_ckpt.volumes import assess

P, S, E, U = "persistent", "session", "ephemeral", "unknown"


def lent(root: str, point: str = "/w", dev: str = "8:1", disk: str = "/dev/sda1") -> tuple[Row, ...]:
    return docker(row(point, "ext4", disk, root, dev))


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (f"/opt/nomad/data/alloc/{UID}/task/local/data", S),
        (f"/var/lib/mesos/slaves/{UID}-S0/frameworks/{UID}-0000/executors/x/runs/{UID}", S),
        ("/var/lib/condor/execute/dir_4242", S),
        ("/var/lib/docker/volumes/ecs-train-3-scratch-a2b4d8f0c1e3d5a7b901/_data", S),
        ("/var/lib/docker/volumes/ecs-notes/_data", P),
        (f"/var/lib/docker/volumes/inner/_data/overlay2/{HEX}/diff", U),
        (f"/var/lib/docker/volumes/inner/_data/volumes/{HEX}/_data", S),
        ("/var/lib/docker/volumes/inner/_data/volumes/models/_data", P),
        ("/var/lib/sysbox/docker/0f3c9a526c1e", U),
        ("/var/tmp/x", U),
        ("/home/u/tmp/x", P),
        ("/srv/alloc/runs", P),
    ],
)
def test_what_the_owner_of_a_folder_does_with_it(root, expected):
    found = assess("/w/run", mountinfo(*lent(root)))
    assert found.durability.value == expected, found


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("/host/home/u", True),
        ("/host/tmp/x", False),
        ("/host/run/x", False),
        (f"/host/var/lib/docker/overlay2/{HEX}/merged/x", False),
        (f"/host/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~empty-dir/w/x", False),
    ],
)
def test_the_whole_root_of_the_host(path, safe):
    found = assess(path, mountinfo(*lent("/", "/host")))
    assert (found.durability.value == P) is safe, found


def test_a_folder_called_tmp_on_a_data_disk_is_the_users_own():
    table = mountinfo(*docker(row("/data", "xfs", "/dev/sdb1", "/", "8:17")))
    assert assess("/data/tmp/run", table).durability.value == P


@pytest.mark.parametrize(
    ("fstype", "source", "root"),
    [
        ("fakeowner", "/run/host_mark/private", "/var/folders/zz/T/x"),
        ("virtiofs", "virtiofs0", "/private/tmp/x"),
        ("9p", "C:\\", "/Users/u/AppData/Local/Temp/x"),
    ],
)
def test_temporary_folders_of_a_desktop(fstype, source, root):
    assert assess("/w", mountinfo(*docker(row("/w", fstype, source, root)))).durability.value == U


@pytest.mark.parametrize(
    ("point", "source"),
    [
        ("/opt/dlami/nvme", "/dev/mapper/vg.01-lv_ephemeral"),
        ("/mnt/disks/local-ssd-0", "/dev/nvme0n1"),
        ("/mnt/localssd0", "/dev/sdb"),
        ("/ephemeral", "/dev/vdb"),
        ("/mnt/instance-store", "/dev/md127"),
    ],
)
@pytest.mark.parametrize("form", [mountinfo, mounts])
def test_temporary_disks_by_name(point, source, form):
    found = assess(f"{point}/x", form(*machine(row(point, "ext4", source, dev="259:4"))))
    assert found.durability.value == E
    assert assess("/home/u", form(*machine(row(point, "ext4", source, dev="259:4")))).durability.value == P


JOBS = [
    ("pbs", {"PBS_JOBID": "1", "TMPDIR": "/local/pbs.1"}, "/local/pbs.1", E),
    ("lsf", {"LSB_JOBID": "1"}, "/local/x", {E, U}),
    ("condor", {"_CONDOR_SCRATCH_DIR": "/local/dir_1"}, "/local/dir_1/x", E),
    ("grid engine", {"SGE_TASK_ID": "undefined", "TMPDIR": "/local/1.q"}, "/local/1.q", E),
    ("slurm root", {"SLURM_JOB_ID": "1"}, "/var/x", U),
    ("no job", {}, "/local/x", P),
]


@pytest.mark.parametrize(("name", "env", "path", "expected"), JOBS, ids=[job[0] for job in JOBS])
def test_only_network_storage_outlives_a_job(name, env, path, expected):
    table = mountinfo(*machine(row("/local", "xfs", "/dev/nvme0n1", dev="259:1"), row("/home", "nfs4", "s:/home")))
    assert assess(path, table, env).durability.value in ({expected} if isinstance(expected, str) else expected)
    assert assess("/home/u", table, env).durability.value == P


@pytest.mark.parametrize(
    "burst",
    [
        row("/var/opt/cray/dws/mounts/batch/1_striped_scratch", "dvs", "/var/opt/cray/dws"),
        row("/mnt/bb/u", "xfs", "/dev/mapper/bb-bb_1", dev="253:3"),
        row("/mnt/beeond", "beegfs", "beegfs_ondemand"),
    ],
    ids=lambda burst: burst[0],
)
def test_burst_buffers(burst):
    assert assess(burst[0], mountinfo(*machine(burst))).durability.value == E


def test_the_local_disk_of_a_node_that_starts_over_the_network():
    node = machine(row("/nvme", "xfs", "/dev/nvme0n1", dev="259:1"), fstype="nfs", source="s:/images/node")
    assert assess("/nvme/u", mountinfo(*node)).durability.value == U


CI = [
    ("container job", docker(*lent("/home/r/work", "/__w")[7:], *lent("/home/r/ext", "/__e")[7:]), "/__w/r/r", {}),
    (
        "container action",
        docker(*lent("/home/r/work/r", "/github/workspace")[7:], *lent("/home/r/h", "/github/home")[7:]),
        "/github/workspace",
        {},
    ),
    (
        "gitlab",
        lent("/var/lib/docker/volumes/runner-x-cache-c33bcaa1/_data", "/builds"),
        "/builds",
        {"GITLAB_CI": "1"},
    ),
    ("self-hosted", machine(), "/home/r", {"GITHUB_ACTIONS": "true"}),
    ("aws batch", lent("/scratch"), "/w", {"AWS_BATCH_JOB_ID": "x"}),
    ("azure ml job", lent("/mnt/x", "/mnt/azureml/cr/j/1/exe/wd"), "/mnt/azureml/cr/j/1/exe/wd", {}),
    (
        "sagemaker job",
        docker(*lent("/m", "/opt/ml/model")[7:], *lent("/c", "/opt/ml/checkpoints")[7:]),
        "/opt/ml/checkpoints",
        {},
    ),
    ("studio", lent("/n", "/mnt/sagemaker-nvme"), "/mnt/sagemaker-nvme", {}),
    (
        "lambda",
        (
            row("/", "ext4", "/dev/root"),
            row("/var/task", "squashfs", "/dev/vdc"),
            row("/tmp", "ext4", "/dev/vdd", dev="254:48"),
        ),
        "/tmp",
        {},
    ),
    ("kaggle input", docker(row("/kaggle/input", "nfs4", "s:/d")), "/kaggle/input", {"KAGGLE_URL_BASE": "x"}),
    ("databricks", machine(row("/local_disk0", "ext4", "/dev/xvdb", dev="202:16")), "/local_disk0", {}),
    ("cut table of a pod", (row("/", "ext4", "/dev/vda"),), "/x", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}),
]


@pytest.mark.parametrize(("name", "table", "path", "env"), CI, ids=[case[0] for case in CI])
def test_never_safe(name, table, path, env):
    assert assess(path, mountinfo(*table), env).durability.value != P


@pytest.mark.parametrize(
    ("source", "expected"), [("/dev/sda1", U), ("/dev/nvme0n1p1", U), ("/dev/mapper/vg-root", U), ("/dev/nvme1n1", P)]
)
def test_a_pod_whose_injected_files_are_not_listed(source, expected):
    """df shows one mount per disk: an emptyDir then stands where /etc/hosts would."""
    pod_rows = [entry for entry in pod() if not entry[0].startswith(("/etc/", "/dev/termination"))]
    table = mounts(*pod_rows, row("/cache", "ext4", source))
    assert assess("/cache/x", table).durability.value == expected


def test_a_disk_in_a_table_without_a_root_may_be_anything():
    assert assess("/local/x", mounts(row("/local", "ext4", "/dev/vda1"))).durability.value == U


@pytest.mark.parametrize(
    "image",
    [
        row("/snap/core/1", "ext4", "/dev/loop3", dev="7:3"),
        row("/media/u/Ubuntu", "ext4", "/dev/sr0", dev="11:0"),
    ],
    ids=lambda image: image[0],
)
def test_images_that_df_shows_as_disks(image):
    assert assess(image[0], mounts(*machine(image))).durability.value == E


@pytest.mark.parametrize(
    "root",
    [
        row("/", "fuse", f"pool/{HEX}", dev="0:50"),
        row("/", "fuse.rafs", "rafs", dev="0:50"),
        row("/", "fuse.nydus-overlayfs", "overlay", dev="0:50"),
    ],
    ids=lambda root: root[1],
)
def test_a_container_root_of_any_kind_is_the_containers_own(root):
    assert assess("/x", mountinfo(root, *docker()[1:])).durability.value == E


@pytest.mark.parametrize(
    "source", ["/dev/drbd1000", "/dev/sdv", "/dev/scinia", "/dev/mapper/vg-pvc--0f3c9a52--6c1e-x"]
)
def test_an_excerpt_with_only_the_volume(source):
    assert assess("/home/u", mounts(row("/home/u", "ext4", source))).durability.value == P


def test_the_cloud_shells_own_disk_below_the_home_image():
    table = mounts(
        docker()[0],
        row("/home", "ext4", "/dev/sda1"),
        row("/home/u", "ext4", "/dev/loop0"),
        row("/x", "cifs", "//s/x"),
    )
    environ = {"ACC_CLOUD": "PROD"}
    found = [assess(path, table, environ).durability.value for path in ("/home/u", "/home/other", "/x")]
    assert found == [P, E, P]
