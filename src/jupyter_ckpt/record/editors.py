"""Is a notebook open somewhere? Running Jupyter servers are asked; what cannot be known is said.

A program that is no Jupyter server (VS Code, an editor) cannot be asked, and neither can a server with another home
or on another machine.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_INFO = re.compile(r"(?:jpserver|nbserver)-\d+\.json")
_TIMEOUT_S = 3.0
_LARGEST = 8 << 20
_DRIVE = "RTC:"


@dataclass(frozen=True)
class Editors:
    """Who has a notebook open.

    Parameters
    ----------
    open_in : str
        The address of a server that has it open; empty when none is known to.
    silent : list of str
        Servers whose folder it lies in and that do not tell, each with the reason.
    asked : int
        How many told.
    """

    open_in: str = ""
    silent: list[str] = field(default_factory=list)
    asked: int = 0


def find_editors(notebook: Path, runtime: Path | None = None) -> Editors:
    """Ask the Jupyter servers of this user on this machine.

    Parameters
    ----------
    notebook : Path
        The file.
    runtime : Path, optional
        Where servers leave their addresses; Jupyter's runtime folder.
    """
    if runtime is None:
        from jupyter_core.paths import jupyter_runtime_dir

        runtime = Path(jupyter_runtime_dir())
    silent: list[str] = []
    asked = 0
    for info in _servers(runtime):
        path = _api_path(notebook, info)
        if path is None:
            continue
        address = str(info.get("url") or info.get("sock") or "a Jupyter server")
        try:
            sessions = _sessions(info)
        except _NotThere:
            continue
        except _Silent as error:
            silent.append(f"{address} {error}")
            continue
        asked += 1
        if any(_is_of(session, path) for session in sessions):
            return Editors(address, silent, asked)
    return Editors("", silent, asked)


class _NotThere(Exception):
    """The server has gone and left its address."""


class _Silent(Exception):
    """The server is there and does not tell."""


def _servers(runtime: Path) -> Iterator[dict[str, Any]]:
    try:
        names = sorted(os.listdir(runtime))
    except OSError:
        return
    for name in names:
        if not _INFO.fullmatch(name):
            continue
        try:
            info = json.loads((runtime / name).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(info, dict) and _is_alive(info.get("pid")):
            yield info


def _is_alive(pid: Any) -> bool:
    """False when it surely is not; a process of that number may be another one, which the connection tells."""
    if not isinstance(pid, int) or pid <= 0 or os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _api_path(notebook: Path, info: dict[str, Any]) -> str | None:
    """What the server calls the file; None when it does not lie in its folder."""
    root = info.get("root_dir") or info.get("notebook_dir")
    if not isinstance(root, str):
        return None
    for file, folder in (
        (Path(os.path.abspath(notebook)), Path(os.path.abspath(root))),
        (Path(os.path.realpath(notebook)), Path(os.path.realpath(root))),
    ):
        if file.is_relative_to(folder):
            return file.relative_to(folder).as_posix()
    return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that wants a password sends to its login page: that is an answer too."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _sessions(info: dict[str, Any]) -> list[Any]:
    url = info.get("url")
    if info.get("sock") or not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise _Silent("cannot be asked from here")
    address = url.rstrip("/") + "/api/sessions"
    token = info.get("token")
    request = urllib.request.Request(address, headers={"Authorization": f"token {token}"} if token else {})
    opener = urllib.request.build_opener(
        _NoRedirect, urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_any_certificate())
    )
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            found = json.loads(answer.read(_LARGEST))
    except urllib.error.HTTPError as error:
        error.close()
        raise _Silent("wants a password" if error.code in (301, 302, 401, 403) else f"answers {error.code}") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise _NotThere from None
        raise _Silent("does not answer") from None
    except (OSError, ValueError, http.client.HTTPException):
        raise _Silent("does not answer") from None
    if not isinstance(found, list):
        raise _Silent("does not answer")
    return found


def _any_certificate() -> ssl.SSLContext:
    """Servers on this machine sign for themselves; nothing secret is read, and their token is theirs."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_of(session: Any, path: str) -> bool:
    if not isinstance(session, dict):
        return False
    notebook = session.get("notebook")
    known = [session.get("path"), notebook.get("path") if isinstance(notebook, dict) else None]
    return any(isinstance(one, str) and one.removeprefix(_DRIVE).strip("/") == path for one in known)
