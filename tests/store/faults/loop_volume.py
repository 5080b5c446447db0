"""Small real volumes for the fault tests: an image file on a loop device, or memory; root on Linux only."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32): XFS_IOC_GOINGDOWN, EXT4_IOC_SHUTDOWN
_NO_LOG_FLUSH = 2
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-m", "0"], "xfs": ["mkfs.xfs", "-q", "-f"]}


def sh(*command: object) -> None:
    """Run a command; RuntimeError with what it said when it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.strip()}")


class Volume:
    """A file system in an image file, or a tmpfs, mounted at `point`."""

    def __init__(self, place: Path, kind: str, size: int, *make: object, options: str = "") -> None:
        self.kind, self.size = kind, size
        self.image, self.point = place / "image", place / "mnt"
        self.options = f"loop,{options}" if options else "loop"
        self.point.mkdir()
        if kind != "tmpfs":
            with self.image.open("wb") as file:
                file.truncate(size)
            sh(*MAKE[kind], *make, self.image)

    def mount(self) -> None:
        """Mount it."""
        if self.kind == "tmpfs":
            sh("mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.point)
        else:
            sh("mount", "-o", self.options, self.image, self.point)

    def unmount(self) -> None:
        """Unmount it; an error when it is in use."""
        sh("umount", self.point)

    def cut_the_power(self) -> None:
        """From now on nothing reaches the disk, and what was only in memory is lost."""
        import fcntl  # not on Windows, where these tests say that they are skipped

        fd = os.open(self.point, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(fd)

    @property
    def free(self) -> int:
        """Bytes left."""
        status = os.statvfs(self.point)
        return status.f_bavail * status.f_frsize


@contextlib.contextmanager
def volume(kind: str, size: int, *make: object, options: str = "") -> Iterator[Volume]:
    """A mounted volume; unmounted and gone afterwards, whatever was done to it."""
    place = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-test-"))
    try:
        made = Volume(place, kind, size, *make, options=options)
        made.mount()
        yield made
    finally:
        while os.path.ismount(place / "mnt"):
            if subprocess.run(["umount", "-l", place / "mnt"], capture_output=True).returncode:
                break
        shutil.rmtree(place, ignore_errors=True)


def need_volumes(need: Callable[[object, str], None], *kinds: str) -> None:
    """Skip, or fail in CI, where such volumes cannot be had."""
    need(sys.platform.startswith("linux") and os.geteuid() == 0, "mounting needs root on Linux")
    for kind in kinds:
        need(kind == "tmpfs" or shutil.which(MAKE[kind][0]), f"{MAKE.get(kind, [''])[0]} is not installed")
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    need(done.returncode == 0, "mounting is not allowed here")
    if set(kinds) - {"tmpfs"}:
        need(os.path.exists("/dev/loop-control"), "there are no loop devices here")
