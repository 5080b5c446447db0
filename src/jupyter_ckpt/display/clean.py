"""Text from files made harmless for a terminal and a page: nothing in it can move the cursor or reorder what is read.

Names, notes, tags and sources come out of a store that others may have written.
"""

from __future__ import annotations

import html
import re

_GONE = "\N{REPLACEMENT CHARACTER}"
# What changes the order in which text is read, is invisible, or cannot be encoded: bidi marks, embeddings, overrides
# and isolates; zero-width space, word joiner, byte order mark, interlinear and tag characters; surrogates.
_UNSEEN = re.compile(
    "[\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
# C1 controls work like escape sequences in some terminals; U+2028 and U+2029 end lines in some programs.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")


def clean(text: object, *, lines: bool = False) -> str:
    """What ``str(text)`` says, without control characters, escape sequences and marks that reorder text.

    Parameters
    ----------
    text : object
        Anything.
    lines : bool
        Keep line ends and turn tabs into spaces (sources); otherwise line ends and tabs become single spaces.

    Returns
    -------
    str
        Control characters as pictures (``␛`` for ESC), invisible and reordering ones as ``�``.
    """
    plain = str(text)
    if plain.isascii() and plain.isprintable():
        return plain
    if lines:
        plain = _BREAKS.sub("\n", plain).expandtabs(4)
        plain = "\n".join(_CONTROL.sub(_picture, line) for line in plain.split("\n"))
    else:
        plain = _CONTROL.sub(_picture, re.sub("\r\n|[\t\n\r\u2028\u2029]", " ", plain))
    return _UNSEEN.sub(_GONE, plain)


def escape(text: object, *, lines: bool = False) -> str:
    """`clean` text as HTML, also fit for a quoted attribute."""
    return html.escape(clean(text, lines=lines), quote=True)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else _GONE
