# ruff: noqa: E501 - one environment a line reads better than a page each
"""Environments that are not in the captures, as small tables: what must be said of them, and what never."""

from __future__ import annotations

import pytest
from mount_tables import HEX, UID, Row, docker, machine, mountinfo, mounts, pod, row

from jupyter_ckpt.volumes import assess

P, S, E, U = "persistent", "session", "ephemeral", "unknown"
PVC = f"pvc-{UID}"
KUBE = f"/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~"


def overlay(upper: str, lower: str = "/lower", source: str = "overlay", dev: str = "0:50") -> Row:
    return row("/", "overlay", source, dev=dev, sup=f"rw,lowerdir={lower},upperdir={upper},workdir=/w")


# fmt: off
CASES = [
    # --- Docker and its relatives
    ("docker bind", docker(row("/w", "ext4", "/dev/sda1", "/home/u/p", "8:1")), "/w/x", P),
    ("docker root", docker(), "/home/u", E),
    ("docker volume", docker(row("/w", "ext4", "/dev/sda1", "/var/lib/docker/volumes/v/_data", "8:1")), "/w", P),
    ("snap docker", docker(row("/w", "ext4", "/dev/sda1", "/var/snap/docker/common/var-lib-docker/volumes/v/_data", "8:1")), "/w", P),
    ("volume sub-path", docker(row("/w", "ext4", "/dev/sda1", "/docker/volumes/v/_data/sub", "8:1")), "/w", P),
    ("anonymous", docker(row("/w", "ext4", "/dev/sda1", f"/docker/volumes/{HEX}/_data", "8:1")), "/w", S),
    ("nerdctl", docker(row("/w", "ext4", "/dev/sda1", "/var/lib/nerdctl/1935db59/volumes/default/v/_data", "8:1")), "/w", P),
    ("nerdctl anonymous", docker(row("/w", "ext4", "/dev/sda1", f"/var/lib/nerdctl/1935db59/volumes/default/{HEX}/_data", "8:1")), "/w", S),
    ("docker in docker volume", docker(row("/w", "ext4", "/dev/sda1", f"/docker/volumes/{HEX}/_data/volumes/v/_data", "8:1")), "/w", S),
    ("rootless docker", docker(row("/w", "ext4", "/dev/sda1", "/home/u/.local/share/docker/volumes/v/_data", "8:1")), "/w", P),
    ("volume on a bind of the store", docker(row("/w", "ext4", "/dev/sda1", f"/var/lib/docker/overlay2/{HEX}/diff", "8:1")), "/w", U),
    ("bind of host /tmp on disk", docker(row("/w", "ext4", "/dev/sda1", "/tmp", "8:1")), "/w", U),
    ("tmpfs volume", docker(row("/w", "tmpfs", "tmpfs")), "/w", E),
    ("deleted bind", docker(row("/w", "ext4", "/dev/sda1", "/home/u/p//deleted", "8:1")), "/w", E),
    ("dotfile on a shared folder, cut table", mounts(row("/home/u/.gitconfig", "fakeowner", "/run/host_mark/Users")), "/home/u/.gitconfig", E),
    ("nvidia file", docker(row("/usr/bin/nvidia-smi", "ext4", "/dev/sda1", "/usr/bin/nvidia-smi", "8:1")), "/usr/bin/nvidia-smi", E),
    ("nvidia lib", docker(row("/usr/lib/x86_64-linux-gnu/libcuda.so.550.54", "ext4", "/dev/sda1", "/usr/lib/libcuda.so.550.54", "8:1")), "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54", E),
    ("docker desktop mac", docker(row("/w", "fakeowner", "/run/host_mark/Users", "/u/p")), "/w", P),
    ("docker desktop virtiofs", docker(row("/w", "virtiofs", "virtiofs0", "/Users/u/p")), "/w", P),
    ("docker desktop windows", docker(row("/w", "9p", "C:\\", "/Users/u", sup="rw,aname=drvfs;path=C:\\;uid=0,trans=fd")), "/w", P),
    ("lima home", docker(row("/Users/u", "9p", "mount0", sup="rw,trans=virtio")), "/Users/u", P),
    ("btrfs driver root", (row("/", "btrfs", "/dev/sda2", f"/@/var/lib/docker/btrfs/subvolumes/{HEX}", "0:30"), *docker()[1:]), "/x", E),
    ("podman btrfs root", (row("/", "btrfs", "/dev/sda2", f"/home/u/.local/share/containers/storage/btrfs/subvolumes/{HEX}", "0:30"), *docker()[1:]), "/x", E),
    ("zfs driver root", (row("/", "zfs", f"rpool/docker/{HEX}", dev="0:30"), *docker()[1:]), "/x", E),
    ("devicemapper root", (row("/", "xfs", f"/dev/mapper/docker-8:1-1234-{HEX}", dev="253:3"), *docker()[1:]), "/x", E),
    ("containerd devmapper", (row("/", "ext4", "/dev/mapper/contd-thin-pool-snap-17", dev="253:3"), *docker()[1:]), "/x", E),
    ("containerd native", (row("/", "ext4", "/dev/sda1", "/var/lib/containerd/io.containerd.snapshotter.v1.native/snapshots/12", "8:1"), *docker()[1:]), "/x", E),
    ("podman volume", docker(row("/w", "ext4", "/dev/sda1", "/home/u/.local/share/containers/storage/volumes/v/_data", "8:1")), "/w", P),
    ("podman :O", docker(row("/w", "overlay", "overlay", dev="0:77", sup=f"rw,lowerdir=/home/u/p,upperdir=/var/lib/containers/storage/overlay-containers/{HEX}/userdata/overlay/1/upper,workdir=/w")), "/w", E),
    ("buildkit", (overlay("/var/lib/buildkit/runc-overlayfs/snapshots/snapshots/9/fs"),), "/x", E),
    ("docker image store", (overlay("/var/lib/docker/rootfs/overlayfs/x/fs"), *docker()[1:]), "/x", E),
    ("distrobox home", docker(row("/home/u", "btrfs", "/dev/sda3", "/home/u", "0:33")), "/home/u/p", P),
    ("docker, /proc/mounts, same disk", mounts(*docker(row("/w", "ext4", "/dev/sda1"))), "/w", U),
    ("docker, /proc/mounts, no hosts", mounts(docker()[0], row("/w", "ext4", "/dev/sdb1")), "/w", U),
    ("docker, cut table without /", mountinfo(*docker()[1:]), "/x", E),
    ("gVisor root", mounts(row("/", "9p", "none", sup="trans=fd,rfdno=4,wfdno=4,aname=/,directfs")), "/x", E),
    ("gVisor volume", mounts(row("/", "9p", "none", sup="trans=fd,aname=/,directfs"), row("/w", "9p", "none", sup="trans=fd,aname=/,directfs")), "/w", U),
    ("kata volume", mountinfo(overlay("/y"), row("/w", "virtiofs", "kataShared", "/x")), "/w", U),
    ("kata root", mountinfo(row("/", "virtiofs", "kataShared", "/x/rootfs")), "/w", E),
    # --- Kubernetes
    ("pod root", pod(), "/home/jovyan", E),
    ("emptyDir", pod(row("/w", "ext4", "/dev/nvme0n1p1", f"{KUBE}empty-dir/w", "259:1")), "/w/x", S),
    ("emptyDir, k0s", pod(row("/w", "ext4", "/dev/sda1", f"/var/lib/k0s/kubelet/pods/{UID}/volumes/kubernetes.io~empty-dir/w", "8:1"), kubelet="/var/lib/k0s/kubelet"), "/w", S),
    ("emptyDir, rke", pod(row("/w", "xfs", "/dev/sdb", f"/opt/rke/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~empty-dir/w", "8:16")), "/w", S),
    ("emptyDir in memory", pod(row("/w", "tmpfs", "tmpfs")), "/w", E),
    ("emptyDir on overlay node", pod(row("/w", "overlay", "overlay", f"{KUBE}empty-dir/w", "0:40", sup="rw,lowerdir=/l,upperdir=/u,workdir=/w")), "/w", S),
    ("configMap", pod(row("/c", "ext4", "/dev/nvme0n1p1", f"{KUBE}configmap/c", "259:1", "ro")), "/c", E),
    ("projected", pod(row("/c", "ext4", "/dev/nvme0n1p1", f"{KUBE}projected/c", "259:1", "ro")), "/c", E),
    ("hostPath", pod(row("/w", "ext4", "/dev/nvme0n1p1", "/opt/shared", "259:1")), "/w", U),
    ("hostPath /var/lib elsewhere", pod(row("/w", "ext4", "/dev/nvme1n1p2", "/var/lib/x", "259:9")), "/w", U),
    ("volume-subpaths", pod(row("/w", "ext4", "/dev/nvme0n1p1", f"/var/lib/kubelet/pods/{UID}/volume-subpaths/v/nb/0", "259:1")), "/w", U),
    ("secrets-store csi", pod(row("/w", "ext4", "/dev/nvme0n1p1", f"{KUBE}csi/s/mount", "259:1")), "/w", U),
    ("image VOLUME", pod(row("/w", "ext4", "/dev/nvme0n1p1", f"/var/lib/containerd/io.containerd.grpc.v1.cri/containers/{HEX}/volumes/{HEX}", "259:1")), "/w", E),
    ("EBS", pod(row("/w", "ext4", "/dev/nvme1n1", dev="259:4")), "/w", P),
    ("azure disk", pod(row("/w", "ext4", "/dev/sdc", dev="8:32")), "/w", P),
    ("PD with subPath", pod(row("/w", "ext4", "/dev/sdb", "/user-1", "8:16")), "/w", P),
    ("longhorn", pod(row("/w", "ext4", f"/dev/longhorn/{PVC}", dev="8:48")), "/w", P),
    ("rook rbd", pod(row("/w", "ext4", "/dev/rbd0", dev="251:0")), "/w", P),
    ("portworx", pod(row("/w", "ext4", "/dev/pxd/pxd123456", dev="252:5")), "/w", P),
    ("zfs localpv", pod(row("/w", "zfs", f"zfspv-pool/{PVC}", dev="0:66")), "/w", P),
    ("k3s local-path", pod(row("/w", "ext4", "/dev/nvme0n1p1", f"/var/lib/rancher/k3s/storage/{PVC}_ns_claim", "259:1")), "/w", P),
    ("openebs hostpath", pod(row("/w", "ext4", "/dev/nvme0n1p1", f"/var/openebs/local/{PVC}", "259:1")), "/w", P),
    ("kind local-path", pod(row("/w", "ext4", "/dev/vda1", f"/docker/volumes/{HEX}/_data/local-path-provisioner/{PVC}_d_c", "254:1")), "/w", {U, S}),
    ("kind emptyDir", pod(row("/w", "ext4", "/dev/vda1", f"/docker/volumes/{HEX}/_data/lib/kubelet/pods/{UID}/volumes/kubernetes.io~empty-dir/w", "254:1")), "/w", S),
    ("EFS csi", pod(row("/w", "nfs4", "127.0.0.1:/", sup="rw,vers=4.1")), "/w", P),
    ("azure files", pod(row("/w", "cifs", "//a.file.core.windows.net/s")), "/w", P),
    ("gcsfuse csi", pod(row("/w", "fuse.gcsfuse", "bucket")), "/w", P),
    ("cephfs", pod(row("/w", "ceph", "10.0.0.1:6789,10.0.0.2:6789:/volumes/csi/x")), "/w", P),
    ("crio", (overlay("/var/lib/containers/storage/overlay/x/diff"), *pod()[1:]), "/x", E),
    ("agent sees others' pods", machine(row(f"/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~projected/t", "tmpfs", "tmpfs")), "/home/u", P),
    ("second mount of the thin device", mounts(row("/", "ext4", "/dev/mapper/x"), *docker()[4:], row("/graph", "ext4", "/dev/mapper/x")), "/graph", E),
    ("anonymous volume on gluster", docker(row("/w", "fuse.glusterfs", "g:/v", f"/docker/volumes/{HEX}/_data")), "/w", S),
    ("buildkit cache", docker(row("/root/.cache", "ext4", "/dev/sda1", "/var/lib/buildkit/runc-overlayfs/snapshots/snapshots/3/fs", "8:1")), "/root/.cache", U),
    ("emptyDir seen on the node", machine(), f"{KUBE}empty-dir/w/x", S),
    ("claim seen on the node", machine(row(f"{KUBE}csi/{PVC}/mount", "ext4", "/dev/sdb", dev="8:16")), f"{KUBE}csi/{PVC}/mount/x", P),
    # --- machines
    ("laptop btrfs", machine(row("/home", "btrfs", "/dev/dm-0", "/@home", "0:30"), fstype="btrfs", root="/@"), "/home/u", P),
    ("luks lvm", machine(row("/home", "ext4", "/dev/mapper/vg-home", dev="253:1")), "/home/u", P),
    ("zfs on root", machine(row("/home/u", "zfs", "rpool/USERDATA/u", dev="0:30"), fstype="zfs", source="rpool/ROOT/ubuntu"), "/home/u", P),
    ("ostree", machine(row("/var", "xfs", "/dev/vda4", "/ostree/deploy/fedora/var", "252:4"), fstype="xfs", root="/ostree/deploy/fedora/deploy/abc.0"), "/var/home/u", P),
    ("zram /tmp", machine(row("/fast", "ext4", "/dev/zram1", dev="252:1")), "/fast", E),
    ("/tmp on the disk", machine(), "/tmp/x", U),
    ("removable", machine(row("/run/media/u/stick", "exfat", "/dev/sdb1", dev="8:17")), "/run/media/u/stick", P),
    ("snap", machine(row("/snap/core/1", "squashfs", "/dev/loop3", dev="7:3")), "/snap/core/1", E),
    ("cloud temporary disk", machine(row("/mnt", "ext4", "/dev/sdb1", dev="8:17")), "/mnt", U),
    ("azure resource disk", machine(row("/mnt/resource", "ext4", "/dev/sdb1", dev="8:17")), "/mnt/resource", E),
    ("aws instance store", machine(row("/media/ephemeral0", "ext4", "/dev/nvme1n1", dev="259:3")), "/media/ephemeral0", E),
    ("dracut live", (overlay("/run/overlayfs", "/run/rootfsbase", "LiveOS_rootfs"), *machine()[1:]), "/home/u", E),
    ("arch live", (overlay("/run/archiso/cowspace/x/upperdir", "/run/archiso/airootfs", "airootfs"), *machine()[1:]), "/root", E),
    ("overlayroot in memory", (overlay("/media/root-rw/overlay", "/media/root-ro", "overlayroot"), *machine()[1:], row("/media/root-rw", "tmpfs", "tmpfs-root")), "/home", E),
    ("overlayroot", (overlay("/media/root-rw/overlay", "/media/root-ro", "overlayroot"), *machine()[1:], row("/media/root-rw", "ext4", "/dev/sdb1", dev="8:17")), "/home", U),
    ("openwrt", (overlay("/overlay/upper", "/", "overlayfs:/overlay"), *machine()[1:]), "/root", U),
    ("nfs root", machine(fstype="nfs4", source="10.0.0.1:/nodes/n1"), "/home", U),
    ("node scratch beside lustre", machine(row("/lustre", "lustre", "10.0.0.1@o2ib:/fs"), row("/scratch", "ext4", "/dev/sdb1", dev="8:17")), "/scratch/u", U),
    ("beegfs", machine(row("/mnt/beegfs", "beegfs", "beegfs_nodev")), "/mnt/beegfs/u", P),
    ("beeond", machine(row("/mnt/beeond", "beegfs", "beegfs_ondemand")), "/mnt/beeond", E),
    ("weka", machine(row("/weka", "wekafs", "10.0.0.1/fs")), "/weka", P),
    ("sshfs", machine(row("/remote", "fuse.sshfs", "u@h:/data")), "/remote", P),
    ("goofys", machine(row("/b", "fuse", "bucket")), "/b", U),
    ("encfs", machine(row("/c", "fuse.encfs", "encfs")), "/c", U),
    ("gvfs", machine(row("/home/u/.gvfs", "fuse.gvfsd-fuse", "gvfsd-fuse")), "/home/u/.gvfs/x", E),
    ("autofs trigger", machine(row("/net", "autofs", "auto.net")), "/net/x", U),
    ("proxmox lxc", (row("/", "zfs", "rpool/data/subvol-101-disk-0", dev="0:50"), row("/proc/cpuinfo", "fuse.lxcfs", "lxcfs", "/proc/cpuinfo")), "/root", P),
    ("lxc dir", (row("/", "ext4", "/dev/sda1", "/var/lib/lxc/c1/rootfs", "8:1"),), "/root", P),
    ("lxc ephemeral overlay", (overlay("/var/lib/lxc/x/overlay/delta"), row("/proc/cpuinfo", "fuse.lxcfs", "lxcfs", "/proc/cpuinfo")), "/root", {U, E}),
    ("nspawn -x", (row("/", "btrfs", "/dev/sda2", "/machines/.#c1f00", "0:30"), row("/run/host/incoming", "tmpfs", "tmpfs"), row("/run/host/os-release", "ext4", "x", "/etc/os-release")), "/root", E),
    ("flatpak", (row("/", "tmpfs", "tmpfs"), row("/home/u", "ext4", "/dev/sda2", "/home/u", "8:2")), "/home/u/x", P),
    ("plain folder as root", (row("/", "ext4", "/dev/sda1", "/srv/jail", "8:1"),), "/x", U),
    ("wsl1", mounts(row("/", "lxfs", "rootfs"), row("/mnt/c", "drvfs", "C:\\")), "/home/u", P),
    ("no entry", "", "/x", U),
]
# fmt: on


