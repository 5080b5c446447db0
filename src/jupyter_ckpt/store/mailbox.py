"""Words to a training that is busy: small files beside its checkpoints, which its loops look for.

``<run>/.mailbox/<id>.request.json`` is written by whoever asks (the server, the shell) and ``<id>.answer.json`` by
the training. Both are whole or not there, none of them outlives ten minutes, and nothing in them is trusted: a name
that is no id, a link, a strange file or a verb that does not exist is as if it were not there. Needs no torch.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import stat
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import StoreError, UsageProblem
from jupyter_ckpt.store.confine import run_folder_of
from jupyter_ckpt.store.folder import Folder
from jupyter_ckpt.store.record import timestamp
from jupyter_ckpt.store.temporary import temporary_name

MAILBOX = ".mailbox"
VERBS = ("save", "stop")
STALE_S = 600.0
"""Older requests are not obeyed any more, and older answers not kept."""
LOOK_EVERY_S = 0.5
_RACY_NS = 3_000_000_000
"""A folder that changed this recently may change again within the resolution of its time stamp (2 s on FAT)."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{7,63}")
_FILE = re.compile(r"(?P<id>[a-z0-9][a-z0-9-]{7,63})\.(?P<kind>request|answer)\.json")
_LARGEST = 8192
_MOST_FILES = 1000
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Request:
    """What somebody asks of a training.

    Parameters
    ----------
    id : str
        Chosen by who asks; the same id twice is one request.
    verb : {"save", "stop"}
        What to do at the next boundary.
    """

    id: str
    verb: str


@dataclass(frozen=True)
class Answer:
    """What the training says to a request.

    Parameters
    ----------
    id : str
        The request's.
    ok : bool
        It was done.
    text : str
        One line: what was done, or why not.
    """

    id: str
    ok: bool
    text: str


