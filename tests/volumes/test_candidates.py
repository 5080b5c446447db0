"""Ranking, on paper: tables and probes that are made up."""

from __future__ import annotations

import json

import pytest
from mount_tables import HEX, UID, docker, machine, mountinfo, mounts, pod, row

from jupyter_ckpt.volumes import candidates
from jupyter_ckpt.volumes.probe import Probe

GB = 1 << 30


def prober(**known):
    """A probe that finds every folder writable and roomy, except where it is told otherwise."""

    def probe(folder):
        fields = {
            "writable": True,
            "rename": True,
            "random_writes": True,
            "free_bytes": 100 * GB,
            "total_bytes": 200 * GB,
        }
        return Probe(folder, **(fields | known.get(folder.strip("/").replace("/", "_"), {})))

    return probe


def ranked(table, cwd=None, **options):
    environ = options.pop("environ", {})
    return candidates(cwd=cwd, table=table, environ=environ, probe=options.pop("probe", prober()), **options)


BIND = row("/w", "ext4", "/dev/sda1", "/home/u/p", "8:1")
NFS = row("/nfs", "nfs4", "s:/x", dev="0:70")


def test_the_working_directory_on_a_persistent_volume_wins():
    found = ranked(mountinfo(*docker(NFS, BIND)), "/w/project")
    assert [candidate.path for candidate in found] == ["/w/project", "/nfs", "/"]
    assert found[0].why.startswith("The working directory is on it")


def test_a_volume_wins_over_the_container_layer_below_the_working_directory():
    found = ranked(mountinfo(*docker(NFS, row("/w/ckpt", "ext4", "/dev/sda1", "/home/u/p", "8:1"))), "/w")
    assert [candidate.path for candidate in found] == ["/w/ckpt", "/nfs", "/w"]
    assert "below the working directory" in found[0].why
    assert found[-1].assessment.durability.value == "ephemeral"


def test_classes_come_first():
    volumes = (
        row("/anon", "ext4", "/dev/sda1", f"/docker/volumes/{HEX}/_data", "8:1"),
        row("/odd", "fuse", "what"),
        NFS,
    )
    found = ranked(mountinfo(*docker(*volumes)), "/")
    assert [candidate.assessment.durability.value for candidate in found] == [
        "persistent",
        "unknown",
        "session",
        "ephemeral",
    ]


def test_what_cannot_be_written_to_comes_last():
    probe = prober(
        w={"writable": False, "problem": "no permission to write"}, nfs={"writable": None, "problem": "hangs"}
    )
    found = ranked(mountinfo(*docker(BIND, NFS)), "/w", probe=probe)
    assert [candidate.path for candidate in found] == ["/nfs", "/", "/w"]
    assert found[-1].writable is False
    assert "no permission" in found[-1].why


def test_room_decides_among_equals_and_with_a_need():
    volumes = (row("/a", "ext4", "/dev/sdb", dev="8:16"), row("/b", "ext4", "/dev/sdc", dev="8:32"))
    probe = prober(a={"free_bytes": 5 * GB}, b={"free_bytes": 50 * GB})
    assert ranked(mountinfo(*pod(*volumes)), probe=probe)[0].path == "/b"
    probe = prober(a_x={"free_bytes": 16 << 20}, b={"free_bytes": 2 * GB})
    assert ranked(mountinfo(*pod(*volumes)), "/a/x", probe=probe)[0].path == "/b"
    assert ranked(mountinfo(*pod(volumes[0])), "/a", probe=prober(a={"free_bytes": 1}))[-1].why.startswith(
        "Too little room"
    )
    few = prober(a={"free_inodes": 3})
    assert ranked(mountinfo(*pod(*volumes)), "/a", probe=few)[0].path == "/b"


def test_the_need_sends_a_small_home_behind_a_big_file_system():
    volumes = (row("/home/u", "ext4", "/dev/nvme1n1", dev="259:9"), NFS)
    probe = prober(home_u={"free_bytes": 4 * GB})
    table = mountinfo(*pod(*volumes))
    assert ranked(table, "/home/u", probe=probe)[0].path == "/home/u"
    assert ranked(table, "/home/u", probe=probe, needed=10 * GB)[0].path == "/nfs"


def test_fictional_sizes_do_not_count():
    volume = row("/workspace", "fuse", "mfs#eu.runpod.net:9421", dev="0:80")
    found = ranked(mountinfo(*docker(volume, NFS)), "/workspace", environ={"RUNPOD_POD_ID": "x"}, needed=10**15)
    assert found[0].path == "/workspace"
    assert not found[0].size_is_real


