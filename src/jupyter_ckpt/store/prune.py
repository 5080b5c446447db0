"""Apply a preservation policy to a run's folder.

Nothing goes before what is to stay has been verified; what goes lies in the trash; the last good checkpoint stays;
what the run's own records and journal do not know is left alone and reported.
"""

from __future__ import annotations

import datetime
import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.confine import run_folder_of
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.leftovers import Leftover, find_leftovers
from jupyter_ckpt.store.lock import removal_lock
from jupyter_ckpt.store.preservation import KeepPolicy, plan
from jupyter_ckpt.store.prune_checks import RunState, decide, read_state
from jupyter_ckpt.store.record import DATA_SUFFIX
from jupyter_ckpt.store.sizes import size_text
from jupyter_ckpt.store.trash import RETENTION
from jupyter_ckpt.store.trash_folder import TrashFolder
from jupyter_ckpt.store.trash_limits import expire

__all__ = ["GRACE", "PruneReport", "last_policy", "prunable_bytes", "prune"]

GRACE = datetime.timedelta(hours=1)
"""How long a file without a record is taken for one that is still being written."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass
class PruneReport:
    """What `prune` did, or with ``dry_run`` would do.

    Parameters
    ----------
    dry_run : bool
        Nothing was changed.
    kept : list of (Checkpoint, reasons)
        Newest first.
    removed : list of (Checkpoint, why)
        In the trash now, oldest first.
    collected : list of Leftover
        Unfinished writes that were deleted, and data without a record that went to the trash.
    left : list of (Path, str)
        Files that were not touched although no policy keeps them, and why.
    expired : list of (str, str)
        Names that left the trash for good, and why.
    corrupt : list of str
        Checkpoints that did not verify.
    repaired : list of str
        Removals that an earlier process had begun, now finished.
    trash_bytes : int
        What this run's trash still holds.
    over : int
        Bytes above the budget that are all protected.
    deleted : int
        Bytes that the volume has got back.
    """

    dry_run: bool
    kept: list[tuple[Checkpoint, list[str]]] = field(default_factory=list)
    removed: list[tuple[Checkpoint, str]] = field(default_factory=list)
    collected: list[Leftover] = field(default_factory=list)
    left: list[tuple[Path, str]] = field(default_factory=list)
    expired: list[tuple[str, str]] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    trash_bytes: int = 0
    over: int = 0
    deleted: int = 0

    @property
    def freed(self) -> int:
        """Bytes of the removed checkpoints and collected files."""
        return sum(c.size for c, _ in self.removed) + sum(item.size for item in self.collected)

    def describe(self) -> str:
        """One line."""
        would = "would remove" if self.dry_run else "removed"
        text = f"kept {len(self.kept)}, {would} {len(self.removed)} ({size_text(self.freed)})"
        if self.corrupt:
            text += f"; corrupt: {', '.join(self.corrupt[:3])}{', …' if len(self.corrupt) > 3 else ''}"
        if self.over:
            text += f"; {size_text(self.over)} over the budget is pinned or the last good one"
        if self.trash_bytes:
            text += f"; {size_text(self.trash_bytes)} in the trash"
        return text


def prune(
    run_folder: Path,
    policy: KeepPolicy,
    *,
    verify: Callable[[Checkpoint], bool],
    dry_run: bool = False,
    now: datetime.datetime | None = None,
    retention: datetime.timedelta = RETENTION,
    grace: datetime.timedelta = GRACE,
    reserve: int | None = None,
) -> PruneReport:
    """Remove what the policy does not keep.

    Parameters
    ----------
    run_folder : Path
        The run.
    policy : KeepPolicy
        What to keep.
    verify : callable
        Reads a checkpoint's bytes and says whether they are what was committed. Called for the newest one each
        time, for any other that stays unless the journal has it verified, and once more before a corrupt one goes;
        not at all when nothing goes.
    dry_run : bool
        Change nothing (it still verifies, so that the answer is right).
    now : datetime, optional
        For tests.
    retention : timedelta
        How long the trash keeps removals, as long as there is room: what policies removed in earlier calls may
        take up as many bytes as the checkpoints that stay, or what these leave of the budget; and when the next
        save would not fit, the trash gives way, oldest first, what was removed by hand last.
    grace : timedelta
        Age from which a file without a record is no longer taken for one being written.
    reserve : int, optional
        Bytes the next save needs; the newest checkpoint's size when not given.

    Raises
    ------
    StoreError
        When the run or its journal cannot be read (nothing is removed then), another process is removing, or
        the trash cannot be made or moved to.
    """
    folder = run_folder_of(run_folder)
    moment = (now or datetime.datetime.now(datetime.timezone.utc)).timestamp()
    report = PruneReport(dry_run)
    with removal_lock(folder):
        place = TrashFolder(folder.parent, folder.name)
        if not dry_run:
            report.repaired = place.repair()
        state = read_state(folder)
        journal = Journal(folder, fsync=False)
        decided = decide(state, policy, verify, now, journal if not dry_run else None)
        report.kept, report.over, report.corrupt = decided.plan.keep, decided.plan.over, decided.corrupt
        report.left = state.left + decided.left
        _collect(report, state, place, moment, grace.total_seconds())
        if dry_run:
            report.removed = decided.plan.remove
            report.trash_bytes = sum(entry.size for entry in place.entries())
            return report
        _remove(report, decided.plan.remove, place)
        _write_down(report, folder, _moves(report))
        stay = sum(c.size for c, _ in report.kept)
        report.expired, freed = expire(
            place,
            now=moment,
            retention=retention.total_seconds(),
            allowance=max(policy.budget.bytes - stay, 0) if policy.budget else stay,
            fresh={c.name for c, _ in report.removed},
            reserve=reserve if reserve is not None else (report.kept[0][0].size if report.kept else 0),
        )
        report.deleted += freed
        report.trash_bytes = sum(entry.size for entry in place.entries())
        place.tidy()
        _write_down(report, folder, [("expired", {"name": name, "why": why}) for name, why in report.expired])
    return report


def prunable_bytes(run_folder: Path, policy: KeepPolicy | None) -> int:
    """Bytes that pruning and emptying the trash would free in a run, for `space.check`; nothing is verified.

    Raises
    ------
    StoreError
        When the run or its journal cannot be read.
    """
    folder = run_folder_of(run_folder)
    trashed = sum(entry.size for entry in TrashFolder(folder.parent, folder.name).entries())
    if policy is None:
        return trashed
    state = read_state(folder)
    return trashed + plan(state.candidates, policy, protect=state.protect).freed


def last_policy(run_folder: Path) -> KeepPolicy | None:
    """The policy last written in the run's journal (event ``policy``, field ``policy``), or None.

    Raises
    ------
    UsageProblem
        When a later version wrote it.
    StoreError
        When the journal cannot be read.
    """
    events = Journal(run_folder).select({"policy"})
    return KeepPolicy.from_json(events[-1].get("policy")) if events else None


def _collect(report: PruneReport, state: RunState, place: TrashFolder, now: float, grace: float) -> None:
    for item in find_leftovers(place.live, state.files, state.events, state.hosts, now=now, grace=grace):
        if item.action == "leave":
            report.left.append((item.path, item.why))
            continue
        try:
            if report.dry_run:
                pass
            elif item.action == "trash":
                place.take_data(item.path.name.removesuffix(DATA_SUFFIX))
            else:
                item.path.unlink()
                report.deleted += item.size
        except FileNotFoundError:
            continue
        except (OSError, StoreError) as error:
            report.left.append((item.path, f"{item.why}, but it could not be removed: {error}"))
            continue
        report.collected.append(item)
    collected = {item.path for item in report.collected}
    report.left = [(path, why) for path, why in report.left if path not in collected]


def _remove(report: PruneReport, removals: list[tuple[Checkpoint, str]], place: TrashFolder) -> None:
    """Move to the trash; on a volume too full for even the trash's folder, delete the first one outright."""
    if not removals:
        return
    try:
        place.make()
    except StoreError as error:
        if error.errno not in _FULL:
            raise
        checkpoint, why = removals[0]
        checkpoint.record_path.unlink(missing_ok=True)
        checkpoint.path.unlink(missing_ok=True)
        report.removed.append((checkpoint, f"{why}; deleted for good, the volume had no room for a trash folder"))
        report.deleted += checkpoint.size
        removals = removals[1:]
    moved, left = place.take([checkpoint.name for checkpoint, _ in removals])
    taken = set(moved)
    report.removed += [(checkpoint, why) for checkpoint, why in removals if checkpoint.name in taken]
    report.left += [(place.live / name, why) for name, why in left]


Line = tuple[str, dict[str, object]]


def _moves(report: PruneReport) -> list[Line]:
    lines: list[Line] = [("pruned", {"name": c.name, "why": why, "bytes": c.size}) for c, why in report.removed]
    # Who began those is not known: as removals by hand they have their whole retention.
    lines += [("trashed", {"name": name, "why": "a removal that was cut off, finished"}) for name in report.repaired]
    lines += [("collected", {"file": item.path.name, "why": item.why}) for item in report.collected]
    return lines


def _write_down(report: PruneReport, folder: Path, lines: list[Line]) -> None:
    """Journal what happened; a journal that cannot be written is reported, since the files have moved already."""
    for number, (event, fields) in enumerate(lines, start=1):
        try:
            Journal(folder, fsync=number == len(lines)).append(event, **fields)
        except StoreError as error:
            report.left.append((Journal(folder).path, f"{len(lines) - number + 1} lines not written: {error}"))
            return
