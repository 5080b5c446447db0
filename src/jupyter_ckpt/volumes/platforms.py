"""Hosted platforms: which one is this, and what does it say about a folder?

Only a platform's own documentation tells that a virtual machine with an ordinary ext4 root is thrown away at its
stop, so these rules run before the generic ones.  Where a rule could not be checked against a real machine or a
document, it says ``unknown`` or ``session``, never ``persistent``.
"""

from __future__ import annotations

import fnmatch
from functools import lru_cache

from jupyter_ckpt.volumes.assessment import Verdict
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.fstypes import family
from jupyter_ckpt.volumes.hosted_jobs import JOBS
from jupyter_ckpt.volumes.hosted_machines import MACHINES
from jupyter_ckpt.volumes.hosted_notebooks import NOTEBOOKS
from jupyter_ckpt.volumes.place import Platform
from jupyter_ckpt.volumes.table import Mount, covers

PLATFORMS: tuple[Platform, ...] = NOTEBOOKS + MACHINES + JOBS


@lru_cache(maxsize=8)
def recognised(facts: Facts) -> tuple[Platform, ...]:
    """The platforms whose signs are there; usually one, sometimes one inside another."""
    return tuple(platform for platform in PLATFORMS if platform.matches(facts))


def hosted(path: str, mount: Mount, facts: Facts) -> tuple[Verdict, Platform] | None:
    """What the recognised platforms say about a path, or ``None``; the lower of two contradicting answers."""
    kind = family(mount)
    answers: list[tuple[Verdict, Platform]] = []
    for platform in recognised(facts):
        for place in platform.places:
            if (
                covers(place.folder, path)
                and kind in place.families
                and (not place.own_mount or _mounted_below(place.folder, mount))
                and (not place.on_root or mount.mount_point == "/")
                and fnmatch.fnmatchcase(mount.source, place.source)
            ):
                answers.append((Verdict(place.durability, f"{platform.name}: {place.why}."), platform))
                break
    return min(answers, key=lambda answer: answer[0].durability.trust, default=None)


def _mounted_below(folder: str, mount: Mount) -> bool:
    return mount.mount_point != "/" and covers(folder, mount.mount_point)
