"""Nested plain data of a record as a flat list of names and values, and the sources in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DEPTH = 5
_MOST = 400
_PLACES = ("cell", "defined_in", "where", "file")


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """``{"git": {"commit": "ab"}}`` as ``{"git.commit": "ab"}``; what is empty or None is left out."""
    found = dict(_flat(data, "", _DEPTH))
    return dict(list(found.items())[:_MOST])


def _flat(data: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth:
            yield from _flat(value, name + ".", depth - 1)
        elif value not in (None, "", [], {}):
            yield name, value


@dataclass(frozen=True)
class Source:
    """The source of one thing that was defined in the notebook, and where."""

    name: str
    text: str
    where: str = ""


def sources(code: Mapping[str, Any]) -> list[Source]:
    """The sources in a record's ``code``: texts, or mappings with a ``source``, at any level."""
    return list(_sources(code, "", _DEPTH))[:_MOST]


def _sources(code: Any, name: str, depth: int) -> Iterator[Source]:
    if isinstance(code, Mapping):
        text = code.get("source")
        if text == "":  # it was looked for and not found
            return
        if isinstance(text, str):
            found = next((code[key] for key in _PLACES if code.get(key) not in (None, "")), None)
            called = code.get("name")
            where = "" if found is None else (found if isinstance(found, str) else f"cell {found}")
            yield Source(called if isinstance(called, str) and called else name, text, where)
        elif depth:
            for key, value in code.items():
                yield from _sources(value, str(key), depth - 1)
    elif isinstance(code, list) and depth:
        for value in code:
            yield from _sources(value, name, depth - 1)
    elif isinstance(code, str) and code:
        yield Source(name, code)
