"""What a save or a resume did: the essence first, then what needs attention, then what is simply fine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from jupyter_ckpt.display.blocks import Block, Cell, Column, Details, Line, Table
from jupyter_ckpt.display.numbers import plural
from jupyter_ckpt.display.times import duration_text
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.receipt import NOT_ASKED_FOR, Item, Outcome, ResumeReceipt, SaveReceipt
from jupyter_ckpt.store.sizes import size_text

_FINE = (Outcome.SAVED, Outcome.RESTORED)
_CAME_BACK = (Outcome.RESTORED, Outcome.CONVERTED, Outcome.NOT_EXACT)
_ORDER = (
    Outcome.NOT_SAVED,
    Outcome.MISSING,
    Outcome.NOT_EXACT,
    Outcome.EXTRA,
    Outcome.CONVERTED,
    Outcome.SKIPPED,
)
_LACKING = (Outcome.SKIPPED, Outcome.MISSING)
_GRAVE = (Outcome.NOT_SAVED, Outcome.MISSING, Outcome.NOT_EXACT)
_MOST = 24
"""Lines of what needs attention."""


def save_view(receipt: SaveReceipt, *, width: int | None = None, color: bool = False) -> View:
    """What was saved, where, and what was not.

    Parameters
    ----------
    receipt : SaveReceipt
        Of a save that is done, or being written.
    width, color
        See `render`.
    """
    record = receipt.record
    size, seconds = size_text(receipt.bytes), duration_text(receipt.seconds)
    folder = str(PurePath(receipt.path).parent)
    parts = [f"saved {record.name}", f"{size} in {seconds}", folder]
    if not receipt.durable:
        kept = f"memory kept for copies: {size_text(receipt.memory)}"
        parts = [f"saving {record.name}", f"{size} copied in {seconds} ({kept}), being written", folder]
    elif receipt.stall is not None:
        parts[1] += f", of which the training waited {duration_text(receipt.stall)}"
    durability = record.storage.get("durability")
    if isinstance(durability, str):
        parts.append(f"volume: {durability}")
    blocks = [Line(" · ".join(parts), "strong"), *_warnings(receipt.warnings), *_items(receipt.items)]
    return render(blocks, width=width, color=color)


def resume_view(receipt: ResumeReceipt, *, width: int | None = None, color: bool = False) -> View:
    """What came back, where the training goes on, and what did not come back.

    Parameters
    ----------
    receipt : ResumeReceipt
        Of a resume; one that found nothing is a calm line.
    width, color
        See `render`.
    """
    if receipt.checkpoint is None:
        first = Line(f"nothing to resume: the training starts at epoch {receipt.next_epoch}", "strong")
        return render([first, *_warnings(receipt.warnings), *_items(receipt.items)], width=width, color=color)
    goes_on = f"goes on with epoch {receipt.next_epoch}{_inside(receipt)}"
    if not receipt.training:
        goes_on = f"only what was asked for, the training begins at epoch {receipt.next_epoch}"
    parts = [f"resumed {receipt.checkpoint}", goes_on]
    wanted = {item.name for item in receipt.items if item.outcome not in (Outcome.EXTRA, Outcome.SKIPPED)}
    back = {item.name for item in receipt.items if item.outcome in _CAME_BACK}
    if wanted:
        roughly = {item.name for item in receipt.items if item.outcome is Outcome.NOT_EXACT}
        exactly = f", {len(roughly)} not exactly" if roughly else ""
        lacking = {item.name for item in receipt.items if item.outcome in _LACKING} & back
        in_part = f", {len(lacking)} in part" if lacking else ""
        parts.append(f"{len(back)} of {plural(len(wanted), 'item')} restored{exactly}{in_part}")
    blocks = [Line(" · ".join(parts), "strong"), *_warnings(receipt.warnings), *_items(receipt.items)]
    return render(blocks, width=width, color=color)


def _inside(receipt: ResumeReceipt) -> str:
    if not receipt.mid_epoch:
        return ""
    told = [item.detail for item in receipt.items if item.kind in ("loader", "position") and item.detail]
    place = f", {told[0]}" if len(told) == 1 and len(told[0]) <= 40 else ""
    step = f", from step {receipt.step}" if receipt.step is not None and not place else ""
    return f" (inside it{place or step})"


def _warnings(warnings: Sequence[str]) -> list[Block]:
    return [Line(f"warning: {line}", "warning") for line in warnings]


def _items(items: Sequence[Item]) -> list[Block]:
    """What needs attention as a table, the gravest first; the rest folded away."""
    left = [item for item in items if item.outcome is Outcome.SKIPPED and item.detail == NOT_ASKED_FOR]
    attention = sorted(
        (item for item in items if item.outcome not in _FINE and item not in left),
        key=lambda item: _ORDER.index(item.outcome),
    )
    rows = [
        [
            Cell(item.outcome.value, "warning" if item.outcome in _GRAVE else ""),
            Cell(item.name),
            Cell(item.kind, "muted"),
            Cell(item.detail),
        ]
        for item in attention[:_MOST]
    ]
    if len(attention) > _MOST:
        rows.append([Cell(f"and {len(attention) - _MOST} more", "muted"), Cell(), Cell(), Cell()])
    columns = [Column("what"), Column("name", header=True), Column("kind", drop=3), Column("why", below=1)]
    blocks: list[Block] = [Table("Worth a look", columns, rows, quiet=True)] if rows else []
    if left:
        blocks.append(Line(f"{NOT_ASKED_FOR}: {', '.join(item.name for item in left)}", "muted"))
    return blocks + _fine([item for item in items if item.outcome in _FINE])


def _fine(items: Sequence[Item]) -> list[Block]:
    if not items:
        return []
    word = items[0].outcome.value
    rows = [[Cell(item.name), Cell(item.kind), Cell(item.detail)] for item in items]
    columns = [Column("name", header=True), Column("kind"), Column("detail")]
    table = Table(f"Simply {word}", columns, rows)
    line = f"{word}: {', '.join(_grouped(items))}"
    return [Details(f"{plural(len(items), 'item')} {word}", [table], line=line)]


def _grouped(items: Sequence[Item]) -> list[str]:
    """Names, with ``rng.python``, ``rng.torch``, … as ``rng (4)``."""
    names: dict[str, int] = {}
    for item in items:
        name = item.name.partition(".")[0] if item.kind == "rng" else item.name
        names[name] = names.get(name, 0) + 1
    found = [f"{name} ({count})" if count > 1 else name for name, count in names.items()]
    return found if len(found) <= 20 else [*found[:20], f"and {len(found) - 20} more"]
