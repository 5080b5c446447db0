"""What a hosted platform is, as data: its signs, and what its folders survive."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from jupyter_ckpt.volumes.assessment import Durability
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.fstypes import Family

PERSISTENT, SESSION, EPHEMERAL, UNKNOWN = (
    Durability.PERSISTENT,
    Durability.SESSION,
    Durability.EPHEMERAL,
    Durability.UNKNOWN,
)
# A folder of the machine or container itself, as opposed to something mounted over a network.
LOCAL = frozenset({Family.DISK, Family.LAYER, Family.SANDBOX})
REMOTE = frozenset({Family.NETWORK, Family.HOST_SHARE})
MOUNTED = frozenset({Family.DISK, Family.NETWORK, Family.HOST_SHARE})
FUSE = frozenset({Family.NETWORK, Family.UNKNOWN})
ANY = frozenset(set(Family) - {Family.MEMORY, Family.PSEUDO, Family.IMAGE})


@dataclass(frozen=True)
class Place:
    """What one folder of a platform survives.

    ``own_mount``: only while something is mounted at or below it (a missing upgrade leaves a plain folder).
    ``on_root``: only for what lies on the root file system itself.
    ``source``: only for mounts whose source matches this pattern.
    ``families``: only when the covering mount is one of these.
    """

    folder: str
    durability: Durability
    why: str
    families: frozenset[Family] = LOCAL
    own_mount: bool = False
    on_root: bool = False
    source: str = "*"


@dataclass(frozen=True)
class Platform:
    """How a platform is recognised (any one of the signs is enough) and its places, first match wins."""

    name: str
    places: tuple[Place, ...]
    source: str
    env: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()

    def matches(self, facts: Facts) -> bool:
        """Whether the facts show this platform.

        A sign may be a pattern; ``a+b`` needs both; variables are ``NAME`` or ``NAME=value``, mounts ``point`` or
        ``point@source``.
        """
        return (
            any(all(_in_environ(part, facts) for part in sign.split("+")) for sign in self.env)
            or any(all(facts.exists(part) for part in sign.split("+")) for sign in self.files)
            or any(all(_mounted(part, facts) for part in sign.split("+")) for sign in self.mounts)
        )


def _mounted(sign: str, facts: Facts) -> bool:
    point, _, source = sign.partition("@")
    return any(
        fnmatch.fnmatchcase(mount.mount_point, point) and fnmatch.fnmatchcase(mount.source, source or "*")
        for mount in facts.mounts
    )


def _in_environ(sign: str, facts: Facts) -> bool:
    name, _, value = sign.partition("=")
    if "*" in name:
        return bool(fnmatch.filter(facts.environ, name))
    return name in facts.environ and (not value or fnmatch.fnmatch(facts.environ[name], value))
