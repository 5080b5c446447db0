"""The answer that the rest of the package reads: what a folder survives, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Durability(str, Enum):
    """What files on a volume survive."""

    PERSISTENT = "persistent"
    """Removal of the container, pod or instance."""
    SESSION = "session"
    """A restart of the process or container, not the removal of the container, pod or instance."""
    EPHEMERAL = "ephemeral"
    """Nothing that can be relied on: container layer, memory, injected files, scratch that is wiped."""
    UNKNOWN = "unknown"
    """The mount table does not tell; must not be presented as safe."""

    def __str__(self) -> str:
        return self.value

    @property
    def trust(self) -> int:
        """How far to rely on it, 0 (ephemeral) to 3 (persistent): of two readings the lower one is taken."""
        return _TRUST[self]


_TRUST = {
    Durability.EPHEMERAL: 0,
    Durability.SESSION: 1,
    Durability.UNKNOWN: 2,
    Durability.PERSISTENT: 3,
}


@dataclass(frozen=True)
class Verdict:
    """What one rule says: the class and one sentence for the user."""

    durability: Durability
    reason: str


@dataclass(frozen=True)
class Assessment:
    """What a folder survives.

    Attributes
    ----------
    path
        The folder asked about; with symlinks resolved when the machine itself was asked.
    durability
        See :class:`Durability`.
    mount_point, fstype, source
        The mount that covers the path; empty strings when no entry of the table does.
    read_only
        The mount table says that nothing can be written there.
    reason
        One sentence a user understands: what would be lost, and when.
    platform
        The hosted platform or kind of container that was recognised, or ``None``.
    """

    path: str
    durability: Durability
    mount_point: str
    fstype: str
    source: str
    read_only: bool
    reason: str
    platform: str | None = None

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values; bytes that are not UTF-8 in names become replacement characters."""
        fields = asdict(self)
        fields["durability"] = self.durability.value
        return {key: _printable(value) for key, value in fields.items()}


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
