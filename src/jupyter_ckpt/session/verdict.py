"""What the store's volume survives, asked for anew when another volume lies there, and now and then."""

from __future__ import annotations

import os
import time
from pathlib import Path

from jupyter_ckpt.volumes import Assessment, assess

_FRESH_S = 30.0


class StoreVerdict:
    """The last verdict about a store; a full one takes ten times as long as what else a small save does."""

    def __init__(self) -> None:
        self._known: Assessment | None = None
        self._of: tuple[Path, int | None] | None = None
        self._at = float("-inf")

    def now(self, store: Path) -> Assessment:
        """See `assess`; at most half a minute old, and of the volume that is mounted there now.

        Parameters
        ----------
        store : Path
            The store's folder.
        """
        of = (store, _device(store))
        if self._known is None or of != self._of or time.monotonic() - self._at > _FRESH_S:
            self._known, self._of, self._at = assess(store), of, time.monotonic()
        return self._known

    def known(self, store: Path) -> Assessment:
        """The last verdict, however old, while the same volume lies there; asked for when there is none."""
        if self._known is not None and self._of == (store, _device(store)):
            return self._known
        return self.now(store)


def _device(path: Path) -> int | None:
    try:
        return os.stat(path).st_dev
    except OSError:
        return None
