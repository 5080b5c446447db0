"""One question to the rules, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jupyter_ckpt.volumes.assessment import Verdict
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.fstypes import Family, family
from jupyter_ckpt.volumes.table import Mount, normal


@dataclass(frozen=True)
class Case:
    """One question: this path on this mount, in the light of these facts."""

    path: str
    mount: Mount
    facts: Facts

    @property
    def family(self) -> Family:
        """The family of the covering mount."""
        return family(self.mount)

    @property
    def on_root(self) -> bool:
        """Whether the path lies on the root file system."""
        return self.mount.mount_point == "/"

    @property
    def inside(self) -> str:
        """Where the path lies on its file system: the mounted folder and what follows; empty where it is not shown.

        For a host's folder in a container this is the path on that disk, as far as the table can tell.
        """
        if not self.mount.has_root:
            return ""
        below = self.path if self.on_root else self.path[len(self.mount.mount_point) :]
        return normal(f"{self.mount.root}/{below}")


Rule = Callable[[Case], "Verdict | None"]
"""Answers a case, or ``None``: not mine."""
