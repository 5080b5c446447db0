"""When trash goes for good: after its retention, when it outgrows what is kept, and when room is needed.

Without the second rule a run that saves every few minutes would fill a volume with a week of removals.
"""

from __future__ import annotations

from collections.abc import Collection

from jupyter_ckpt.store.space import free
from jupyter_ckpt.store.trash import named_by_journal
from jupyter_ckpt.store.trash_folder import TrashEntry, TrashFolder


def expire(
    place: TrashFolder,
    *,
    now: float,
    retention: float,
    allowance: int,
    fresh: Collection[str],
    reserve: int,
) -> tuple[list[tuple[str, str]], int]:
    """Delete from one run's trash what has to go.

    Parameters
    ----------
    place : TrashFolder
        The run's.
    now, retention : float
        Seconds.
    allowance : int
        Bytes that removals by policy may take up, those in ``fresh`` not counted (the last prune can always be
        undone while there is room).
    fresh : collection of str
        Removed by this call. When it removed nothing, what earlier ones removed is left to its retention, so that
        typing the command twice does not take away the undo.
    reserve : int
        Bytes that should be free on the volume.

    Returns
    -------
    deleted, freed : list of (name, why), int
        What went, and its bytes.

    Raises
    ------
    StoreError
        When something cannot be deleted.
    """
    events = named_by_journal(place.live)
    entries = [entry for entry in place.entries() if entry.record is not None or entry.name in events]
    # What no line tells of was removed by a process that died: it has its whole retention too.
    by_hand = {entry.name for entry in entries if events.get(entry.name) != "pruned"} - set(fresh)
    deleted: list[tuple[str, str]] = []
    freed = 0

    def delete(entry: TrashEntry, why: str) -> None:
        nonlocal freed
        freed += place.delete(entry.name)
        deleted.append((entry.name, why))
        entries.remove(entry)

    for entry in list(entries):
        if not entry.size or now - entry.at >= retention:
            delete(entry, "its retention is over")
    earlier = [entry for entry in entries if entry.name not in by_hand and entry.name not in fresh]
    taken = sum(entry.size for entry in earlier)
    for entry in earlier if fresh else []:
        if taken <= allowance:
            break
        taken -= entry.size
        delete(entry, "the trash had outgrown what is kept")
    space = free(place.store)
    missing = int(reserve * 1.05) + (16 << 20) - space.free_bytes if space.trusted and reserve else 0
    for entry in sorted(entries, key=lambda entry: (entry.name in by_hand, entry.at)):
        if missing <= 0:
            break
        missing -= entry.size
        delete(entry, "the next save needs the room")
    return deleted, freed