@pytest.mark.parametrize(("name", "table", "path", "expected"), CASES, ids=[case[0] for case in CASES])
def test_generic(name, table, path, expected):
    text = table if isinstance(table, str) else mountinfo(*table)
    found = assess(path, text)
    assert found.durability.value in ({expected} if isinstance(expected, str) else expected), found
    assert found.reason
    assert found.reason.endswith(".")


VM = machine()
# fmt: off
HOSTED = [
    ("colab without drive", docker(), "/content", {"COLAB_RELEASE_TAG": "x"}, (), E),
    ("colab disk", docker(row("/kaggle/input", "ext4", "/dev/sda1", "/x", "8:1")), "/kaggle/input", {}, ("/var/colab/hostname",), E),
    ("colab drive", docker(row("/content/drive", "fuse.drive", "drive")), "/content/drive/MyDrive/x", {"COLAB_GPU": "1"}, (), P),
    ("colab drive not mounted", docker(), "/content/drive/MyDrive/x", {"COLAB_GPU": "1"}, (), E),
    ("kaggle working", docker(row("/kaggle/working", "ext4", "/dev/loop1", dev="7:1")), "/kaggle/working", {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, (), S),
    ("kaggle without variables", docker(row("/kaggle/working", "ext4", "/dev/loop1", dev="7:1")), "/kaggle/working", {}, (), S),
    ("disk of a vm from an image", machine(row("/data", "ext4", "/dev/vdb", dev="252:16")), "/data", {}, ("/.dockerenv",), U),
    ("fargate", docker(row("/w", "ext4", "/dev/nvme1n1", "/x", "259:9")), "/w", {"AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}, (), E),
    ("kaggle temp", docker(), "/kaggle/temp", {"KAGGLE_URL_BASE": "x"}, (), E),
    ("sagemaker nb", machine(row("/home/ec2-user/SageMaker", "ext4", "/dev/nvme1n1", dev="259:1")), "/home/ec2-user/SageMaker/p", {}, (), P),
    ("sagemaker nb root", machine(row("/home/ec2-user/SageMaker", "ext4", "/dev/nvme1n1", dev="259:1")), "/home/ec2-user", {}, (), E),
    ("studio", docker(row("/home/sagemaker-user", "ext4", "/dev/nvme1n1", dev="259:1")), "/home/sagemaker-user", {"SAGEMAKER_SPACE_NAME": "x"}, (), P),
    ("studio nvme", docker(row("/mnt/sagemaker-nvme", "ext4", "/dev/nvme2n1", dev="259:2")), "/mnt/sagemaker-nvme", {"SAGEMAKER_SPACE_NAME": "x"}, (), E),
    ("studio classic", docker(row("/root", "nfs4", "127.0.0.1:/200005")), "/root", {"SAGEMAKER_APP_TYPE": "x"}, (), P),
    ("training", docker(), "/opt/ml/checkpoints", {"SM_MODEL_DIR": "/opt/ml/model"}, (), {U, E}),
    ("azure ml share", machine(row("/mnt/batch/tasks/shared/LS_root/mounts/clusters/ci/code", "cifs", "//x/code")), "/mnt/batch/tasks/shared/LS_root/mounts/clusters/ci/code/u", {}, (), P),
    ("azure ml home", machine(row("/mnt/batch/tasks/shared/LS_root/mounts/clusters/ci/code", "cifs", "//x/code")), "/home/azureuser", {}, (), S),
    ("azure temp", machine(row("/mnt", "ext4", "/dev/sdb1", dev="8:17")), "/mnt/x", {}, ("/mnt/DATALOSS_WARNING_README.txt",), E),
    ("vertex", docker(row("/gcs", "fuse.gcsfuse", "gcsfuse")), "/gcs/b", {"AIP_MODEL_DIR": "x"}, (), P),
    ("databricks cwd", docker(), "/databricks/driver", {"DATABRICKS_RUNTIME_VERSION": "15"}, (), E),
    ("databricks scratch", docker(row("/local_disk0", "ext4", "/dev/nvme1n1", dev="259:1")), "/local_disk0", {"DATABRICKS_RUNTIME_VERSION": "15"}, (), E),
    ("databricks volume", docker(row("/Volumes", "fuse", "/dev/fuse")), "/Volumes/c/s/v", {"DATABRICKS_RUNTIME_VERSION": "15"}, (), P),
    ("databricks no volume", docker(), "/Volumes/c/s/v", {"DATABRICKS_RUNTIME_VERSION": "15"}, (), E),
    ("paperspace", docker(row("/storage", "nfs4", "10.0.0.1:/x")), "/storage", {"PAPERSPACE_FQDN": "x"}, (), P),
    ("runpod network", docker(row("/workspace", "fuse", "mfs#eu.runpod.net:9421")), "/workspace", {"RUNPOD_POD_ID": "x"}, (), P),
    ("runpod disk", docker(row("/workspace", "xfs", "/dev/mapper/x", "/vol/1", "253:1")), "/workspace", {"RUNPOD_POD_ID": "x"}, (), S),
    ("runpod plain folder", docker(), "/workspace", {"RUNPOD_POD_ID": "x"}, (), E),
    ("runpod serverless", docker(row("/runpod-volume", "nfs4", "10.0.0.1:/x")), "/runpod-volume", {"RUNPOD_ENDPOINT_ID": "x"}, (), P),
    ("lambda root", machine(row("/lambda/nfs/a", "virtiofs", "0c1d")), "/home/ubuntu", {}, (), S),
    ("vast", docker(), "/workspace", {"VAST_CONTAINERLABEL": "C.1"}, (), S),
    ("codespaces home", docker(), "/home/vscode", {"CODESPACES": "true"}, (), S),
    ("codespaces work", docker(row("/workspaces", "ext4", "/dev/loop4", "/workspace", "7:4")), "/workspaces/r", {"CODESPACES": "true"}, (), P),
    ("gitpod", docker(row("/workspace", "ext4", "/dev/mapper/x", dev="253:1")), "/home/gitpod", {"GITPOD_WORKSPACE_ID": "x"}, (), E),
    ("binder", docker(), "/home/jovyan", {"BINDER_SERVICE_HOST": "x"}, (), E),
    ("space without storage", docker(), "/data", {"SPACE_ID": "u/s", "SPACE_HOST": "h"}, (), E),
    ("space with storage", docker(row("/data", "ext4", "/dev/nvme1n1", dev="259:1")), "/data/x", {"SPACE_ID": "u/s", "SPACE_HOST": "h"}, (), P),
    ("modal volume", docker(row("/vol", "fuse", "x")), "/vol", {"MODAL_TASK_ID": "x"}, (), U),
    ("modal root", docker(), "/root", {"MODAL_TASK_ID": "x"}, (), E),
    ("lightning", docker(row("/teamspace/studios/this_studio", "ext4", "/dev/nvme1n1", dev="259:1")), "/teamspace/studios/this_studio", {"LIGHTNING_CLOUD_PROJECT_ID": "x"}, (), U),
    ("deepnote", docker(), "/work", {"DEEPNOTE_PROJECT_ID": "x"}, (), {U, E}),
    ("autodl fs", docker(row("/root/autodl-fs", "nfs", "s:/x")), "/root/autodl-fs/a", {}, (), P),
    ("autodl pub", docker(row("/autodl-pub", "nfs", "s:/x"), row("/root/autodl-tmp", "xfs", "/dev/md0", "/a", "9:0")), "/autodl-pub", {}, (), E),
    ("autodl root", docker(row("/root/autodl-tmp", "xfs", "/dev/md0", "/a", "9:0")), "/root/autodl-tmp2", {}, (), S),
    ("google cloud shell", docker(row("/home", "ext4", "/dev/sdb1", "/home", "8:17")), "/home/u", {"CLOUD_SHELL": "true"}, (), P),
    ("actions runner", VM, "/home/runner/work", {"RUNNER_ENVIRONMENT": "github-hosted"}, (), E),
    ("slurm tmp", machine(row("/home", "nfs4", "s:/home")), "/tmp/x", {"SLURM_JOB_ID": "1"}, (), E),
    ("slurm scratch", machine(row("/localscratch", "xfs", "/dev/nvme0n1", dev="259:1")), "/localscratch/1", {"SLURM_JOB_ID": "1"}, (), E),
    ("slurm tmpdir", machine(row("/disk1", "xfs", "/dev/nvme0n1", dev="259:1")), "/disk1/job.1/x", {"SLURM_JOB_ID": "1", "SLURM_TMPDIR": "/disk1/job.1"}, (), E),
    ("slurm home", machine(row("/home", "nfs4", "s:/home")), "/home/u", {"SLURM_JOB_ID": "1"}, (), P),
    ("hub home", pod(row("/home/jovyan", "ext4", "/dev/sdb", dev="8:16")), "/home/jovyan", {"JUPYTERHUB_USER": "u"}, (), P),
    ("hub without storage", pod(), "/home/jovyan", {"JUPYTERHUB_USER": "u"}, (), E),
    ("vm from a docker image", VM, "/root", {}, ("/.dockerenv",), U),
    ("kaggle folder elsewhere", docker(row("/kaggle/working", "ext4", "/dev/sdb1", "/srv/k", "8:17")), "/kaggle/working", {}, (), P),
    ("apptainer home", (row("/", "overlay", "overlay", sup="ro,lowerdir=/x:/y"), row("/home/u", "nfs", "s:/home", "/u")), "/home/u", {"APPTAINER_CONTAINER": "x"}, ("/.singularity.d",), P),
    ("apptainer root", (row("/", "overlay", "overlay", sup="ro,lowerdir=/x:/y"),), "/opt", {"APPTAINER_CONTAINER": "x"}, (), E),
]
# fmt: on


@pytest.mark.parametrize(
    ("name", "table", "path", "env", "files", "expected"), HOSTED, ids=[case[0] for case in HOSTED]
)
def test_hosted(name, table, path, env, files, expected):
    found = assess(path, mountinfo(*table), env, set(files).__contains__)
    assert found.durability.value in ({expected} if isinstance(expected, str) else expected), found


@pytest.mark.parametrize("option", ["per mount", "file system"])
def test_read_only_is_told_apart_from_durability(option):
    ro = {"opts": "ro"} if option == "per mount" else {"sup": "ro"}
    found = assess("/w", mountinfo(*docker(row("/w", "ext4", "/dev/sda1", "/home/u/p", "8:1", **ro))))
    assert found.read_only
    assert found.durability.value == P


def test_tmpfs_is_never_saved_by_a_platform():
    table = mountinfo(*docker(row("/workspace", "tmpfs", "tmpfs")))
    assert assess("/workspace", table, {"RUNPOD_POD_ID": "x"}).durability.value == E


def test_a_relative_path_needs_a_working_directory():
    table = mountinfo(*machine())
    assert assess("runs", table).durability.value == U
    assert assess("runs", table, {"PWD": "/home/u"}).durability.value == P


def test_platform_and_json():
    found = assess("/workspace", mountinfo(*docker()), {"RUNPOD_POD_ID": "x"})
    assert found.platform == "RunPod"
    assert found.to_json()["durability"] == "ephemeral"
    assert assess("/w", mountinfo(*docker())).platform == "Docker"
    assert assess("/w", mountinfo(*pod())).platform == "Kubernetes"
