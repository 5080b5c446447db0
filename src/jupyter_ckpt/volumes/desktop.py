"""macOS and Windows: what can honestly be said without a Linux mount table."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from jupyter_ckpt.volumes.assessment import Assessment, Durability
from jupyter_ckpt.volumes.fstypes import Family, family, is_object_store
from jupyter_ckpt.volumes.table import Mount, covers, normal
from jupyter_ckpt.volumes.walk import longest_prefix

_MOUNT_LINE = re.compile(r"(?P<source>.*) on (?P<point>/.*) \((?P<fstype>[^,()]+)(?:, )?(?P<options>[^()]*)\)$")
_MAC_TEMPORARY = (
    "/tmp",
    "/private/tmp",
    "/var/tmp",
    "/private/var/tmp",
    "/var/folders",
    "/private/var/folders",
)
# GetDriveTypeW (Win32 API)
_REMOVABLE, _FIXED, _REMOTE, _CDROM, _RAMDISK = 2, 3, 4, 5, 6


def assess_desktop(path: str, environ: Mapping[str, str]) -> Assessment:
    """:func:`jupyter_ckpt.volumes.assess` on macOS, Windows and other systems without /proc; never raises."""
    try:
        real = os.path.realpath(path)
    except OSError:
        return Assessment(path, Durability.UNKNOWN, "", "", "", False, "The folder cannot be resolved.")
    if sys.platform == "darwin":
        return assess_mac(real, _mount_command())
    if os.name == "nt":
        return assess_windows(real, environ, drive_type(os.path.splitdrive(real)[0] + "\\"))
    return Assessment(real, Durability.UNKNOWN, "", "", "", False, "This system's mount table cannot be read.")


def mac_mounts(text: str) -> list[Mount]:
    """The entries that macOS's ``mount`` prints: ``/dev/disk3s1 on / (apfs, local, journaled)``."""
    mounts = []
    for line in text.split("\n"):
        found = _MOUNT_LINE.match(line)
        if found is not None:
            options = ",".join(found["options"].split(", ")).replace("read-only", "ro")
            mounts.append(Mount(normal(found["point"]), found["fstype"], found["source"], options))
    return mounts


def assess_mac(path: str, text: str) -> Assessment:
    """The answer for a resolved path on macOS, from the text that ``mount`` prints."""
    path = normal(path)
    # firmlinks: /Users and /Volumes of the sealed root lie on the data volume
    data = "/System/Volumes/Data"
    mounts = mac_mounts(text)
    mount = longest_prefix(mounts, path)
    if mount is None:
        return Assessment(path, Durability.UNKNOWN, "", "", "", False, "The mount table could not be read.", "macOS")
    if mount.mount_point == "/" and any(other.mount_point == data for other in mounts):
        mount = longest_prefix(mounts, data + path) or mount
    durability, reason = (
        Durability.UNKNOWN,
        f"What is behind {mount.mount_point} ({mount.fstype}) is not known.",
    )
    if any(covers(folder, path) for folder in _MAC_TEMPORARY) or covers(normal(tempfile.gettempdir()), path):
        durability, reason = (
            Durability.EPHEMERAL,
            "A temporary folder: macOS empties it at boot and after some days.",
        )
    elif family(mount) in (Family.NETWORK, Family.HOST_SHARE):
        durability = Durability.PERSISTENT
        what = "object storage" if is_object_store(mount) else "network storage"
        reason = f"{mount.mount_point} is {what} ({mount.fstype}) on another machine."
    elif mount.fstype in ("apfs", "hfs", "exfat", "msdos", "ntfs") and "local" in mount.options.split(","):
        durability, reason = (
            Durability.PERSISTENT,
            f"{mount.mount_point} is a disk of this computer ({mount.fstype}).",
        )
    return Assessment(
        path, durability, mount.mount_point, mount.fstype, mount.source, mount.read_only, reason, "macOS"
    )


def assess_windows(path: str, environ: Mapping[str, str], kind: int) -> Assessment:
    """The answer for a resolved path on Windows, from the type of its drive as ``GetDriveTypeW`` gives it."""
    drive = path[:2] + "\\" if path[1:2] == ":" else ""
    folders = [environ[name] for name in ("TEMP", "TMP") if environ.get(name)]
    durability, reason = Durability.UNKNOWN, f"What kind of drive {drive or path} is could not be found out."
    if any((path.lower() + "\\").startswith(folder.lower().rstrip("\\") + "\\") for folder in folders):
        durability, reason = Durability.EPHEMERAL, "A temporary folder, which Windows may empty at any time."
    elif path.startswith("\\\\") or kind == _REMOTE:
        durability, reason = Durability.PERSISTENT, "A network drive: another machine keeps it."
    elif kind == _FIXED:
        durability, reason = Durability.PERSISTENT, f"{drive} is a disk of this computer."
    elif kind == _REMOVABLE:
        reason = f"{drive} is a removable drive: it keeps files, but may be taken out."
    elif kind == _RAMDISK:
        durability, reason = Durability.EPHEMERAL, f"{drive} is kept in memory: lost when the computer stops."
    return Assessment(path, durability, drive, "", "", kind == _CDROM, reason, "Windows")


def drive_type(root: str) -> int:
    """What ``GetDriveTypeW`` says of a drive such as ``C:\\``; 0 (unknown) where there is no Windows."""
    windll = getattr(ctypes, "windll", None)
    return 0 if windll is None else int(windll.kernel32.GetDriveTypeW(root))


def _mount_command() -> str:
    try:
        done = subprocess.run(["/sbin/mount"], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "surrogateescape")
