"""What is known of one loader while the program runs, and what a checkpoint says of it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_ckpt.state.batches import Batches
from jupyter_ckpt.state.loader_run import Run
from jupyter_ckpt.state.loader_runs import Line
from jupyter_ckpt.state.loader_sources import Fingerprint, differences, find_fingerprint
from jupyter_ckpt.state.position_generators import GeneratorTable, LoadedGenerators
from jupyter_ckpt.state.position_record import Record

_NESTED = "saved in a loop within the loop over {outer}: its next pass starts anew"


@dataclass
class Slot:
    """One loader while the program runs."""

    name: str
    auto: bool
    fingerprint: Fingerprint
    loader: Callable[[], Any] = lambda: None
    """The user's loader; None when it is gone."""
    line: Line | None = None
    passes: int = 0
    open: bool = False
    """A pass is running, or was left by an exception."""
    outermost: bool = True
    """No other pass was running when this one began."""
    beside: int = 0
    """Batches that the outermost pass had given when this one began."""
    finished: bool = False
    """Its pass in this epoch is done."""
    skip: bool = False
    """Its pass in this epoch was done before the resume: the next one gives nothing."""
    warm: bool = False
    """`Line.is_warm` in the checkpoint that was resumed, until a pass begins."""
    saved: Record | None = None
    """What a resume brought and nobody has taken up yet."""
    run: Run | None = None
    stale: bool = False
    """The program has begun anew: a loader that looks the same is the next of this one."""
    told: bool = False
    """What this pass's resume turned out to be has been said."""
    counters: set[str] = field(default_factory=set)
    holder: Callable[[], Batches | None] = lambda: None

    def bind(self, loader: Any, fingerprint: Fingerprint) -> None:
        """This is its loader now."""

        def gone(ref: object) -> None:
            if self.loader is ref:
                self.line = None  # with it go the workers that outlive a pass

        try:
            self.loader = weakref.ref(loader, gone)
        except TypeError:  # a list, say
            self.loader = lambda: loader
        self.fingerprint = fingerprint
        self.line = Line(loader)

    def close(self) -> None:
        """Its pass is over."""
        course = getattr(self.run, "course", None)
        if course is not None:
            self.counters |= set(course.changed())
        self.open = False
        self.run = None

    @property
    def done(self) -> int:
        """Batches done in the running pass."""
        if self.run is not None:
            return self.run.done
        return self.saved.done if self.saved is not None else 0

    @property
    def is_dropped(self) -> bool:
        """Its pass was left by an exception."""
        return self.open and self.holder() is None


def find_slot(slots: dict[str, Slot], loader: Any, name: str | None) -> Slot:
    """The slot of a loader, by its name, or by what the program used before; made when there is none."""
    if name is None:
        for slot in slots.values():
            if slot.loader() is loader:
                slot.stale = False
                return slot
    fingerprint = find_fingerprint(loader)
    auto = name is None
    if name is None:
        found = _free_slot([slot for slot in slots.values() if slot.auto], fingerprint)
        if found is not None and found.is_dropped:
            for slot in slots.values():  # the program was started again, after a Stop: its other loaders are new too
                slot.stale = True
        name = found.name if found is not None else f"loader{sum(slot.auto for slot in slots.values())}"
    slot = slots.setdefault(name, Slot(name, auto, fingerprint))
    if slot.loader() is not loader:
        slot.bind(loader, fingerprint)
    slot.stale = False
    return slot


def _free_slot(slots: Sequence[Slot], fingerprint: Fingerprint) -> Slot | None:
    """The slot that a loader takes over which was not seen before.

    First one that looks the same, and that a checkpoint brought, whose loader is gone (a program may make its loaders
    anew in each epoch), or was left behind by an exception, whose traceback keeps it; then any whose loader is gone.
    """
    gone = [slot for slot in slots if slot.loader() is None]
    for slot in slots:
        brought = slot.saved is not None and (slot.loader() is None or slot.stale)
        known = slot.saved.fingerprint if slot.saved is not None else slot.fingerprint
        if (brought or slot.is_dropped or slot.stale) and not differences(known, fingerprint):
            return slot
    return gone[0] if gone else None


def record_of(slot: Slot, opened: Sequence[Slot], loaded: LoadedGenerators, table: GeneratorTable | None) -> Record:
    """What a checkpoint says of a loader.

    Parameters
    ----------
    slot : Slot
        The loader.
    opened : sequence of Slot
        Loaders with a running pass, the outermost first.
    loaded : LoadedGenerators
        Of the checkpoint that was resumed.
    table : GeneratorTable, optional
        Takes the generators; without it the record holds only what a receipt needs.
    """
    if slot.saved is not None:
        keys = {p: loaded.key(k, table) for p, k in slot.saved.generators.items()} if table else {}
        return Record(**{**vars(slot.saved), "generators": keys})
    record: dict[str, Any] = {"passes": slot.passes, "finished": slot.finished and slot.outermost}
    if slot.open:
        outer = next((one for one in opened if one.open), slot)
        # side by side (zip), both have moved on; in a loop within a loop's body, the outer one stands
        if slot is outer or outer.done > slot.beside or slot.done <= 1:
            record["inside"] = True
            record["state"] = slot.run.state() if slot.run is not None and table else {"done": slot.done}
            record["why"] = slot.run.why() if slot.run is not None else ""
        else:
            record["why"] = _NESTED.format(outer=outer.name)
    if table is not None and slot.line is not None:
        sources, now = slot.line.sources, slot.line.sources.counters()
        record["generators"] = {path: table.key(one) for path, one in sources.generators.items()}
        record["counters"] = {path: now[path] for path in sorted(slot.counters) if path in now}
        record["warm"] = slot.warm or slot.line.is_warm
    return Record(slot.name, slot.auto, slot.fingerprint, **record)
