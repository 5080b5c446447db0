"""Which mount a path lies on: by parent ids, and what is done where they cannot be trusted."""

from __future__ import annotations

import pytest
from mount_tables import docker, machine, mountinfo, mounts, row

from jupyter_ckpt.volumes import assess
from jupyter_ckpt.volumes.table import parse
from jupyter_ckpt.volumes.walk import covering


def point(table: str, path: str) -> str:
    found = covering(parse(table), path)
    return "" if found is None else f"{found.mount_point} {found.source}"


ROOT = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"


@pytest.mark.parametrize(
    ("table", "path", "expected"),
    [
        (ROOT + "21 20 0:9 / /w/c rw - ext4 vol rw\n22 20 0:8 / /w rw - tmpfs t rw\n", "/w/c", "/w t"),  # hidden
        (ROOT + "22 20 0:8 / /w rw - tmpfs t rw\n21 22 0:9 / /w/c rw - ext4 vol rw\n", "/w/c/x", "/w/c vol"),
        (ROOT + "21 20 0:9 / /w rw - ext4 a rw\n22 21 0:8 / /w rw - ext4 b rw\n", "/w", "/w b"),  # stacked
        (ROOT + "22 21 0:8 / /w rw - ext4 b rw\n21 20 0:9 / /w rw - ext4 a rw\n", "/w", "/w b"),  # in any order
        (ROOT + "21 20 0:9 / /w/ckpt rw - ext4 a rw\n", "/w/ckpt2", "/ /dev/sda1"),
        (ROOT + "21 99 0:9 / /w rw - ext4 a rw\n", "/w", "/w a"),  # parent not listed: longest prefix
        ("21 96 0:9 / /w/c rw - ext4 v rw\n22 96 0:8 / /w rw - tmpfs t rw\n", "/w/c", "/w t"),  # no root entry
        ("20 20 8:1 / / rw - ext4 a rw\n21 20 0:9 / /w rw - ext4 b rw\n", "/w", "/w b"),  # root is its own parent
        ("20 21 8:1 / / rw - ext4 a rw\n21 20 0:9 / / rw - ext4 b rw\n", "/x", "/ b"),  # a ring does not hang
        ("1 1 0:2 / / rw - rootfs rootfs rw\n20 1 8:1 / / rw - ext4 a rw\n", "/x", "/ a"),
        ("21 96 0:9 / /w rw - ext4 v rw\n", "/x", ""),
    ],
)
def test_covering(table, path, expected):
    assert point(table, path) == expected


def test_without_ids_the_last_of_equal_mount_points_wins():
    table = mounts(row("/", "ext4", "a"), row("/w", "ext4", "b"), row("/w", "tmpfs", "c"))
    assert point(table, "/w/x") == "/w c"


def test_without_ids_a_later_mount_on_an_ancestor_is_a_doubt():
    volume, over = row("/w/c", "nfs4", "s:/v"), row("/w", "tmpfs", "t")
    assert assess("/w/c", mounts(*machine(volume, over))).durability.value == "ephemeral"
    assert assess("/w/c", mounts(*machine(over, volume))).durability.value == "persistent"


def test_a_tmpfs_mounted_over_a_volume_is_what_is_written_to():
    rows = docker(row("/w", "ext4", "/dev/sda1", "/home/u/p", "8:1"), row("/w", "tmpfs", "t"))
    found = assess("/w", mountinfo(*rows))
    assert (found.durability.value, found.fstype) == ("ephemeral", "tmpfs")
