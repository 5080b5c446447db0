"""Reading what a request asks for, strictly: types, sizes, and nothing that is not known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.server.problems import TooLarge

LARGEST_BODY = 256 << 10
MOST_ROWS = 1000
_LONGEST_TEXT = 20_000
_MOST_TEXTS = 10_000
_MOST = 10**9
Kinds = Mapping[str, type]
"""Field → ``str``, ``bool`` or ``list`` (of texts)."""
_NAMES: dict[type, str] = {str: "a text", bool: "true or false", list: "a list of texts"}


def read_body(raw: bytes, required: Kinds, optional: Kinds) -> dict[str, Any]:
    """A JSON object with these fields and no others.

    Raises
    ------
    TooLarge
        When the body is larger than anything that is asked here.
    UsageProblem
        When it is anything else; the message says what is wrong.
    """
    if len(raw) > LARGEST_BODY:
        raise TooLarge(f"the request's body is larger than {LARGEST_BODY >> 10} KiB")
    try:
        data = json.loads(raw.decode("utf-8")) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise UsageProblem("the request's body is not JSON") from error
    if not isinstance(data, dict):
        raise UsageProblem("the request's body is not a JSON object")
    known = {**required, **optional}
    for key in data:
        if key not in known:
            raise UsageProblem(f"the request's body has an unknown field {key[:40]!r}: known are {', '.join(known)}")
    for key in required:
        if key not in data:
            raise UsageProblem(f"the request's body has no {key}")
    for key, value in data.items():
        _check(key, value, known[key])
    return data


def _check(key: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        raise UsageProblem(f"{key} is {_NAMES[kind]}, not {json.dumps(value)[:40]}")
    texts: list[Any] = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    if len(texts) > _MOST_TEXTS:
        raise UsageProblem(f"{key} has more than {_MOST_TEXTS} entries")
    for text in texts:
        if not isinstance(text, str):
            raise UsageProblem(f"{key} is a list of texts")
        if len(text) > _LONGEST_TEXT:
            raise UsageProblem(f"{key} is longer than {_LONGEST_TEXT} characters")


def whole(text: str, name: str) -> int:
    """A whole number of 0 or more from a query parameter; UsageProblem for anything else."""
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) > _MOST:
        raise UsageProblem(f"{name} is a whole number of 0 or more, not {text[:40]!r}")
    return int(text)


def choice(text: str, name: str, allowed: tuple[str, ...]) -> str:
    """One of some words; UsageProblem for anything else."""
    if text not in allowed:
        raise UsageProblem(f"{name} is {' or '.join(allowed)}, not {text[:40]!r}")
    return text


def flag(text: str, name: str) -> bool:
    """A query parameter that is on or off; UsageProblem for anything else."""
    if text not in ("", "0", "1", "true", "false"):
        raise UsageProblem(f"{name} is true or false, not {text[:40]!r}")
    return text in ("1", "true")


def words(ref: str) -> tuple[str, str]:
    """The two parts of ``run/name``; UsageProblem for anything else."""
    run, slash, name = ref.partition("/")
    if not slash or not run or not name or "/" in name:
        raise UsageProblem(f"a checkpoint is named as RUN/NAME, not {ref[:80]!r}")
    return run, name
