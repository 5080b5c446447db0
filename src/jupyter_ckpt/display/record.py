"""The record of an experiment: Markdown for a notebook, the same as text for a terminal."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.display.blocks import Block, Code, Line
from jupyter_ckpt.display.view import View, render

if TYPE_CHECKING:
    from jupyter_ckpt.record.notebook import Recorded

_RULE = re.compile(r"\|(:?-+:?\|)+")
_TAG = re.compile(r"</?(?:details|summary|code)>")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, repr=False)
class RecordView(View):
    """A record; a notebook shows its Markdown.

    Parameters
    ----------
    markdown : str
        Escaped where it has to be.
    """

    markdown: str = ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/markdown": self.markdown}


def record_view(markdown: str) -> RecordView:
    """A record to be read.

    Parameters
    ----------
    markdown : str
        See `jupyter_ckpt.record.markdown.text_of`.
    """
    return RecordView(_for_a_terminal(markdown), f"<pre>{html.escape(markdown)}</pre>", markdown)


def _for_a_terminal(markdown: str) -> str:
    """Without the signs that only a page needs."""
    lines = []
    for line in markdown.split("\n"):
        if _RULE.fullmatch(line):
            continue
        text = _TAG.sub("", line).replace("<br>", "; ").replace("**", "").removeprefix("### ")
        if line.startswith("|"):
            head, _, rest = text.strip("|").partition("|")
            text = f"{head.strip()}: {rest.strip()}"
        lines.append(html.unescape(_ESCAPED.sub(r"\1", text)).replace("\u200b", ""))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def recorded_view(done: Recorded, stores: Sequence[str], *, dry_run: bool) -> View:
    """What was done to a notebook, or with ``dry_run`` what would be.

    Parameters
    ----------
    done : Recorded
        See `record_notebook`.
    stores : sequence of str
        Where runs were looked for.
    dry_run : bool
        Nothing was written.
    """
    blocks: list[Block] = []
    total = len(done.added) + len(done.updated) + len(done.unchanged) + len(done.kept_away)
    if not total:
        where = ", ".join(stores)
        blocks.append(Line(f"{done.path}: no run of this notebook in {where}; --run RUN names one"))
    elif not done.changed:
        blocks.append(Line(f"{done.path}: nothing to change"))
    else:
        verb = "would be " if dry_run else ""
        for what, runs in (("added", done.added), ("updated", done.updated)):
            if runs:
                blocks.append(Line(f"{done.path}: {verb}{what}: {', '.join(runs)}"))
    if done.kept_away:
        away = ", ".join(done.kept_away)
        blocks.append(Line(f"left out, for its cell was deleted (--run brings it back): {away}", "muted"))
    if dry_run and done.diff:
        blocks.append(Code("what would change", "\n".join(done.diff)))
    return render(blocks)
