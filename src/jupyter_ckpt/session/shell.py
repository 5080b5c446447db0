"""A session without live objects, for the shell: looks at all runs unless a notebook is named."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

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

    def export(
        self,
        target: str,
        to: str | os.PathLike[str],
        *,
        weights_only: bool = False,
        names: Iterable[str] | None = None,
        force: bool = False,
    ) -> Any:
        """See `Checkpointer.export`. The only shell command that needs torch."""
        from jupyter_ckpt.session.exporting import export_checkpoint

        return export_checkpoint(self, target, to, weights_only=weights_only, names=names, force=force)
