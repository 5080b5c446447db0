"""A session without live objects, for the shell: looks at all runs unless a notebook is named."""

from __future__ import annotations

from jupyter_ckpt.session.store_reader import Checkpoints, Runs
from jupyter_ckpt.session.store_session import StoreSession


class ShellSession(StoreSession):
    """What ``jupyter ckpt`` works on; parameters as for `StoreReader`."""

    def runs(self, *, everywhere: bool = False) -> Runs:
        """All runs, or those of the notebook that was named."""
        return super().runs(everywhere=everywhere or self.origin.kind == "folder")

    def list(self, run: str | None = None, *, everywhere: bool = False) -> Checkpoints:
        """All checkpoints, or those of the notebook that was named."""
        return super().list(run, everywhere=everywhere or self.origin.kind == "folder")
