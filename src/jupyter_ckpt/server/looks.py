"""A first look at folders, some of which may lie on a volume that gives no answer."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jupyter_ckpt.volumes.machine import Answer, NoAnswer

_PATIENCE_S = 1.0


@dataclass(frozen=True)
class Seen:
    """A folder's path without links, and whether it is there."""

    real: str
    is_dir: bool


class Looks:
    """Looks that were begun; one that hangs is waited for again and never begun twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[Path, tuple[float, Answer[Seen]]] = {}

    def begin(self, paths: Iterable[Path]) -> None:
        """Look at all of these, each in a thread of its own."""
        with self._lock:
            for path in paths:
                if path not in self._begun:
                    self._begun[path] = (time.monotonic(), Answer(partial(_look, path)))

    def end(self, path: Path) -> Seen | None:
        """What was seen; None when the volume gives no answer within a second of the first look."""
        with self._lock:
            begun = self._begun.get(path) or (time.monotonic(), Answer(partial(_look, path)))
            self._begun[path] = begun
        try:
            seen = begun[1].get(begun[0] + _PATIENCE_S - time.monotonic())
        except NoAnswer:
            return None
        except OSError:
            seen = Seen(str(path), False)
        with self._lock:
            self._begun.pop(path, None)
        return seen


def _look(path: Path) -> Seen:
    return Seen(os.path.realpath(path), path.is_dir())
