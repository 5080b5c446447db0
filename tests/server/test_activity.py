"""An open panel must not keep an idle server alive; what a person does counts."""

from __future__ import annotations

from pathlib import Path

import stores
from document import operations


async def test_reading_and_polling_is_no_activity(ask, jp_serverapp, store: Path, here: str) -> None:
    name = stores.write_run(store, "run-a")[0]
    jp_serverapp.web_app.settings["api_last_activity"] = before = jp_serverapp.web_app.settings["started"]
    for path, method in sorted(operations()):
        if method == "get":
            url = path[1:].format(run="run-a", name=name, id="0" * 32)
            await ask("GET", url, store=here, a=f"run-a/{name}", b="run-a/epoch-0001", notebook="train.ipynb")
    assert jp_serverapp.web_app.settings["api_last_activity"] == before
    assert jp_serverapp.web_app.last_activity() == before


async def test_a_persons_write_is_activity(ask, jp_serverapp, store: Path, here: str) -> None:
    name = stores.write_run(store, "run-a")[0]
    jp_serverapp.web_app.settings["api_last_activity"] = before = jp_serverapp.web_app.settings["started"]
    await ask("PATCH", f"checkpoints/run-a/{name}", {"pinned": True}, store=here)
    assert jp_serverapp.web_app.settings["api_last_activity"] > before
