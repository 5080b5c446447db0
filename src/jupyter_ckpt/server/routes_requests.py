"""Words to a training that is busy."""

from __future__ import annotations

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.errors import UnknownName
from jupyter_ckpt.server.body import choice
from jupyter_ckpt.server.route import Route
from jupyter_ckpt.store.mailbox import VERBS, Answer, Mailbox, is_request_id


class RequestsRoute(Route):
    """Asking the training of a run to save or to stop at its next boundary."""

    path = "runs/{run}/requests"

    @tornado.web.authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Put it into the run's mailbox."""
        self.counts()
        run = self.name(run, "run")
        verb = choice(self.body({"verb": str})["verb"], "verb", VERBS)
        store = await self.store()
        indexed = await self.on(store, store.run, run)
        self.answers({"id": await self.on(store, Mailbox(indexed.run.folder).post, verb)})


class RequestRoute(Route):
    """The answer to a request."""

    path = "runs/{run}/requests/{id}"

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str, id: str) -> None:
        """What the training said, if it has."""
        run = self.name(run, "run")
        if not is_request_id(id):
            raise UnknownName(f"{id[:80]!r} is no request's id")
        store = await self.store()
        indexed = await self.on(store, store.run, run)
        answer: Answer | None = await self.on(store, Mailbox(indexed.run.folder).answer_of, id)
        self.answers(
            {
                "id": id,
                "answered": answer is not None,
                "ok": answer.ok if answer else None,
                "text": answer.text if answer else "",
            }
        )


ROUTES = (RequestsRoute, RequestRoute)
