"""What all routes share: who may call, where files are touched, and how answers and errors look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError

from jupyter_ckpt.errors import CkptError, UnknownName, UsageProblem
from jupyter_ckpt.server import body
from jupyter_ckpt.server.open_store import OpenStore
from jupyter_ckpt.server.plain import encode
from jupyter_ckpt.server.problems import kind_of, kind_of_status, message_of
from jupyter_ckpt.store.record import is_safe_name

if TYPE_CHECKING:
    from jupyter_ckpt.server.extension import JupyterCkpt

T = TypeVar("T")
P = ParamSpec("P")
AUTH_RESOURCE = "jupyter_ckpt"
NAMESPACE = "jupyter-ckpt"
_LONGEST_PARAMETER = 4096


class Route(APIHandler):
    """Base of the routes. An open panel must not keep an idle server alive: only writes count as activity."""

    auth_resource = AUTH_RESOURCE
    _track_activity = False
    path: ClassVar[str]
    """Below ``jupyter-ckpt/``, with ``{run}`` and the like for its parts."""

    @property
    def app(self) -> JupyterCkpt:
        """The extension."""
        app: JupyterCkpt = self.settings["jupyter_ckpt"]
        return app

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse strange parameters before anything is done."""
        await super().prepare()
        self.app.watcher.listen_on(asyncio.get_running_loop())
        for name, values in self.request.query_arguments.items():
            if len(values) > 1 or len(values[0]) > _LONGEST_PARAMETER:
                raise HTTPError(400, f"the parameter {name[:40]!r} is given twice or far too long")

    def answers(self, value: Any) -> None:
        """Send JSON."""
        self.set_header("Cache-Control", "no-store")
        self.finish(encode(value))

    def counts(self) -> None:
        """This request was made by a person: it is activity."""
        self._track_activity = True

    def text(self, name: str) -> str | None:
        """A query parameter; None when it is missing or empty.

        Raises
        ------
        UsageProblem
            When it is not UTF-8.
        """
        values = self.request.query_arguments.get(name)
        if not values or not values[0]:
            return None
        try:
            return values[0].decode("utf-8")
        except UnicodeDecodeError as error:
            raise UsageProblem(f"the parameter {name} is not UTF-8") from error

    def whole(self, name: str, default: int) -> int:
        """A query parameter that is a whole number of 0 or more; UsageProblem for anything else."""
        text = self.text(name)
        return default if text is None else body.whole(text, name)

    def limit(self, default: int = 100) -> int:
        """``limit``: more than are given at once is the most that are."""
        return min(self.whole("limit", default), body.MOST_ROWS)

    def descending(self, default: str = "desc") -> bool:
        """``order``; UsageProblem for anything but ``asc`` and ``desc``."""
        return body.choice(self.text("order") or default, "order", ("asc", "desc")) == "desc"

    def flag(self, name: str) -> bool:
        """A query parameter that is on or off; UsageProblem for anything else."""
        return body.flag(self.text(name) or "", name)

    def body(self, required: body.Kinds | None = None, optional: body.Kinds | None = None) -> dict[str, Any]:
        """The request's JSON; see `read_body`."""
        return body.read_body(self.request.body, required or {}, optional or {})

    async def store(self, wanted: str | None = None) -> OpenStore:
        """The store that the request names; see `KnownStores.find`."""
        wanted = wanted or self.text("store")
        found = self.app.known.by_id(wanted) if wanted else None
        if found is None:
            found = await self.app.machine.run(self.app.known.find, wanted, self.text("notebook"))
        return found

    async def on(self, store: OpenStore, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do file work in the store's threads."""
        return await store.workers.run(call, *args, **kwargs)

    @staticmethod
    def name(text: str, what: str) -> str:
        """A run's or checkpoint's name from the path.

        Raises
        ------
        UnknownName
            When nothing can have that name.
        """
        if not is_safe_name(text):
            raise UnknownName(f"{text[:80]!r} is no {what}'s name")
        return text

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Errors with a clear line are no accident of the server's: the line is enough."""
        if isinstance(error, CkptError):
            self.log.info("jupyter_ckpt: %s %s: %s", self.request.method, self.request.path, message_of(error))
        else:
            super().log_exception(kind, error, trace)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """The status of our own errors."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if error is not None and not isinstance(error, HTTPError):
            status_code = kind_of(error)[1]
        super().send_error(status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """``{"message", "kind"}``."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if error is None or isinstance(error, HTTPError):
            kind = kind_of_status(status_code)
            message = (error.log_message if error is not None else None) or self._reason
        else:
            kind, message = kind_of(error)[0], message_of(error)
        if status_code == 503:
            self.set_header("Retry-After", "5")
        self.answers({"message": message, "kind": kind})


def page(rows: list[T], offset: int, limit: int) -> list[T]:
    """A part of a list."""
    return rows[offset : offset + limit]
