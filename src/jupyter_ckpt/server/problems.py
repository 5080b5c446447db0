"""Errors on the wire: one line, a word that tells what kind it is, and the status that goes with it."""

from __future__ import annotations

from jupyter_ckpt.errors import (
    CkptError,
    CorruptCheckpoint,
    NoSpace,
    RefusedFile,
    StoreError,
    UnknownName,
    UsageProblem,
)
from jupyter_ckpt.server.work import NoAnswer


class Refused(CkptError):
    """It can be done, but not without being told to in so many words (``force``), or not now."""


class TooLarge(UsageProblem):
    """A request's body is larger than anything that is asked here."""


_KINDS: tuple[tuple[type[BaseException], str, int], ...] = (
    (NoAnswer, "store", 503),
    (TooLarge, "usage", 413),
    (UnknownName, "unknown", 404),
    (UsageProblem, "usage", 400),
    (Refused, "refused", 409),
    (RefusedFile, "refused", 409),
    (CorruptCheckpoint, "corrupt", 409),
    (NoSpace, "no_space", 507),
    (StoreError, "store", 500),
    (OSError, "store", 500),
)
_OF_STATUS = {
    400: "usage",
    401: "refused",
    403: "refused",
    404: "unknown",
    405: "usage",
    409: "refused",
    413: "usage",
}


def kind_of(error: BaseException) -> tuple[str, int]:
    """The kind and the status of an error."""
    return next(((kind, status) for known, kind, status in _KINDS if isinstance(error, known)), ("server", 500))


def kind_of_status(status: int) -> str:
    """The kind of an error that the web server raised."""
    return _OF_STATUS.get(status, "usage" if status < 500 else "server")


def message_of(error: BaseException) -> str:
    """One line that is fit to be shown."""
    if isinstance(error, CkptError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return f"a file could not be read or written ({error.strerror or type(error).__name__}): try again later"
    return "the server met an unexpected error: its log has the details"
