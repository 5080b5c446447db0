"""The session of this notebook or script, shared by the magic and the module-level functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_ckpt.session.checkpointer import Checkpointer

_current: Checkpointer | None = None


def current() -> Checkpointer:
    """The session; made when first asked for."""
    global _current
    if _current is None:
        from jupyter_ckpt.session.checkpointer import Checkpointer

        _current = Checkpointer()
    return _current


def use(session: Checkpointer) -> Checkpointer:
    """Make ``session`` the one that ``%ckpt`` and the module-level functions act on."""
    global _current
    if _current is not None and _current is not session:
        _current.close()
    _current = session
    return session


def forget() -> None:
    """Let go of the session; the next one starts anew."""
    global _current
    if _current is not None:
        _current.close()
    _current = None
