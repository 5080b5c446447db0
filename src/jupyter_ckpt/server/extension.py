"""The extension: what is configured, what all routes share, and the line in the log at start."""

from __future__ import annotations

import threading
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, List, Unicode

from jupyter_ckpt.server import (
    routes_changes,
    routes_checkpoints,
    routes_jobs,
    routes_records,
    routes_requests,
    routes_runs,
    routes_stores,
    routes_trash,
)
from jupyter_ckpt.server.jobs import Jobs
from jupyter_ckpt.server.known_stores import KnownStores
from jupyter_ckpt.server.places import Places
from jupyter_ckpt.server.route import NAMESPACE, Route
from jupyter_ckpt.server.watching import SCHEMA_FILE, SCHEMA_ID, Watcher
from jupyter_ckpt.server.work import Workers
from jupyter_ckpt.session.startup import notice_for

ROUTES: tuple[type[Route], ...] = (
    *routes_stores.ROUTES,
    *routes_runs.ROUTES,
    *routes_checkpoints.ROUTES,
    *routes_trash.ROUTES,
    *routes_jobs.ROUTES,
    *routes_records.ROUTES,
    *routes_requests.ROUTES,
    *routes_changes.ROUTES,
)
_PART = "([^/]+)"


class JupyterCkpt(ExtensionApp):
    """Training checkpoints: lists and looks after the stores of this user's trainings."""

    name = "jupyter_ckpt"
    load_other_extensions = True

    stores = List(
        Unicode(),
        help="""Folders with training checkpoints that are shown besides the ones that notebooks use.""",
    ).tag(config=True)
    storage_warning = Bool(
        True,
        help="""Write a line to the log at start when the server's root folder would be lost with the container.""",
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """What the routes share."""
        assert self.serverapp is not None
        root = getattr(self.serverapp.contents_manager, "root_dir", None) or self.serverapp.root_dir
        self.places = Places(str(root))
        events = getattr(self.serverapp, "event_logger", None)
        if events is not None and SCHEMA_ID not in events.schemas:
            events.register_event_schema(SCHEMA_FILE)
        self.known = KnownStores(self.places, self.stores)
        self.watcher = Watcher(self.known, events, self.log)
        self.known.on_change = self.watcher.changed
        self.jobs = Jobs()
        self.machine = Workers("this machine's mount table", threads=4)
        if self.storage_warning:
            threading.Thread(target=self._warn, daemon=True, name="jupyter-ckpt-notice").start()

    def initialize_handlers(self) -> None:
        """All routes, below ``jupyter-ckpt/``."""
        self.handlers.extend((pattern_of(route), route) for route in ROUTES)

    async def stop_extension(self) -> None:
        """The server stops: nothing of ours goes on."""
        self.watcher.stop()
        self.jobs.cancel_all()

    def _warn(self) -> None:
        """In a thread: a dead volume must not hold up the start."""
        try:
            text = notice_for(self.places.origin(None))
        except OSError as error:
            text = f"jupyter-ckpt: it cannot be told what the server's folder survives ({error.strerror})"
        if text:
            self.log.warning(text)


def pattern_of(route: type[Route]) -> str:
    """The route's path as tornado wants it, below the server's base URL."""
    parts = [_PART if part.startswith("{") else part for part in route.path.split("/")]
    return f"/{NAMESPACE}/{'/'.join(parts)}"


def extension_points() -> list[dict[str, Any]]:
    """For jupyter_server."""
    return [{"module": "jupyter_ckpt.server.extension", "app": JupyterCkpt}]
