"""macOS and Windows, from what their own tools print."""

from __future__ import annotations

import pytest

from jupyter_ckpt.volumes.desktop import assess_mac, assess_windows, drive_type

MAC = """/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, root data)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//u@nas/models on /Volumes/models (smbfs, nodev, nosuid, mounted by u)
/dev/disk4s1 on /Volumes/My Stick (exfat, local, nodev, nosuid, noowners)
"""


@pytest.mark.parametrize(
    ("path", "expected", "point"),
    [
        ("/Users/u/p", "persistent", "/System/Volumes/Data"),
        ("/private/tmp/x", "ephemeral", "/System/Volumes/Data"),
        ("/private/var/folders/ab/T", "ephemeral", "/System/Volumes/Data"),
        ("/Volumes/models/x", "persistent", "/Volumes/models"),
        ("/Volumes/My Stick", "persistent", "/Volumes/My Stick"),
        ("/dev/x", "unknown", "/dev"),
    ],
)
def test_mac(path, expected, point):
    found = assess_mac(path, MAC)
    assert (found.durability.value, found.mount_point) == (expected, point)


def test_mac_without_a_table():
    assert assess_mac("/Users/u", "").durability.value == "unknown"


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("C:\\Users\\u", 3, "persistent"),
        ("C:\\Users\\u\\AppData\\Local\\Temp\\x", 3, "ephemeral"),
        ("Z:\\x", 4, "persistent"),
        ("\\\\nas\\share\\x", 0, "persistent"),
        ("E:\\", 2, "unknown"),
        ("R:\\", 6, "ephemeral"),
        ("Q:\\", 0, "unknown"),
    ],
)
def test_windows(path, kind, expected):
    found = assess_windows(path, {"TEMP": "C:\\Users\\u\\AppData\\Local\\Temp"}, kind)
    assert found.durability.value == expected


def test_there_is_no_drive_type_elsewhere():
    assert isinstance(drive_type("C:\\"), int)
