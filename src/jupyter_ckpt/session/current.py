"""The session of this notebook or script, shared by the magic and the module-level functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_ckpt.session.checkpointer import Checkpointer

_current: Checkpointer | None = None
_attend: Callable[[Checkpointer], None] | None = None


def attend_with(attend: Callable[[Checkpointer], None]) -> None:
    """Call ``attend`` with the present session and each that is made, so that a surface can show what it does."""
    global _attend
    _attend = attend
    if _current is not None:
        attend(_current)


def current() -> Checkpointer:
    """The session; made when first asked for."""
    global _current
    if _current is None:
        from jupyter_ckpt.session.checkpointer import Checkpointer

        _current = Checkpointer()
        if _attend is not None:
            _attend(_current)
    return _current


def present() -> Checkpointer | None:
    """The session, when there is one already."""
    return _current


def use(session: Checkpointer) -> Checkpointer:
    """Make ``session`` the one that ``%ckpt`` and the module-level functions act on."""
    global _current
    if _current is not None and _current is not session:
        _current.close()
    _current = session
    if _attend is not None:
        _attend(session)
    return session


def forget() -> None:
    """Let go of the session; the next one starts anew, and nobody attends it."""
    global _attend, _current
    _attend = None
    if _current is not None:
        _current.close()
    _current = None
