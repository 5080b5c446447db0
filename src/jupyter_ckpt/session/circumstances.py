"""Where a save is made: asked for while it is written, since git and the mount table take their milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_ckpt.session.environment import Surroundings
from jupyter_ckpt.session.store_choice import StoreChoice
from jupyter_ckpt.session.verdict import StoreVerdict


@dataclass(frozen=True)
class Circumstances:
    """What a record says beside the state.

    Parameters
    ----------
    surroundings : Surroundings
        Versions, devices, the commit.
    verdict : StoreVerdict
        What the volume survives now.
    choice : StoreChoice
        The store, and what its volume survived when it was chosen.
    """

    surroundings: Surroundings
    verdict: StoreVerdict
    choice: StoreChoice

    def environment(self, fresh: bool) -> dict[str, Any]:
        """As it is now, or quickly as it was last."""
        return dict(self.surroundings.describe() if fresh else self.surroundings.known())

    def storage(self, fresh: bool) -> dict[str, Any]:
        """As it is now, or quickly as it was last."""
        verdict = self.verdict.now if fresh else self.verdict.known
        return dict(verdict(self.choice.path).to_json())

    def warnings(self) -> list[str]:
        """A volume that was safer before."""
        now = self.verdict.known(self.choice.path)
        if now.durability.trust >= self.choice.assessment.durability.trust:
            return []
        return [f"{self.choice.path} is not as safe as before: {now.reason}"]
