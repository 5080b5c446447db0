"""What has changed in the notebook since a checkpoint was saved: settings and code that the state cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAY_CHANGE = frozenset(("epochs", "num_epochs", "n_epochs", "max_epochs", "max_steps"))
"""Training for longer is what a resume is for."""
_RATES = ("lr", "learning_rate", "base_lr")
_MOST = 6


def settings_changed(saved: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """One line when hyper-parameters differ, since the optimizer goes on with the checkpoint's.

    Parameters
    ----------
    saved : mapping
        Of the checkpoint.
    here : mapping
        Under the notebook's names, as they were before the resume.
    """
    changed = [name for name, value in here.items() if name in saved and saved[name] != value]
    changed = [name for name in changed if name not in _MAY_CHANGE]
    if not changed:
        return []
    told = ", ".join(f"{name} {saved[name]} (here {here[name]})" for name in changed[:_MOST])
    keeps = "the optimizer keeps the checkpoint's; " if any(name in _RATES for name in changed) else ""
    return [f"other settings when it was saved: {told}: {keeps}`%ckpt run --new` begins a new training"]


def code_changed(saved: Mapping[str, Any], here: Mapping[str, Any], ref: str) -> list[str]:
    """One line when classes of the checkpoint have another source now."""
    changed = []
    for name, about in here.items():
        before, now = _source(saved.get(name)), _source(about)
        if before and now and before.strip() != now.strip():
            changed.append(name)
    if not changed:
        return []
    one = len(changed) == 1
    return [
        f"the code of {', '.join(changed[:_MOST])} is not what it was when {'its' if one else 'their'} weights were"
        f" saved: `%ckpt show {ref} --code` prints that"
    ]


def _source(about: Any) -> str:
    text = about.get("source") if isinstance(about, Mapping) else None
    return text if isinstance(text, str) else ""
