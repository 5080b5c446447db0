"""How much memory is left to this process: the machine's, or its container's when that is less."""

from __future__ import annotations

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def memory_left(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Bytes that can still be had without anybody being killed; None where the system does not tell.

    Parameters
    ----------
    meminfo, cgroup : Path
        The kernel's files. A container sees its own control group at the root of ``cgroup``; version 2 is looked for
        first, then version 1. What the page cache holds there can be had too.
    """
    found = [left for left in (_machine(meminfo), _group(cgroup)) if left is not None]
    return min(found, default=None)


def _machine(meminfo: Path) -> int | None:
    try:
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        return None
    return None


def _group(root: Path) -> int | None:
    for limit, used, stat in (
        (root / "memory.max", root / "memory.current", root / "memory.stat"),
        (root / "memory/memory.limit_in_bytes", root / "memory/memory.usage_in_bytes", root / "memory/memory.stat"),
    ):
        try:
            most = int(limit.read_text())  # "max" means none
            if most >= 1 << 60:
                return None
            return max(most - int(used.read_text()) + _cache(stat), 0)
        except (OSError, ValueError):
            continue
    return None


def _cache(stat: Path) -> int:
    """The page cache that is counted as used, and given up when memory is wanted."""
    for line in stat.read_text().splitlines():
        name, _, number = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file"):
            return int(number)
    return 0
