"""Which mount does a path lie on?

The kernel resolves a path from the root mount downwards, and so does :func:`covering`: at each component it steps
onto the mount whose *parent* is the mount it stands on.  The longest prefix alone is wrong: a later mount on an
ancestor hides deeper mounts that stay listed.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_ckpt.volumes.table import Mount, covers


def covering(mounts: Sequence[Mount], path: str) -> Mount | None:
    """The mount that ``path`` (absolute, normal) lies on, or ``None`` when no entry covers it.

    Where the parent ids cannot be trusted (cut or edited tables, /proc/mounts), the longest mount point wins, and
    of equal ones the last.
    """
    prefix = longest_prefix(mounts, path)
    if prefix is None or prefix.ident < 0:
        return prefix
    walked = _walk(mounts, path)
    if walked is None or walked is prefix:
        return prefix
    return walked if _chain_is_sound(mounts, prefix) else prefix


def longest_prefix(mounts: Sequence[Mount], path: str) -> Mount | None:
    """The mount with the longest mount point that covers ``path``; of equal ones the last, the top of the stack."""
    best: Mount | None = None
    for mount in mounts:
        if covers(mount.mount_point, path) and (best is None or len(mount.mount_point) >= len(best.mount_point)):
            best = mount
    return best


def hiding(mounts: Sequence[Mount], chosen: Mount, path: str) -> Mount | None:
    """A mount on an ancestor of ``chosen`` that is listed after it and may hide it, in a table without ids.

    /proc/mounts is in the order of mounting, but ``df`` and a pivoted root are not: it is a doubt, no proof.  The
    root is left out for that reason.
    """
    if chosen.ident >= 0:
        return None
    after = False
    found: Mount | None = None
    for mount in mounts:
        if mount is chosen:
            after = True
        elif after and mount.mount_point != "/" and covers(mount.mount_point, path):
            found = mount
    return found


def root_mount(mounts: Sequence[Mount]) -> Mount | None:
    """What is mounted on ``/`` (the top of the stack), or ``None`` when the table has no such entry."""
    return covering([mount for mount in mounts if mount.mount_point == "/"], "/")


def _walk(mounts: Sequence[Mount], path: str) -> Mount | None:
    children: dict[tuple[int, str], Mount] = {}
    for mount in mounts:
        if mount.parent != mount.ident:
            children[mount.parent, mount.mount_point] = mount
    known = {mount.ident for mount in mounts}
    starts = [mount for mount in mounts if mount.mount_point == "/" and mount.parent not in known - {mount.ident}]
    current: Mount | None = starts[-1] if starts else None
    place = current.ident if current else _missing_root(mounts)
    steps = path.strip("/").split("/") if path != "/" else []
    for depth in range(len(steps) + 1):
        point = "/" + "/".join(steps[:depth])
        seen = set()
        while (
            place,
            point,
        ) in children and place not in seen:  # stacked mounts; ids may form a ring in edited tables
            seen.add(place)
            current = children[place, point]
            place = current.ident
    return current


def _missing_root(mounts: Sequence[Mount]) -> int:
    """The id that the root mount would have in a table that does not list it: the parent of the top-most mount."""
    known = {mount.ident for mount in mounts}
    orphans = [mount for mount in mounts if mount.parent not in known]
    if not orphans:
        return -1
    return min(orphans, key=lambda mount: mount.mount_point.count("/")).parent


def _chain_is_sound(mounts: Sequence[Mount], mount: Mount) -> bool:
    """Whether the ids lead from ``mount`` up to the root, so that the walk may be believed when it missed it."""
    by_id = {entry.ident: entry for entry in mounts}
    rooted = any(entry.mount_point == "/" for entry in mounts)
    for _ in range(len(mounts)):
        parent = by_id.get(mount.parent)
        if parent is None or parent is mount:
            return mount.mount_point == "/" or (not rooted and mount.parent == _missing_root(mounts))
        if not covers(parent.mount_point, mount.mount_point):
            return False
        mount = parent
    return False