@pytest.mark.parametrize(
    "unfit",
    [
        row("/etc/config", "ext4", "/dev/sda1", "/srv/conf", "8:1"),
        row("/data.json", "ext4", "/dev/sda1", "/srv/data.json", "8:1"),
        row("/proc/acpi", "tmpfs", "tmpfs"),
        row("/c", "ext4", "/dev/sda1", f"/x/pods/{UID}/volumes/kubernetes.io~configmap/c", "8:1"),
        row("/ro", "ext4", "/dev/sda1", "/srv/d", "8:1", "ro"),
        row("/img", "squashfs", "/dev/loop1"),
        row("/tmp", "tmpfs", "tmpfs"),
        row("/gone", "ext4", "/dev/sda1", "/srv/d//deleted", "8:1"),
    ],
    ids=lambda unfit: unfit[0],
)
def test_what_is_no_place_to_save_to_is_not_offered(unfit):
    assert [candidate.path for candidate in ranked(mountinfo(*docker(unfit, BIND)), "/w")] == ["/w", "/"]


def test_memory_is_shown_only_when_the_user_works_in_it():
    table = mountinfo(*docker(row("/w", "tmpfs", "tmpfs")))
    assert [candidate.path for candidate in ranked(table, "/w")] == ["/w", "/"]
    assert [candidate.path for candidate in ranked(table, "/x")] == ["/x"]


def test_the_same_folder_mounted_twice_is_listed_once_with_the_better_path():
    again = row("/alias", "ext4", "/dev/sda1", "/home/u/p", "8:1")
    found = ranked(mountinfo(*docker(again, BIND)), "/w/x")
    assert [candidate.path for candidate in found] == ["/w/x", "/"]


@pytest.mark.parametrize("form", [mountinfo, mounts])
def test_two_folders_of_one_disk_are_two_volumes(form):
    other = row("/v", "ext4", "/dev/sda1", "/home/u/other", "8:1")
    assert {candidate.path for candidate in ranked(form(*docker(other, BIND)), "/")} == {"/w", "/v", "/"}


def test_hidden_mounts_are_not_offered():
    table = mountinfo(*docker(row("/w", "tmpfs", "t")))
    table += "90 20 8:1 /home/u/p /w/c rw - ext4 /dev/sda1 rw\n"
    assert all(candidate.path != "/w/c" for candidate in ranked(table, "/x"))


def test_own_volumes_come_before_shared_data():
    volumes = (row("/datasets", "nfs4", "s:/d", dev="0:71"), row("/home/u", "nfs4", "s:/h", dev="0:72"))
    found = ranked(mountinfo(*docker(*volumes)), "/work", environ={"HOME": "/home/u"})
    assert found[0].path == "/home/u"


def test_a_laptop():
    table = mountinfo(*machine(row("/boot/efi", "vfat", "/dev/sda1"), row("/home", "ext4", "/dev/sda3", dev="8:3")))
    found = ranked(table, "/home/u/p")
    assert [candidate.path for candidate in found] == ["/home/u/p", "/"]


def test_without_a_probe_nothing_is_claimed():
    (first, *_) = candidates(cwd="/w", table=mountinfo(*docker(BIND)))
    assert (first.writable, first.free_bytes, first.rename) == (None, None, None)


def test_why_is_a_sentence_whatever_wins():
    anonymous = row("/anon", "ext4", "/dev/sda1", f"/docker/volumes/{HEX}/_data", "8:1")
    assert ranked(mountinfo(*docker(anonymous)), "/x")[0].why.startswith(
        "The best there is, but not safe: probably an"
    )
    colab = ranked(mountinfo(*docker()), "/content", environ={"COLAB_GPU": "1"})[0]
    assert colab.why.startswith("The best there is, but not safe: Google Colab: ")
    assert (
        "room"
        in ranked(mountinfo(*docker(BIND)), "/w", probe=prober(w={"free_bytes": 1}, x={"free_bytes": 1}))[-1].why
    )
    nowhere = Probe("/w", writable=False, problem="the quota is used up")
    assert ranked(mountinfo(*docker(BIND)), "/w", probe=lambda folder: nowhere)[0].why.startswith(
        "No volume can be written"
    )
    assert ranked(mountinfo(*docker(BIND)), "/x")[0].why.startswith("The only persistent volume")


def test_json():
    (first, *_) = ranked(mountinfo(*docker(BIND)), "/w")
    assert json.loads(json.dumps(first.to_json()))["assessment"]["durability"] == "persistent"
