"""The errors a user meets: each says in one line what happened, to which thing, and what to do.

Surfaces show ``str(error)`` and nothing else, so a message never spans lines on purpose except where a list
of names helps (mismatched keys, candidates); then the first line still stands alone.
"""

from __future__ import annotations


class CkptError(Exception):
    """Base of everything this package raises on purpose; ``str(error)`` is fit to be shown."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: the message, which says what to do, and no frames of ours."""
        return [f"{type(self).__name__}: {self}"]


class UsageProblem(CkptError):
    """The user asked for something that cannot be done as asked: a bad value, a missing argument."""


class UnknownName(UsageProblem):
    """A run, checkpoint, metric or object of that name does not exist."""


class AmbiguousState(UsageProblem):
    """Discovery found several things that could be meant; the message has the line to type."""


class NothingTracked(UsageProblem):
    """There is nothing to save: no model or optimizer was tracked or found."""


class Mismatch(UsageProblem):
    """Checkpoint and live objects do not fit (keys, shapes); nothing was applied."""


class ModelNotDefined(UsageProblem):
    """The checkpoint holds an object that the namespace does not have (yet)."""


class CorruptCheckpoint(CkptError):
    """The bytes on disk are not the bytes that were committed."""


class RefusedFile(CkptError):
    """The file may not be opened: it needs a pickle, is compressed, or claims impossible sizes."""


class StoreError(CkptError):
    """A write to the store failed.

    Parameters
    ----------
    message : str
        One line for the user.
    errno : int or None
        The operating system's error number, kept so that callers can tell a full disk from a dead one.
    """

    def __init__(self, message: str, errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno


class NotCommitted(StoreError):
    """Nothing changed: the new checkpoint does not exist, the earlier ones are untouched."""


class NoSpace(NotCommitted):
    """Too little room for the new checkpoint; found out before or while writing it."""


class DurabilityUncertain(StoreError):
    """The checkpoint is visible, but the volume did not prove that it is durable."""
