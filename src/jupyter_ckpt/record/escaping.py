"""Text from outside as Markdown that shows exactly that text: in a paragraph or table, in JupyterLab and on GitHub.

Names, notes, metrics and class names come out of files that others may have written. What could start markup of any
of the dialects becomes an entity or is escaped by a backslash. JupyterLab looks for ``$``, ``\\(`` and ``@@0@@`` in
the source before any Markdown is read, so those characters never stand in it.
"""

from __future__ import annotations

import html
import re

from jupyter_ckpt.display.clean import clean

_ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "\\": "&#92;"}
_MARKUP = re.compile(r"[&<>$\\]|[`*|\[\]~#^{}]|(?<![^\W_])_+|_+(?![^\W_])|!(?=\[)")
_MENTION = re.compile(r"@(?=[\w@])")
_LINK = re.compile(r":(?=//)|(?<=\bwww)\.|:(?=[a-zA-Z_]+:)", re.IGNORECASE)
_LINE_START = re.compile(r"[-+=](?=\s|$|[-+=])|(?<=\d)[.)](?=\s|$)")
_PLAIN_CODE = re.compile(r"[\w ./:+=,~%@()-][\w ./:+=,~%@()\\-]*")
_LONGEST = 1000


def plain(text: object) -> str:
    """Any text as Markdown inside a line.

    Parameters
    ----------
    text : object
        What `str` makes of it is shown; control characters and what reorders text are made visible, long text is cut.
    """
    shown = shorten(clean(text).strip(), _LONGEST)
    escaped = _MARKUP.sub(_escape, shown)
    # a space of no width keeps what follows from being a name that somebody is told of, or an address
    escaped = _MENTION.sub("&#64;&#8203;", escaped)
    escaped = _LINK.sub(lambda found: f"&#{ord(found[0])};", escaped)
    start = re.match(r"\d{0,9}", escaped)
    place = start.end() if start else 0
    marker = _LINE_START.match(escaped, place)
    return escaped if marker is None else f"{escaped[:place]}\\{escaped[place:]}"


def code(text: object) -> str:
    """Any text in the fixed-width face: a path, a name."""
    shown = shorten(clean(text), _LONGEST)
    if not shown.strip():
        return ""
    if (
        _PLAIN_CODE.fullmatch(shown)
        and "\\\\" not in shown
        and "@@" not in shown
        and shown == shown.strip()
        and not shown.endswith("\\")
    ):
        return f"`{shown}`"
    dangerous = re.sub(r"[^\w ./+=,-]", lambda found: f"&#{ord(found[0])};", shown)
    return f"<code>{re.sub('_', '&#95;', dangerous)}</code>"


def shorten(text: str, longest: int) -> str:
    """Cut, with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def attribute(text: object) -> str:
    """For an HTML attribute."""
    return html.escape(clean(text), quote=True)


def _escape(found: re.Match[str]) -> str:
    text = found[0]
    return _ENTITY.get(text) or "".join(f"\\{letter}" for letter in text)
