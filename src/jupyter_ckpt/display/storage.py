"""Every volume, what it survives and why; where the store is; how to choose another place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from jupyter_ckpt.display.badges import durability_badge
from jupyter_ckpt.display.blocks import Badge, Block, Cell, Column, Line, Table, Tone
from jupyter_ckpt.display.numbers import count_text
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.store.sizes import size_text
from jupyter_ckpt.volumes.assessment import Assessment, Durability
from jupyter_ckpt.volumes.candidates import Candidate

_FEW_INODES = 100_000
"""From here on downwards the number of files that are still possible is worth a word."""


def storage_view(
    candidates: Sequence[Candidate],
    chosen: Path | None,
    working_dir_assessment: Assessment | None,
    store_assessment: Assessment | None,
    *,
    width: int | None = None,
    color: bool = False,
    command: str = "%ckpt",
) -> View:
    """The volumes, best first.

    Parameters
    ----------
    candidates : sequence of Candidate
        As `volumes.candidates` gives them.
    chosen : Path, optional
        The store in use.
    working_dir_assessment, store_assessment : Assessment, optional
        What the notebook's folder and the store survive.
    width, color
        See `render`.
    command : str
        How the user calls us.
    """
    blocks: list[Block] = []
    if working_dir_assessment is not None:
        blocks.append(_verdict("This notebook's folder", working_dir_assessment))
    if chosen is None:
        blocks.append(Line("No store is chosen yet.", "warning"))
    elif store_assessment is not None:
        blocks.append(_verdict("The store", store_assessment, str(chosen)))
    else:
        blocks.append(Line(f"The store is {chosen}.", "strong"))
    if candidates:
        mark = chosen_candidate(candidates, chosen, store_assessment)
        columns = [
            Column("path", header=True),
            Column("durability"),
            Column("type", drop=5),
            Column("free", right=True),
            Column("files left", right=True, drop=7),
            Column("writable"),
            Column("why", below=1),
        ]
        rows = [_row(candidate, place == mark) for place, candidate in enumerate(candidates)]
        blocks.append(Table("Volumes, the best first", columns, rows))
    else:
        blocks.append(Line("No volume was found that a store could be on.", "warning"))
    blocks.append(Line(f"To choose another place: {command} storage use PATH", "muted"))
    return render(blocks, width=width, color=color)


def storage_json(
    candidates: Sequence[Candidate],
    chosen: Path | None,
    working_dir_assessment: Assessment | None,
    store_assessment: Assessment | None,
) -> dict[str, Any]:
    """The same as plain JSON data; the keys stay the same between versions.

    Returns
    -------
    dict
        ``store`` (``path`` and ``assessment``, each None when there is none), ``working_directory`` (an
        assessment or None), ``volumes`` (each as `Candidate.to_json`, and ``chosen``: true for the store's).
    """
    mark = chosen_candidate(candidates, chosen, store_assessment)
    return {
        "store": {
            "path": None if chosen is None else str(chosen).encode("utf-8", "replace").decode("utf-8"),
            "assessment": store_assessment.to_json() if store_assessment else None,
        },
        "working_directory": working_dir_assessment.to_json() if working_dir_assessment else None,
        "volumes": [{**c.to_json(), "chosen": place == mark} for place, c in enumerate(candidates)],
    }


def chosen_candidate(
    candidates: Sequence[Candidate], chosen: Path | None, store_assessment: Assessment | None
) -> int | None:
    """Which of the candidates the store lies on: the same mount, or else the deepest folder above it."""
    if chosen is None:
        return None
    if store_assessment is not None and store_assessment.mount_point:
        for place, candidate in enumerate(candidates):
            if candidate.assessment.mount_point == store_assessment.mount_point:
                return place
        return None
    above = [str(PurePath(chosen)), *map(str, PurePath(chosen).parents)]
    depths = {place: above.index(c.path) for place, c in enumerate(candidates) if c.path in above}
    return min(depths, key=lambda place: depths[place]) if depths else None


def _verdict(what: str, assessment: Assessment, path: str = "") -> Line:
    tones: dict[Durability, Tone] = {Durability.PERSISTENT: "good", Durability.EPHEMERAL: "error"}
    where = path or assessment.path
    text = f"{what} ({where}) is {_WORDS[assessment.durability]}: {assessment.reason}"
    return Line(text, tones.get(assessment.durability, "warning"))


_WORDS = {
    Durability.PERSISTENT: "persistent",
    Durability.SESSION: "not safe for long (session)",
    Durability.EPHEMERAL: "not safe (ephemeral)",
    Durability.UNKNOWN: "not known to be safe (unknown)",
}


def _row(candidate: Candidate, chosen: bool) -> list[Cell]:
    return [
        Cell(candidate.path, badges=(Badge("the store", "strong"),) if chosen else ()),
        Cell(badges=(durability_badge(candidate.assessment.durability.value),)),
        Cell(candidate.assessment.fstype, title=candidate.assessment.source),
        _room(candidate),
        _files_left(candidate.free_inodes),
        _writable(candidate),
        Cell(f"{candidate.why}{_limits(candidate)}"),
    ]


def _room(candidate: Candidate) -> Cell:
    if candidate.free_bytes is None:
        return Cell()
    text = size_text(candidate.free_bytes)
    if candidate.total_bytes is not None:
        text += f" of {size_text(candidate.total_bytes)}"
    return Cell(text) if candidate.size_is_real else Cell(text + "?", "muted", title="not the real figures")


def _files_left(inodes: int | None) -> Cell:
    return Cell() if inodes is None or inodes >= _FEW_INODES else Cell(count_text(inodes), "warning")


def _writable(candidate: Candidate) -> Cell:
    if candidate.writable is None:
        return Cell("read-only", "warning") if candidate.assessment.read_only else Cell("not tried", "muted")
    return Cell("yes, tried", "good") if candidate.writable else Cell("no, tried", "warning")


def _limits(candidate: Candidate) -> str:
    """What it cannot do, as a sentence; a plain disk has none."""
    found = []
    if candidate.rename is False:
        found.append("files cannot be renamed there")
    if candidate.random_writes is False:
        found.append("they can only be written from start to end")
    text = " and ".join(found)
    return f" {text[0].upper()}{text[1:]}." if text else ""
