"""What a prune removed or would remove and why, and what lies in the trash."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from jupyter_ckpt.display.blocks import Block, Cell, Column, Details, Line, Table
from jupyter_ckpt.display.checkpoints import short_names
from jupyter_ckpt.display.numbers import plural
from jupyter_ckpt.display.times import absolute, ago
from jupyter_ckpt.display.view import View, render
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.preservation import Plan
from jupyter_ckpt.store.prune import PruneReport
from jupyter_ckpt.store.sizes import size_text
from jupyter_ckpt.store.trash import RETENTION
from jupyter_ckpt.store.trash_folder import TrashEntry

_MOST = 50
"""Rows of one table."""


def plan_view(
    plan: PruneReport | Plan[Checkpoint],
    *,
    now: datetime.datetime | None = None,
    width: int | None = None,
    color: bool = False,
    command: str = "%ckpt",
) -> View:
    """What goes and what stays, each with its reason.

    Parameters
    ----------
    plan : PruneReport or Plan
        Of a prune or a dry run of one; a bare plan has changed nothing.
    now : datetime, optional
        For tests.
    width, color
        See `render`.
    command : str
        How the user calls us.
    """
    report = plan if isinstance(plan, PruneReport) else PruneReport(True, plan.keep, plan.remove, over=plan.over)
    changed = not report.dry_run
    gone, stay = len(report.removed), len(report.kept)
    if changed:
        headline = f"pruned: removed {plural(gone, 'checkpoint')} ({size_text(report.freed)}), kept {stay}"
    else:
        headline = f"dry run, nothing was changed: {plural(gone, 'checkpoint')} would go, freeing"
        headline += f" {size_text(report.freed)}; {stay} would stay"
    blocks: list[Block] = [Line(headline, "strong"), *_warnings(report)]
    blocks += _removed(report, now)
    blocks += _kept(report, now)
    blocks += _files(report)
    if report.trash_bytes:
        blocks.append(Line(f"{size_text(report.trash_bytes)} in the trash: {command} trash lists it", "muted"))
    if not changed and (gone or report.collected):
        blocks.append(Line("To do it, type the same without --dry-run", "muted"))
    return render(blocks, width=width, color=color)


def trash_view(
    entries: Sequence[TrashEntry],
    *,
    now: datetime.datetime | None = None,
    retention: datetime.timedelta = RETENTION,
    width: int | None = None,
    color: bool = False,
    undo: str = "%ckpt undo NAME",
) -> View:
    """What was removed and can still be brought back, oldest first.

    Parameters
    ----------
    entries : sequence of TrashEntry
        Of `list_trash`.
    now : datetime, optional
        For tests.
    retention : timedelta
        How long they are kept.
    width, color
        See `render`.
    undo : str
        What to type to bring one back.
    """
    if not entries:
        return render([Line("The trash is empty.", "strong")], width=width, color=color)
    total = size_text(sum(entry.size for entry in entries))
    rows = [
        [
            Cell(entry.ref),
            Cell("" if entry.record is None or entry.record.epoch is None else str(entry.record.epoch)),
            Cell(ago(entry.at, now), title=absolute(entry.at)),
            Cell(absolute(entry.at + retention.total_seconds())[:16], title="or before, when room is needed"),
            Cell(size_text(entry.size)),
            Cell("" if entry.record is not None else "its record is lost", "warning"),
        ]
        for entry in entries[-_MOST:]
    ]
    columns = [
        Column("name", header=True),
        Column("epoch", right=True, drop=3),
        Column("removed"),
        Column("kept until", drop=4),
        Column("size", right=True),
        Column("remark", below=1),
    ]
    blocks: list[Block] = [
        Line(f"In the trash: {plural(len(entries), 'checkpoint')}, {total}", "strong"),
        Table("Removed checkpoints, oldest first", columns, rows, quiet=True),
    ]
    if len(entries) > _MOST:
        blocks.append(Line(f"… and {len(entries) - _MOST} older", "muted"))
    blocks.append(Line(f"To bring one back: {undo}", "muted"))
    return render(blocks, width=width, color=color)


def _warnings(report: PruneReport) -> list[Block]:
    found: list[Block] = []
    if report.corrupt:
        names = ", ".join(report.corrupt[:8]) + (", …" if len(report.corrupt) > 8 else "")
        found.append(Line(f"warning: {plural(len(report.corrupt), 'checkpoint')} did not verify: {names}", "error"))
    if report.over:
        text = f"warning: {size_text(report.over)} over the budget is pinned or the last good one"
        found.append(Line(text, "warning"))
    return found


def _removed(report: PruneReport, now: datetime.datetime | None) -> list[Block]:
    caption = "Would go" if report.dry_run else "Removed, to the trash"
    return _table(caption, [(checkpoint, why) for checkpoint, why in report.removed], now)


def _kept(report: PruneReport, now: datetime.datetime | None) -> list[Block]:
    caption = "Would stay" if report.dry_run else "Kept"
    return _table(caption, [(checkpoint, ", ".join(reasons)) for checkpoint, reasons in report.kept], now)


def _table(caption: str, rows: Sequence[tuple[Checkpoint, str]], now: datetime.datetime | None) -> list[Block]:
    if not rows:
        return []
    short = short_names(checkpoint.name for checkpoint, _ in rows)
    cells = [
        [
            Cell(checkpoint.name, short=short[checkpoint.name], title=str(checkpoint.path)),
            Cell(ago(checkpoint.time, now), title=absolute(checkpoint.time)),
            Cell(size_text(checkpoint.size)),
            Cell(why),
        ]
        for checkpoint, why in rows[:_MOST]
    ]
    if len(rows) > _MOST:
        rest = sum(checkpoint.size for checkpoint, _ in rows[_MOST:])
        cells.append([Cell(f"and {len(rows) - _MOST} more", "muted"), Cell(), Cell(size_text(rest)), Cell()])
    columns = [
        Column("name", header=True),
        Column("saved", drop=5),
        Column("size", right=True),
        Column("why", below=1),
    ]
    return [Table(caption, columns, cells)]


def _files(report: PruneReport) -> list[Block]:
    rows = [[Cell(item.path.name), Cell(item.why), Cell(size_text(item.size))] for item in report.collected]
    columns = [Column("file", header=True), Column("what it is", below=1), Column("size", right=True)]
    found: list[Block] = [Table("Leftovers of writes that were cut off", columns, rows[:_MOST])] if rows else []
    lines = [f"finished a removal that was cut off: {name}" for name in report.repaired]
    lines += [f"left the trash for good: {name} ({why})" for name, why in report.expired]
    found += [Line(line) for line in lines[:_MOST]]
    if report.left:
        left = [[Cell(path.name), Cell(why)] for path, why in report.left[:_MOST]]
        table = Table("Left alone", [Column("file", header=True), Column("why", below=1)], left)
        found.append(Details(f"{plural(len(report.left), 'file')} left alone", [table]))
    return found
