"""Remembering which store a user chose for a notebook: in the user's Jupyter folder and on the volume itself.

The user's folder is often part of the container and gone with it. So the volume carries a small file too, in which
a fresh container finds the choice again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.store.temporary import temporary_name

POINTER_FILE = ".jupyter-ckpt-stores.json"
_LARGEST = 1 << 20
_MOST_USED = 50


def user_file() -> Path:
    """``jupyter-ckpt.json`` in the user's Jupyter configuration folder (``JUPYTER_CONFIG_DIR`` is respected)."""
    from jupyter_core.paths import jupyter_config_dir

    return Path(jupyter_config_dir()) / "jupyter-ckpt.json"


def recall(origin: Origin, volumes: Iterable[Path] | None = None) -> Path | None:
    """The store chosen for this notebook, else for its folder; None when none is known.

    Parameters
    ----------
    origin : Origin
        The notebook.
    volumes : iterable of Path, optional
        Roots of volumes to look for a pointer file in, which counts only when the store is there. Without it the
        user's own file is read, whose store may be on a volume that is not mounted now.
    """
    for key in _keys(origin):
        if volumes is None:
            text = _stores(user_file()).get(key)
            path = Path(text) if isinstance(text, str) else None
            if path is not None and path.is_absolute():
                return path
        for volume in volumes or ():
            text = _stores(volume / POINTER_FILE).get(key)
            if isinstance(text, str):
                path = Path(os.path.normpath(volume / text))
                if path.is_relative_to(volume) and path.is_dir():
                    return path
    return None


def remember(origin: Origin, store: Path, *, folder: bool = True) -> list[Path]:
    """Write the choice down, for the notebook and for its folder; returns the files that hold it now.

    So the shell finds it in that folder, a notebook that is renamed, and a kernel that does not know its notebook.
    Without ``folder`` it is the notebook's alone: the others beside it have a store of their own.

    Raises
    ------
    StoreError
        When it could be written nowhere.
    """
    written, problem = [], None
    volume = mount_point(store)
    targets = [(user_file(), str(store))]
    if volume != volume.parent:  # nothing of ours in the machine's root folder
        targets.append((volume / POINTER_FILE, os.path.relpath(os.path.realpath(store), volume)))
    for file, text in targets:
        try:
            _update(file, dict.fromkeys(_keys(origin) if folder else _keys(origin)[:1], text))
        except OSError as error:
            problem = error
            continue
        written.append(file)
    if not written:
        assert problem is not None
        raise StoreError(f"the choice of {store} could not be remembered ({problem.strerror})", problem.errno)
    return written


def forget(origin: Origin) -> None:
    """Take the user's own note away; StoreError when it cannot be written."""
    try:
        _update(user_file(), dict.fromkeys(_keys(origin)))
    except OSError as error:
        raise StoreError(f"{user_file()} could not be written ({error.strerror})", error.errno) from error


def known_stores() -> list[Path]:
    """Every store that this user chose or that one of their kernels wrote to, the newest first."""
    data = _read(user_file())
    used, chosen = data.get("used"), _stores_in(data)
    texts = [*(used if isinstance(used, list) else []), *chosen.values()]
    paths = (Path(text) for text in texts if isinstance(text, str) and "\0" not in text)
    return list(dict.fromkeys(path for path in paths if path.is_absolute()))


def note_use(store: Path) -> None:
    """Write down that a kernel saves into ``store``, so that the server lists it whatever notebook is open.

    Nothing is lost when this cannot be written: the server then knows the store by its notebook only.
    """
    text = os.path.abspath(store)
    data = _read(user_file())
    before = data.get("used")
    used = [one for one in before if isinstance(one, str)] if isinstance(before, list) else []
    if text in used:
        return
    with contextlib.suppress(OSError):
        _write(user_file(), {**data, "used": [text, *used][:_MOST_USED]})


def mount_point(path: Path) -> Path:
    """The root of the volume that ``path`` will lie on."""
    probe = Path(os.path.realpath(path))
    while not probe.exists():
        probe = probe.parent
    while not os.path.ismount(probe) and probe != probe.parent:
        probe = probe.parent
    return probe


def _keys(origin: Origin) -> list[str]:
    return list(dict.fromkeys((f"{origin.kind}:{origin.path}", f"folder:{origin.folder}")))


def _stores(file: Path) -> dict[str, Any]:
    return _stores_in(_read(file))


def _stores_in(data: Mapping[str, Any]) -> dict[str, Any]:
    stores = data.get("stores")
    return stores if isinstance(stores, dict) else {}


def _read(file: Path) -> dict[str, Any]:
    """A memory file's JSON object; empty when there is none or it is damaged."""
    try:
        if file.stat().st_size > _LARGEST:
            return {}
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _update(file: Path, changes: Mapping[str, str | None]) -> None:
    """Set what is given in a memory file; None takes it away."""
    data = _read(file)
    stores = dict(_stores_in(data))
    before = dict(stores)
    for key, text in changes.items():
        stores[key] = text
    stores = {key: text for key, text in stores.items() if text is not None}
    if stores != before:
        _write(file, {**data, "stores": stores})


def _write(file: Path, data: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.parent / temporary_name("stores")
    try:
        temporary.write_text(json.dumps({"format": 1, **data}, indent=1) + "\n", "utf-8")
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
