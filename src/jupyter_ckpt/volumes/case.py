"""One question to the rules, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jupyter_ckpt.volumes.assessment import Verdict
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.fstypes import Family, family
from jupyter_ckpt.volumes.table import Mount


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


Rule = Callable[[Case], "Verdict | None"]
"""Answers a case, or ``None``: not mine."""
