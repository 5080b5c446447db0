"""A process that commits checkpoints until it is killed, forked from one that has torch loaded (15 kills a second).

Every commit that returned is acknowledged on a pipe: what was acknowledged must be there afterwards, whatever
happens to the process or to the volume.
"""

from __future__ import annotations

import os
import signal
import traceback
from pathlib import Path
from typing import Any

import torch
from committed import commit_state, same, state

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.record import RECORD_SUFFIX, read_record
from jupyter_ckpt.store.scan import scan_run

torch.set_num_threads(1)
ELEMENTS = 16_384


def number_of(name: str) -> int:
    """The state that was saved under a name."""
    return int(name.removeprefix("epoch-"))


class Saver:
    """Forks at once; saves ``epoch-<first>``, ``epoch-<first + 1>``, … to ``folder``."""

    def __init__(self, folder: Path, first: int, **options: Any) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            try:
                self._save(folder, first, writing, options)
            except CkptError as error:
                os.write(writing, f"ERROR {type(error).__name__}\n".encode())
            except BaseException:  # noqa: BLE001 - a forked child must never go on as its parent
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(writing)
        self._pipe = os.fdopen(reading)

    @staticmethod
    def _save(folder: Path, first: int, pipe: int, options: dict[str, Any]) -> None:
        for number in range(first, first + 1000):
            name = f"epoch-{number:06d}"
            Journal(folder, fsync=False).append("saving", name=name)
            commit_state(folder, name, state(number, elements=ELEMENTS), **options)
            os.write(pipe, f"{name}\n".encode())

    def kill(self) -> list[str]:
        """End it; the names that it acknowledged (and an ``ERROR …`` line when it had met one)."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        with self._pipe:
            return self._pipe.read().split("\n")[:-1]


def is_whole(folder: Path, name: str) -> bool:
    """The checkpoint reads, and holds what was saved under its name."""
    try:
        record = read_record(folder / (name + RECORD_SUFFIX))
        tree = read_checkpoint(folder / f"{name}.pt", record).tree
    except (CkptError, OSError):
        return False
    return same(tree, state(number_of(name), elements=ELEMENTS))


def visible(folder: Path) -> list[str]:
    """Names of the checkpoints that a reader of the folder is shown."""
    return [checkpoint.name for checkpoint in scan_run(folder).checkpoints]
