"""A real IPython kernel to type cells into."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from jupyter_client import KernelManager


@dataclass
class Ran:
    """What one cell gave back.

    Parameters
    ----------
    text : str
        Everything printed and the plain text of everything displayed.
    html : str
        The HTML of everything displayed.
    value : str or None
        The cell's own result (``Out``) as text.
    error : str or None
        ``NameOfError: message``.
    traceback : list of str
        What the error shows.
    updates : int
        How often something shown was replaced, the record of the training not counted.
    """

    text: str = ""
    html: str = ""
    value: str | None = None
    error: str | None = None
    updates: int = 0
    traceback: list[str] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)


class Kernel:
    """A context manager around one kernel process.

    Parameters
    ----------
    folder : Path
        Its working directory.
    env : dict
        Added to the environment.
    """

    def __init__(self, folder: Path, **env: str) -> None:
        self._manager = KernelManager(kernel_name="python3")
        folder.mkdir(parents=True, exist_ok=True)
        every = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "jupyter-config"), **env}
        self._manager.start_kernel(cwd=str(folder), env=every)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str, timeout: float = 120) -> Ran:
        """Execute a cell and gather what it shows."""
        ran = Ran()

        def hook(message: dict[str, Any]) -> None:
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "stream":
                ran.text += content["text"]
            elif kind in ("display_data", "execute_result", "update_display_data"):
                data = content["data"]
                ran.outputs.append(data)
                ran.text += data.get("text/plain", "") + "\n"
                ran.html += data.get("text/html", "")
                is_record = "application/vnd.jupyter-ckpt.record.v1+json" in data
                ran.updates += kind == "update_display_data" and not is_record
                if kind == "execute_result":
                    ran.value = data["text/plain"]

        reply = self._client.execute_interactive(code, timeout=timeout, output_hook=hook, store_history=True)
        content = reply["content"]
        if content["status"] == "error":
            ran.error = f"{content['ename']}: {content['evalue']}"
            ran.traceback = content["traceback"]
        return ran

    def complete(self, code: str) -> list[str]:
        """What Tab offers at the end of ``code``."""
        reply = self._client.complete(code, reply=True, timeout=30)
        matches: list[str] = reply["content"]["matches"]
        return matches

    @property
    def manager(self) -> KernelManager:
        """For further clients of the same kernel."""
        return self._manager

    def kill(self) -> None:
        """SIGKILL, as the machine does it."""
        self._manager.shutdown_kernel(now=True)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.stop_channels()
        if self._manager.is_alive():
            self._manager.shutdown_kernel(now=True)
