"""Text measured, padded, cut and wrapped by the cells it takes up in a terminal (a CJK character takes two)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ELLIPSIS = "…"
_WIDE = r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]"
_PIECES = re.compile(rf"\s*(?:{_WIDE}|(?:(?!{_WIDE})\S)+)")


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def display_width(text: str) -> int:
    """Terminal cells that ``text`` takes up."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells; ``…`` at its end when something is missing."""
    text = text[: 4 * width + 16]  # marks of no width could go on for ever
    if display_width(text) <= width:
        return text
    room, kept = width - 1, []
    for char in text:
        room -= _char_width(char)
        if room < 0:
            break
        kept.append(char)
    return ("".join(kept).rstrip() + _ELLIPSIS) if width > 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """``text`` filled up with spaces to ``width`` cells, on its left when ``right``."""
    fill = " " * (width - display_width(text))
    return fill + text if right else text + fill


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most ``width`` cells, all but the first indented.

    A word that is longer stays whole: a path has to be copied in one piece, and terminals wrap it themselves.
    """
    found: list[str] = []
    line = ""
    for piece in _PIECES.findall(text):
        if line.strip() and display_width(line) + display_width(piece) > width:
            found.append(line)
            line = indent + piece.lstrip()
        else:
            line += piece
    return [*found, line] if line.strip() or not found else found
