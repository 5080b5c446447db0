"""The words that stand beside a checkpoint."""

from __future__ import annotations

from jupyter_ckpt.display.blocks import Badge, Tone
from jupyter_ckpt.store.checkpoint import Checkpoint

_SAFETY: dict[str, tuple[str, Tone]] = {
    "ephemeral": ("not safe: ephemeral", "error"),
    "session": ("not safe: session", "warning"),
    "unknown": ("safety unknown", "warning"),
    "persistent": ("persistent", "good"),
}


def badges(checkpoint: Checkpoint, *, best: bool = False, current: bool = False) -> tuple[Badge, ...]:
    """What is to be seen at a glance, the gravest first; tags come last, with a ``#``."""
    found = []
    if checkpoint.verified == "corrupt":
        found.append(Badge("corrupt", "error"))
    durability = checkpoint.summary.storage.get("durability")
    if isinstance(durability, str) and durability != "persistent":
        found.append(durability_badge(durability))
    if current:
        found.append(Badge("current", "strong"))
    if best:
        found.append(Badge("best", "good"))
    if checkpoint.pinned:
        found.append(Badge("pinned"))
    if checkpoint.verified == "ok":
        found.append(Badge("verified", "good"))
    if checkpoint.summary.mid_epoch:
        found.append(Badge("mid-epoch"))
    if not checkpoint.own:
        found.append(Badge("copied", "muted"))
    return (*found, *(Badge(f"#{tag}", "muted") for tag in checkpoint.tags))


def durability_badge(durability: str) -> Badge:
    """What a volume survives, in words; one that nobody knows is not shown as safe."""
    return Badge(*_SAFETY.get(durability, (durability or "safety unknown", "warning")))
