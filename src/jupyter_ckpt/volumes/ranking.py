"""Which of two volumes is the better one, and how to say so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_ckpt.volumes.assessment import Assessment, Durability
from jupyter_ckpt.volumes.probe import Probe
from jupyter_ckpt.volumes.table import Mount, covers

SMALLEST_BYTES = 1 << 30
"""Below this many free bytes a volume comes after roomier equals, also when nothing was said about the need."""
FEWEST_INODES = 64

_SHARED = re.compile(
    r"(?:^|/)(?:data-?sets?|public|pub|shared?|models?|cache|mirrors?|input|repo|groups?)(?:/|$)", re.I
)


@dataclass(frozen=True)
class Standing:
    """A volume with all that is known about it."""

    mount: Mount
    assessment: Assessment
    probe: Probe
    here: str
    home: str
    size_is_real: bool
    place: int = 0
    """Its line in the table: of two equal paths the one that was there first is the better known."""


def sort_key(standing: Standing, needed: int) -> tuple[object, ...]:
    """Smaller is better."""
    probe = standing.probe
    return (
        probe.writable is False or not room_is_enough(standing, needed),
        -standing.assessment.durability.trust,
        probe.writable is None,
        _is_tight(probe),
        nearness(standing),
        -(probe.free_bytes or 0) if standing.size_is_real else 0,
        standing.place,
    )


def nearness(standing: Standing) -> int:
    """How much a volume is the user's own: 0 the working directory's, then below it, home's, own, other, shared."""
    point, folder = standing.mount.mount_point, standing.probe.folder
    if standing.here and covers(folder, standing.here) and folder != "/":
        return 0
    if standing.here and standing.here != "/" and covers(standing.here, point):
        return 1
    if standing.home and (folder == standing.home or covers(standing.home, point)):
        return 2
    if _SHARED.search(point) or "/media/" in point or re.fullmatch("/mnt/[a-z]", point):
        return 6  # data-set disks, removable disks, the Windows drives of WSL
    if point == "/":
        return 5
    return 3 if standing.probe.mine else 4


def room_is_enough(standing: Standing, needed: int) -> bool:
    """Whether nothing speaks against the room; figures that are fiction do not count."""
    probe = standing.probe
    if probe.free_inodes is not None and probe.free_inodes < FEWEST_INODES:
        return False
    return not standing.size_is_real or probe.free_bytes is None or probe.free_bytes >= max(needed, 1 << 20)


def why_it_wins(best: Standing, ordered: list[Standing], needed: int) -> str:
    """One sentence for the winner."""
    others = [other for other in ordered if other is not best]
    reason = best.assessment.reason.rstrip(".")
    if not reason.startswith(best.assessment.platform or "\0"):  # a platform's name keeps its capital
        reason = reason[:1].lower() + reason[1:]
    if best.probe.writable is False:
        return f"No volume can be written to; this one is the nearest: {best.probe.problem or reason}."
    if best.probe.problem:
        return f"The best there is by its kind, but it {best.probe.problem}."
    if not room_is_enough(best, needed):
        return f"No volume has room enough; this one comes nearest: {reason}."
    if best.assessment.durability is not Durability.PERSISTENT:
        return f"The best there is, but not safe: {reason}."
    if nearness(best) == 0:
        return f"The working directory is on it, and {reason}."
    rivals = [other for other in others if other.assessment.durability is Durability.PERSISTENT]
    if not rivals:
        return f"The only persistent volume that can be used: {reason}."
    usable = [other for other in rivals if other.probe.writable is not False and room_is_enough(other, needed)]
    if not usable:
        return f"The only persistent volume with room that can be written to: {reason}."
    near = {1: "below the working directory", 2: "the home folder's own", 3: "your own"}.get(nearness(best))
    return f"Persistent, and {near or 'the roomiest that is not shared'}: {reason}."


def _is_tight(probe: Probe) -> bool:
    return probe.free_bytes is not None and probe.free_bytes < SMALLEST_BYTES
