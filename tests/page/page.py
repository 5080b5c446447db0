"""A page as the kernel sees one: its own client, a subshell for its messages, and what it is told."""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable
from typing import Any

from jupyter_client.session import Session

from kernel import Kernel

PUSH, CMD = "jupyter_ckpt:push", "jupyter_ckpt:cmd"
Message = dict[str, Any]


class Page:
    """One open notebook; a context manager.

    Parameters
    ----------
    kernel : Kernel
        What it is connected to.
    subshell : bool
        Whether its comms have a thread of their own in the kernel, as JupyterLab's have.
    """

    def __init__(self, kernel: Kernel, *, subshell: bool = True) -> None:
        # a session of its own: what tells the pages of a kernel apart
        self._client = kernel.manager.client(session=Session(key=kernel.manager.session.key))
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)
        self._comm = uuid.uuid4().hex
        self._opened = False
        self.seen: list[Message] = []
        self.id: str = self._client.session.session
        self.subshell: str | None = None
        if subshell:
            message = self._client.session.msg("create_subshell_request", {})
            self._client.control_channel.send(message)
            reply = self._client.control_channel.get_msg(timeout=10)
            self.subshell = reply["content"]["subshell_id"]

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()

    def send(self, **data: Any) -> str:
        """One message on the command comm; returns its id."""
        data = {"v": 1, "id": uuid.uuid4().hex, **data}
        kind = "comm_msg" if self._opened else "comm_open"
        self.comm(kind, self._comm, data, **({} if self._opened else {"target_name": CMD}))
        self._opened = True
        return str(data["id"])

    def comm(self, kind: str, id: str, data: Message, **content: Any) -> None:
        """Any message of a comm, on the subshell where there is one."""
        message = self._client.session.msg(kind, {"comm_id": id, "data": data, **content})
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self._client.shell_channel.send(message)

    def execute(self, code: str, cell: str = "cell-1") -> str:
        """Send a cell without waiting; returns the message's id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self._client.session.msg("execute_request", content)
        message["metadata"] = {"cellId": cell}
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def until(self, wanted: Callable[[Message], Any], timeout: float = 30) -> Message:
        """Read on until a message comes that is wanted; all are kept in `seen`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            message = self._next(0.2)
            if message is not None and wanted(message):
                return message
        raise AssertionError(f"it did not come; seen: {[brief(one) for one in self.seen][-40:]}")

    def run(self, code: str, cell: str = "cell-1", timeout: float = 60) -> list[Message]:
        """A cell from its start to its end; what was seen meanwhile."""
        before = len(self.seen)
        self.ended(self.execute(code, cell), timeout)
        return self.seen[before:]

    def ended(self, execution: str, timeout: float = 60) -> None:
        """Wait until a cell has ended."""
        self.until(lambda one: is_idle(one, execution), timeout)

    def settle(self, seconds: float = 0.3) -> None:
        """Take in what still comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._next(0.05)

    def _next(self, timeout: float) -> Message | None:
        """The next message, kept in `seen`; None when none comes in time."""
        try:
            message: Message = self._client.get_iopub_msg(timeout=timeout)
        except queue.Empty:
            return None
        message["at"] = time.monotonic()
        self.seen.append(message)
        return message

    def told(self, type: str | None = None, messages: list[Message] | None = None) -> list[Message]:
        """The payloads of the one-shot comms, of all or of one type."""
        every = self.seen if messages is None else messages
        found = [one["content"]["data"] for one in every if is_push(one)]
        return [one for one in found if type is None or one["type"] == type]


def is_push(message: Message) -> bool:
    """True for a one-shot comm of ours."""
    return message["msg_type"] == "comm_open" and message["content"].get("target_name") == PUSH


def pushes(type: str, **fields: Any) -> Callable[[Message], bool]:
    """For `Page.until`: a push of this type with these fields."""

    def wanted(message: Message) -> bool:
        if not is_push(message):
            return False
        data = message["content"]["data"]
        return data["type"] == type and all(data.get(name) == value for name, value in fields.items())

    return wanted


def is_idle(message: Message, execution: str) -> bool:
    """The kernel is done with this request."""
    return (
        message["msg_type"] == "status"
        and message["content"]["execution_state"] == "idle"
        and message["parent_header"].get("msg_id") == execution
    )


def printed(messages: list[Message]) -> str:
    """What was printed, and the text of errors."""
    return "".join(
        one["content"]["text"] if one["msg_type"] == "stream" else "\n".join(one["content"]["traceback"])
        for one in messages
        if one["msg_type"] in ("stream", "error")
    )


def brief(message: Message) -> str:
    """For a failed test."""
    data = message["content"].get("data") if is_push(message) else None
    if data:
        return f"{data['type']}:{data.get('kind', '')}"
    if message["msg_type"] in ("stream", "error"):
        return printed([message])[-300:]
    return str(message["msg_type"])