def is_request_id(text: object) -> bool:
    """True for a text that may be a request's id: 8 to 64 of ``a-z``, ``0-9`` and ``-``."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def _check_id(id: object) -> None:
    if not is_request_id(id):
        raise UsageProblem(f"{str(id)[:80]!r} is no request's id: 8 to 64 of a-z, 0-9 and -")


class Mailbox:
    """The mailbox of one run; the folder in it is made by the first `post`.

    Parameters
    ----------
    folder : Path
        The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / MAILBOX
        self._looked = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._taken: set[str] = set()

    def post(self, verb: str, id: str | None = None) -> str:
        """Ask something; returns the request's id.

        Parameters
        ----------
        verb : {"save", "stop"}
            What.
        id : str, optional
            Made when not given. One that was posted before is not posted again.

        Raises
        ------
        UsageProblem
            When there is no such verb, or the id is none.
        StoreError
            When it cannot be written.
        """
        if verb not in VERBS:
            raise UsageProblem(f"{str(verb)[:40]!r} cannot be asked of a training: there are {' and '.join(VERBS)}")
        chosen = uuid.uuid4().hex if id is None else id
        _check_id(chosen)
        with self._open(make=True) as box:
            self._sweep(box)
            if not any(box.has(f"{chosen}.{kind}.json") for kind in ("request", "answer")):
                self._write(box, f"{chosen}.request.json", {"id": chosen, "verb": verb, "time": timestamp()})
        return chosen

    def take(self, *, at_once: bool = False) -> list[Request]:
        """New requests, each of them once; fit to be called at each step of a training. Never raises.

        Parameters
        ----------
        at_once : bool
            Look now; else at most every half second, and then as a rule with one ``stat``.
        """
        now = time.monotonic()
        if not at_once and now - self._looked < LOOK_EVERY_S:
            return []
        self._looked = now
        try:
            if not self._has_changed():
                return []
            with self._open(make=False) as box:
                waiting = self._waiting(box)
        except (OSError, StoreError):
            return []  # no mailbox, or a volume that is away: nobody asked
        self._taken.update(request.id for request in waiting)
        return waiting

    def answer(self, id: str, ok: bool, text: str) -> None:
        """Answer a request; the first answer counts.

        Raises
        ------
        UsageProblem
            When the id is none.
        StoreError
            When it cannot be written.
        """
        _check_id(id)
        with self._open(make=True) as box:
            if not box.has(f"{id}.answer.json"):
                fields = {"id": id, "ok": bool(ok), "text": text[:2000], "time": timestamp()}
                self._write(box, f"{id}.answer.json", fields)
            box.discard(f"{id}.request.json")

    def answer_of(self, id: str) -> Answer | None:
        """The answer to a request; None as long as there is none.

        Raises
        ------
        UsageProblem
            When the id is none.
        """
        _check_id(id)
        try:
            with self._open(make=False):
                found = self._read(f"{id}.answer.json")
        except (OSError, StoreError):
            return None
        if found is None or not isinstance(found.get("ok"), bool) or not isinstance(found.get("text"), str):
            return None
        return Answer(id, found["ok"], found["text"])

    def withdraw(self, id: str) -> bool:
        """Take back a request that nobody has taken; True when it is gone without having been answered.

        Raises
        ------
        UsageProblem
            When the id is none.
        """
        _check_id(id)
        try:
            with self._open(make=False) as box:
                box.discard(f"{id}.request.json")
                return not box.has(f"{id}.answer.json")
        except (OSError, StoreError):
            return True

    # -- below: files --------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _open(self, *, make: bool) -> Iterator[Folder]:
        """The folder, known to be a real one in the run's."""
        try:
            if make:
                run_folder_of(self.folder)
                with contextlib.suppress(FileExistsError):
                    self.path.mkdir()
            found = os.lstat(self.path)
            if not stat.S_ISDIR(found.st_mode) or _is_junction(self.path):
                raise OSError(errno.ENOTDIR, "it is a link or a file")
            with Folder(self.path) as box:
                if not box.is_still_there() or not os.path.samestat(os.lstat(self.path), found):
                    raise OSError(errno.ENOTDIR, "it was replaced")
                yield box
        except OSError as error:
            raise StoreError(
                f"the mailbox {self.path} cannot be used ({error.strerror or error}): %ckpt storage shows the volume",
                error.errno,
            ) from error

    def _has_changed(self) -> bool:
        status = os.lstat(self.path)
        seen = (status.st_dev, status.st_ino, status.st_mtime_ns)
        if seen == self._seen:
            return False
        # clocks of servers differ: only a stamp that is old by ours, and not from our future, is settled
        settled = time.time_ns() - status.st_mtime_ns > _RACY_NS
        self._seen = seen if settled else None
        return True

    def _waiting(self, box: Folder) -> list[Request]:
        found = []
        files = self._files()
        answered = {id for id, kind, _ in files if kind == "answer"}
        for id, kind, age in files:
            if kind != "request" or id in self._taken or id in answered:
                continue
            request = self._read(f"{id}.request.json")
            if age > STALE_S:
                box.discard(f"{id}.request.json")
            elif request is not None and request.get("id") == id and request.get("verb") in VERBS:
                found.append((-age, Request(id, request["verb"])))
        return [request for _, request in sorted(found, key=lambda pair: (pair[0], pair[1].id))]

    def _sweep(self, box: Folder) -> None:
        """Let go of what is too old to matter."""
        for id, kind, age in self._files():
            if age > STALE_S:
                box.discard(f"{id}.{kind}.json")

    def _files(self) -> list[tuple[str, str, float]]:
        """Id, kind and age in seconds of what is ours by its name, and a regular file."""
        found = []
        with os.scandir(self.path) as listing:
            for number, entry in enumerate(listing):
                if number >= _MOST_FILES:
                    break
                named = _FILE.fullmatch(entry.name)
                with contextlib.suppress(OSError):
                    if named is not None and entry.is_file(follow_symlinks=False):
                        age = time.time() - entry.stat(follow_symlinks=False).st_mtime
                        found.append((named["id"], named["kind"], age))
        return found

    def _read(self, name: str) -> Mapping[str, Any] | None:
        """A small JSON object, or None for anything else."""
        try:
            fd = os.open(self.path / name, _READ | _NONBLOCK)
            with open(fd, "rb") as file:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    return None
                raw = file.read(_LARGEST + 1)
            found = json.loads(raw) if len(raw) <= _LARGEST else None
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, box: Folder, name: str, fields: Mapping[str, Any]) -> None:
        """Whole or not there; not synced, for nobody asks again after a power cut."""
        raw = json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace")
        temporary = temporary_name("mail")
        fd = box.create(temporary)
        try:
            try:
                if os.write(fd, raw) != len(raw):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(fd)
            box.rename(temporary, name)
        except OSError:
            box.discard(temporary)
            raise


def _is_junction(path: Path) -> bool:
    return bool(getattr(os.path, "isjunction", lambda _: False)(path))
