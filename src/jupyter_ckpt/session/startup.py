"""The one line at start-up, when the working folder is not on persistent storage."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_ckpt.session.origin import Origin, find_origin
from jupyter_ckpt.session.store_choice import DEFAULT_FOLDER, STORE_VARIABLE
from jupyter_ckpt.session.store_memory import recall
from jupyter_ckpt.volumes import Durability, assess, candidates

QUIET_VARIABLE = "JUPYTER_CKPT_QUIET"
_PATIENCE_S = 1.0


def storage_notice(namespace: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> str:
    """What would be lost and when, and where the store is instead; empty when all is well.

    Nothing is written to any volume for it, and a dead one costs a second at most.

    Parameters
    ----------
    namespace : mapping, optional
        The user's names.
    environ : mapping, optional
        ``JUPYTER_CKPT_QUIET`` switches it off, ``JUPYTER_CKPT_STORE`` says where the store is.
    """
    environ = os.environ if environ is None else environ
    return notice_for(find_origin(namespace, environ), environ)


def notice_for(origin: Origin, environ: Mapping[str, str] | None = None) -> str:
    """`storage_notice` for a notebook or folder that is known: the server's root, a notebook that is open."""
    environ = os.environ if environ is None else environ
    if environ.get(QUIET_VARIABLE):
        return ""
    here = assess(origin.folder)
    if here.durability is Durability.PERSISTENT:
        return ""
    lead = "jupyter-ckpt: " + (
        f"it is not certain that files in {origin.folder} survive"
        if here.durability is Durability.UNKNOWN
        else f"files in {origin.folder} will be lost"
    )
    return f"{lead} ({here.durability}): {here.reason} {_instead(origin, environ)}"


def _instead(origin: Origin, environ: Mapping[str, str]) -> str:
    said = environ.get(STORE_VARIABLE) or recall(origin)
    if said:
        verdict = assess(said).durability
        return f"Checkpoints go to {said} ({verdict})."
    ranked = candidates(origin.folder, probe=False, timeout=_PATIENCE_S)
    best = next((one for one in ranked if not one.assessment.read_only), None)
    if best is None:
        return "No volume can be written to: %ckpt storage shows them."
    store = Path(best.path) / DEFAULT_FOLDER
    if best.assessment.durability is Durability.PERSISTENT:
        return f"Checkpoints go to {store} (persistent)."
    return (
        f"No persistent volume was found, so checkpoints go to {store} too: %ckpt storage shows why and what to do."
    )
