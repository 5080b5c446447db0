"""Page to kernel: a comm that the page opens, on which the kernel only listens.

On it the kernel never sends: some kernels hand a comm's messages to whatever part of them last sent on it, so one
that was used in a cell waits for the cell that trains. Answers go through `jupyter_ckpt.page.channel`. The messages
come in a thread of their own where the page asks for one (a subshell), else between cells.
"""

from __future__ import annotations

import contextvars
import logging
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.page.channel import VERSION
from jupyter_ckpt.store.mailbox import is_request_id

if TYPE_CHECKING:
    from jupyter_ckpt.page.hub import Hub

TARGET = "jupyter_ckpt:cmd"
_NOT_NOW = {
    "save": "no cell is running: %ckpt save saves",
    "stop": "no cell is running, so there is nothing to stop",
}
_log = logging.getLogger("jupyter_ckpt")


class Commands:
    """Listens to the pages.

    Parameters
    ----------
    hub : Hub
        Does what they ask.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._is_open = False

    def open(self) -> None:
        """Listen."""
        import comm

        comm.get_comm_manager().register_target(TARGET, self._opened)
        self._is_open = True

    def close(self) -> None:
        """Listen no more; pages that have a comm open are told so."""
        import comm

        self._is_open = False
        manager = comm.get_comm_manager()
        if manager.targets.get(TARGET) == self._opened:
            manager.unregister_target(TARGET, self._opened)
        for one in list(manager.comms.values()):
            if getattr(one, "target_name", None) == TARGET:
                one.on_msg(None)
                try:
                    one.close()
                except Exception:  # noqa: BLE001 - the page is gone already
                    _log.debug("a comm could not be closed", exc_info=True)

    def _opened(self, comm: Any, message: dict[str, Any]) -> None:
        comm.on_msg(self._received)
        self._received(message)

    def _received(self, message: dict[str, Any]) -> None:
        """Never raises: the comm would be closed, or a traceback logged for a page's mistake."""
        try:
            data = message["content"]["data"]
            client = str(message["header"]["session"])
            if self._is_open and isinstance(data, dict) and data.get("v") == VERSION:
                self._obey(client, data)
        except Exception:  # noqa: BLE001
            _log.debug("a message of the page was not understood", exc_info=True)

    def _obey(self, client: str, data: dict[str, Any]) -> None:
        kind = data.get("type")
        if kind == "hello":
            self._hub.hello(client, data.get("path"), data.get("language"))
        elif kind == "path":
            self._hub.renamed(client, data.get("path"))
        elif kind == "tell":
            self._tell(client, data)

    def _tell(self, client: str, data: dict[str, Any]) -> None:
        id, verb = data.get("id"), data.get("verb")
        if not is_request_id(id) or not isinstance(id, str):
            return
        notebook, context = self._hub.notebooks.of(client), contextvars.copy_context()

        def reply(ok: bool, text: str) -> None:
            # as an answer to this page, whoever executes the cell
            context.copy().run(self._hub.channel.push, "answer", notebook, request=id, ok=ok, text=text)

        session = self._hub.session
        if not isinstance(verb, str) or verb not in _NOT_NOW:
            reply(False, f"{str(verb)[:40]!r} cannot be asked of a training")
        elif not self._hub.is_running or session is None:
            reply(False, _NOT_NOW[verb] if not self._hub.is_running else "no training was begun in this kernel")
        else:
            try:
                session.requests.ask(verb, id, reply)
            except UsageProblem as error:
                reply(False, str(error))
