"""A notebook's file: read, changed as little as possible, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import uuid
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import RefusedFile, StoreError, UnknownName
from jupyter_ckpt.store.temporary import temporary_name

_LARGEST = 512 << 20
Cell = dict[str, Any]


@dataclass
class NotebookFile:
    """A notebook of format 4.

    Parameters
    ----------
    path : Path
        Its file.
    content : dict
        As it stands there; may be changed in place.
    raw : str
        Its text when it was read.
    seen : tuple
        What the file was then.
    """

    path: Path
    content: dict[str, Any]
    raw: str
    seen: tuple[int, ...]

    @property
    def cells(self) -> list[Cell]:
        """Its cells."""
        cells: list[Cell] = self.content["cells"]
        return cells

    @property
    def has_ids(self) -> bool:
        """Cells have ids from format 4.5 on."""
        return (self.content["nbformat"], self.content.get("nbformat_minor", 0)) >= (4, 5)

    def new_id(self) -> str:
        """An id that no cell has."""
        taken = {cell.get("id") for cell in self.cells}
        while (fresh := uuid.uuid4().hex[:8]) in taken:
            pass
        return fresh

    def text(self) -> str:
        """The file's new text, in the manner of the old one."""
        found = re.match(r"\{\r?\n([ \t]+)", self.raw)
        indent = found[1] if found else 1 if self.raw.count("\n") > 1 else None
        ascii_only = self.raw.isascii() and "\\u" in self.raw
        end = "\n" if self.raw.endswith("\n") else ""
        return json.dumps(self.content, indent=indent, ensure_ascii=ascii_only) + end

    def write(self) -> None:
        """Replace the file, with its mode kept.

        Raises
        ------
        RefusedFile
            When somebody wrote it since it was read, or the result is no valid notebook.
        StoreError
            When it cannot be written; then it is as it was.
        """
        _validate(self.content, self.path)
        target = Path(os.path.realpath(self.path))
        raw = self.text().encode("utf-8", "surrogatepass")
        temporary = target.parent / temporary_name("record")
        try:
            with open(temporary, "xb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(OSError):
                os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
            if _seen(target) != self.seen:
                raise RefusedFile(
                    f"{self.path} was changed by somebody else meanwhile: nothing was written, try again"
                )
            os.replace(temporary, target)
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be written ({error.strerror or error}): it is as it was", error.errno
            ) from error
        finally:
            temporary.unlink(missing_ok=True)


def read_notebook(path: Path) -> NotebookFile:
    """Read a notebook.

    Raises
    ------
    UnknownName
        When there is none.
    RefusedFile
        When it is none of format 4.
    """
    try:
        if not path.is_file():
            raise UnknownName(f"{path}: no such notebook")
        seen = _seen(Path(os.path.realpath(path)))
        if seen[1] > _LARGEST:
            raise RefusedFile(f"{path} is absurdly large for a notebook")
        raw = path.read_bytes().decode("utf-8", "surrogatepass")
        content = json.loads(raw)
    except OSError as error:
        raise RefusedFile(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError):
        raise RefusedFile(f"{path} is no notebook: it is not JSON") from None
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(content, dict) or content.get("nbformat") != 4 or not isinstance(cells, list):
        raise RefusedFile(
            f"{path} is no notebook of format 4: `jupyter nbconvert --to notebook {path.name}` makes one"
        )
    if not all(isinstance(cell, dict) and isinstance(cell.get("metadata", {}), dict) for cell in cells):
        raise RefusedFile(f"{path} is no valid notebook: one of its cells is none")
    content.setdefault("metadata", {})
    return NotebookFile(path, content, raw, seen)


def source_of(cell: Cell) -> str:
    """A cell's text."""
    source = cell.get("source", "")
    return "".join(str(part) for part in source) if isinstance(source, list) else str(source)


def set_source(cell: Cell, text: str) -> None:
    """Set a cell's text, in the form it has on disk."""
    cell["source"] = text.splitlines(keepends=True)


def _seen(path: Path) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size, status.st_ino


def _validate(content: dict[str, Any], path: Path) -> None:
    try:
        import nbformat
    except ImportError:  # what was changed is a Markdown cell; the rest is as it was
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what an editor left out before is not our affair
            nbformat.validate(nbformat.from_dict(content), relax_add_props=True)  # type: ignore[no-untyped-call]
    except nbformat.ValidationError as error:
        why = str(error).partition("\n")[0][:200]
        raise RefusedFile(f"{path} is no valid notebook ({why}): nothing was written") from None
