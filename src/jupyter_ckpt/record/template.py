"""What a record looks like: text with ``$names`` in it, which a user can replace.

A line whose values are all empty is left out, and so is a part of one between `` · ``. Several empty lines are one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_ckpt.display.clean import clean
from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.record.language import Language
from jupyter_ckpt.record.merge import Line
from jupyter_ckpt.store.catalog import close_matches

VARIABLE = "JUPYTER_CKPT_RECORD_TEMPLATE"
FILE = "record-template.md"
_NAME = re.compile(r"\$(?:(?P<doubled>\$)|(?P<name>[a-z_]+)|\{(?P<braced>[a-z_]+)\})")
_CELL = re.compile(r"(?<!\\)(\s*\|\s*)")
_EMPHASIS = re.compile(r"(\*\*|\*|__|`)[^*_`]+\1")
_SEPARATOR = " · "
_LARGEST = 64 << 10
_MOST_LINES = 300


@dataclass(frozen=True)
class Template:
    """A template that is known to be right.

    Parameters
    ----------
    lines : tuple of str
        Its text.
    """

    lines: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, names: Collection[str], where: str = "the template") -> Template:
        """Read a template.

        Parameters
        ----------
        text : str
            Lines with ``$name`` or ``${name}``; ``$$`` is a dollar.
        names : collection of str
            The values there are.
        where : str
            What to call it in an error.

        Raises
        ------
        UsageProblem
            For a name that is none, and for a template with none at all.
        """
        lines = tuple(clean(line.rstrip(), lines=True) for line in re.split("\r\n|\r|\n", text.rstrip("\r\n")))
        used = False
        if len(lines) > _MOST_LINES:
            raise UsageProblem(f"{where}: {len(lines)} lines are too many, at most {_MOST_LINES}")
        for number, line in enumerate(lines, 1):
            for name in _names(line):
                used = True
                if name not in names:
                    raise UsageProblem(
                        f"{where}, line {number}: there is no ${name[:40]}"
                        f"{close_matches(name, names) or '; there are $' + ' $'.join(names)}"
                    )
        if not used:
            raise UsageProblem(f"{where} has no values: put in names such as $title, $best and $model")
        return cls(lines)

    def render(self, values: Mapping[str, str]) -> list[Line]:
        """The record's lines, each under the name of its first value."""
        found: list[Line] = []
        keys: dict[str, int] = {}
        for line in self.lines:
            names = _names(line)
            first = names[0] if names else "text" if line else "gap"
            keys[first] = keys.get(first, 0) + 1
            numbered = not names or keys[first] > 1
            key = f"{first}{'-' if names else ''}{keys[first]}" if numbered else first
            text = _fill(line, values)
            if text is None or (not text and (not found or not found[-1].text)):
                continue
            found.append(Line(key, text))
        while found and not found[-1].text:
            found.pop()
        return found


def read_template(
    language: Language, names: Collection[str], environ: Mapping[str, str] | None = None
) -> Template | None:
    """The user's own template; None when there is none.

    ``JUPYTER_CKPT_RECORD_TEMPLATE`` names a file; else ``jupyter_ckpt/record-template.zh_CN.md`` or
    ``jupyter_ckpt/record-template.md`` in the user's Jupyter configuration folder is taken.

    Raises
    ------
    UsageProblem
        When it cannot be read or is wrong; says where.
    """
    environ = os.environ if environ is None else environ
    given = environ.get(VARIABLE)
    if given:
        return load_template(Path(os.path.expanduser(given)), names)
    from jupyter_core.paths import jupyter_config_dir

    folder = Path(jupyter_config_dir()) / "jupyter_ckpt"
    for name in (FILE.replace(".md", f".{language}.md"), FILE):
        if (folder / name).is_file():
            return load_template(folder / name, names)
    return None


def load_template(path: Path, names: Collection[str]) -> Template:
    """A template from a file; UsageProblem when it cannot be read or is wrong."""
    try:
        if not path.is_file():
            raise UsageProblem(f"{path}: no such file")
        if path.stat().st_size > _LARGEST:
            raise UsageProblem(f"{path} is too large for a template")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageProblem(f"{path} cannot be read ({why})") from error
    return Template.parse(text, names, str(path))


def _names(line: str) -> list[str]:
    found = (hit["name"] or hit["braced"] for hit in _NAME.finditer(line))
    return [name for name in found if name]


def _fill(line: str, values: Mapping[str, str]) -> str | None:
    """The line with its values; None when it has some and all are empty."""
    names = _names(line)
    if names and not any(values.get(name) for name in names):
        return None
    pieces = _CELL.split(line)
    pieces[::2] = [_fill_cell(cell, values) for cell in pieces[::2]]
    return "".join(pieces).rstrip()


def _fill_cell(cell: str, values: Mapping[str, str]) -> str:
    parts = []
    for part in cell.split(_SEPARATOR):
        names = _names(part)
        if not names or any(values.get(name) for name in names):
            parts.append(_put(part, values) if names else part)
    return _SEPARATOR.join(parts)


def _put(part: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return "$" if found["doubled"] else values.get(found["name"] or found["braced"], "")

    def emphasized(found: re.Match[str]) -> str:
        names = _names(found[0])
        return found[0] if not names or any(values.get(name) for name in names) else ""

    # stars around nothing would show
    return _NAME.sub(value, _EMPHASIS.sub(emphasized, part)).strip(" ")
