"""The heartbeat of a page that is looking."""

from __future__ import annotations

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_ckpt.server.route import Route


class ChangesRoute(Route):
    """Whether anything changed; and for half a minute after it, changes are looked for and told as events."""

    path = "changes"

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """A token that is another one after a change."""
        self.app.watcher.beat()
        self.answers({"token": self.app.watcher.token})


ROUTES = (ChangesRoute,)
