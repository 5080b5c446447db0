"""Where in the data the training stands: loops over loaders that go on inside an epoch, exactly.

``for batch in position.batches(loader)`` gives what ``for batch in loader`` gives. After a resume it goes on with the
same batches in the same order, and so do all following epochs. With workers, what a dataset draws at random depends
on the batch alone (`jupyter_ckpt.state.loader_workers`): that differs from plain torch, and can be repeated.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.batches import Batches
from jupyter_ckpt.state.loader_run import GoOn, Run
from jupyter_ckpt.state.loader_sources import differences, find_fingerprint
from jupyter_ckpt.state.position_generators import GeneratorTable, LoadedGenerators
from jupyter_ckpt.state.position_record import FORMAT, read_position
from jupyter_ckpt.state.position_slot import Slot, find_slot, record_of
from jupyter_ckpt.state.rng import capture_rng, restore_rng

_KIND = "position"


class Position:
    """The place in the data of one training.

    Parameters
    ----------
    on_boundary : callable, optional
        Called each time a loop asks for another batch, before it is fetched: all handed out so far are done.
    on_remark : callable, optional
        Called with an `Item` when a resumed loader turns out not to go on exactly, which shows only when its loop
        begins. Without it a Python warning says so.
    """

    def __init__(
        self, on_boundary: Callable[[], None] | None = None, on_remark: Callable[[Item], None] | None = None
    ) -> None:
        self.on_boundary = on_boundary
        self.on_remark = on_remark
        self.remarks: list[Item] = []
        """What loops that were resumed had to say since `load`."""
        self._slots: dict[str, Slot] = {}
        self._opened: list[Slot] = []
        self._settle: Mapping[str, Any] | None = None
        self._loaded = LoadedGenerators({})

    def batches(self, loader: Any, *, name: str | None = None) -> Batches:
        """The batches of one pass; goes on inside a pass when one is pending.

        Parameters
        ----------
        loader : iterable
            A `DataLoader` as a rule.
        name : str, optional
            How to know it again after a restart. Without it loaders are ``loader0``, ``loader1``, in the order in
            which the program uses them first.
        """
        slot = find_slot(self._slots, loader, name)
        done = 0
        if slot.skip:
            total = find_fingerprint(loader).get("length of batch_sampler")
            done = total if isinstance(total, int) else 0
        elif (
            slot.saved is not None
            and slot.saved.inside
            and not differences(slot.saved.fingerprint, find_fingerprint(loader))
        ):
            done = slot.saved.done
        return Batches(self, loader, slot.name, done)

    @property
    def inside(self) -> bool:
        """True when a loader is inside a pass (k batches handed out, not exhausted), or will be after `load`."""
        return any(slot.open or (slot.saved is not None and slot.saved.inside) for slot in self._slots.values())

    def state(self) -> dict[str, Any]:
        """Where all loaders stand: a plain tree for a checkpoint; empty when no loader was used."""
        if not self._slots:
            return {}
        table = GeneratorTable()
        records = [dict(vars(record_of(slot, self._opened, self._loaded, table))) for slot in self._slots.values()]
        return {"format": FORMAT, "loaders": records, "generators": table.states}

    def items(self) -> list[Item]:
        """What a save says about the loaders: ``SAVED`` or ``NOT_EXACT`` with why."""
        items = []
        for slot in self._slots.values():
            record = record_of(slot, self._opened, self._loaded, None)
            outcome = Outcome.NOT_EXACT if record.why else Outcome.SAVED
            items.append(Item(f"data.{slot.name}", _KIND, outcome, record.why or record.where()))
        return items

    def load(
        self, data: Mapping[str, Any] | None, rng: Mapping[str, Any] | None, restored: Iterable[Any] = ()
    ) -> list[Item]:
        """Schedule a resume; nothing is drawn or changed before the loops begin. Never raises on strange data.

        Parameters
        ----------
        data : mapping or None
            What `state` returned; None or empty is a fresh start.
        rng : mapping or None
            The checkpoint's global random states (`capture_rng`), for the moment when the place is found again.
        restored : iterable, optional
            Generators that the caller has restored itself; they are left as they are.
        """
        for slot in self._slots.values():
            slot.open = slot.finished = slot.skip = False
            slot.saved = slot.run = None
            slot.passes, slot.warm = 0, False
            slot.holder = lambda: None
            slot.stale = True
        self._opened.clear()
        self.remarks.clear()
        self._settle = None
        if not data:
            return []
        try:
            records = read_position(data)
        except (ValueError, TypeError, AttributeError, RuntimeError) as error:
            why = f"the place in the data cannot be read ({error}): the epoch starts over"
            return [Item("data", _KIND, Outcome.NOT_EXACT, why)]
        self._loaded = LoadedGenerators(data["generators"], restored)
        inside = any(record.inside for record in records)
        self._settle = rng if inside and isinstance(rng, Mapping) and rng else None
        items = []
        for record in records:
            slot = self._slots.setdefault(record.name, Slot(record.name, record.auto, dict(record.fingerprint)))
            slot.saved = record
            slot.skip = inside and record.finished and not record.inside
            slot.passes, slot.warm = record.passes, record.warm
            slot.counters = set(record.counters)
            outcome = Outcome.NOT_EXACT if record.why else Outcome.RESTORED
            detail = f"goes on {record.where()}" if record.inside else record.where() if slot.skip else ""
            items.append(Item(f"data.{record.name}", _KIND, outcome, record.why or detail))
        return items

    def begin_epoch(self) -> None:
        """Forget which loaders were finished in the epoch before, and passes that nobody went on with."""
        self.end_epoch()
        self._new_epoch()

    def end_epoch(self) -> None:
        """The epoch's loops are over: a pass that is still open was left on purpose."""
        for slot in self._slots.values():
            if slot.open:
                slot.close()
                slot.finished = True

    def reset(self) -> None:
        """Forget all loaders."""
        self.load(None, None)
        self._slots.clear()

    # What `Batches` calls.

    def enter(self, batches: Batches) -> bool:
        """A pass begins; False when it is one that was finished before the resume."""
        slot, loader = self._slots[batches.name], batches.loader
        others = [one for one in self._opened if one.open and one is not slot]
        for one in others:
            if one.is_dropped:  # left by an exception, and the program went on
                one.close()
                one.finished = True
        others = [one for one in others if one.open]
        if slot.finished or slot.open:
            slot.close()
            slot.finished = False
            if not others:
                self._new_epoch()
        self._take_up(slot, loader)
        if slot.skip:
            slot.skip, slot.saved, slot.finished, slot.outermost = False, None, True, True
            return False
        if slot.saved is None:
            slot.passes += 1
        slot.open = True
        slot.outermost = not others
        slot.beside = others[0].done if others else 0
        slot.holder = weakref.ref(batches)
        self._opened = [one for one in self._opened if one.open and one is not slot] + [slot]
        return True

    def open(self, batches: Batches) -> Run:
        """The loader is asked for its first batch."""
        slot, loader = self._slots[batches.name], batches.loader
        assert slot.line is not None
        slot.line.look(loader)
        saved, run = slot.saved, None
        if saved is not None:
            before = capture_rng()
            try:
                go_on = GoOn(saved.state, self._settle or before)
                run = slot.line.open(loader, slot.passes - 1, go_on, warm=slot.warm)
            except Exception as error:  # noqa: BLE001 - whatever a strange state leads to, training can begin
                restore_rng(before)
                self._say(slot.name, f"its place cannot be found again ({error}): its pass starts anew")
        if run is None:
            run = slot.line.open(loader, slot.passes - 1, None, warm=slot.warm)
        self._settle = self._settle if saved is None else None
        slot.saved, slot.warm = None, False
        if self._is_current(slot, batches):
            slot.run, slot.told = run, False
        return run

    def boundary(self, batches: Batches) -> None:
        """The loop asks for another batch."""
        slot = self._slots.get(batches.name)
        if slot is not None and self._is_current(slot, batches):
            if not slot.open:  # left, and taken up again: `islice` over the same iterator
                slot.open, slot.finished, slot.run = True, False, batches.run
            self._tell(slot)
        if self.on_boundary is not None:
            self.on_boundary()

    def finish(self, batches: Batches) -> None:
        """There are no more batches."""
        slot = self._slots.get(batches.name)
        if slot is not None and self._is_current(slot, batches):
            self._tell(slot)
        self.leave(batches)

    def leave(self, batches: Batches) -> None:
        """The loop was left by ``break`` or ``return``: its pass counts as finished."""
        slot = self._slots.get(batches.name)
        if slot is not None and self._is_current(slot, batches) and slot.open:
            slot.close()
            slot.finished = True

    def _is_current(self, slot: Slot, batches: Batches) -> bool:
        return slot.holder() is batches

    def _new_epoch(self) -> None:
        for slot in self._slots.values():
            slot.finished = slot.skip = False
            if slot.saved is not None and slot.saved.inside:
                self._say(slot.name, "another epoch was begun: its pass was not gone on with")
                slot.saved = None

    def _take_up(self, slot: Slot, loader: Any) -> None:
        """A loader of the checkpoint has been met: its generators, and what of its pass can be used."""
        saved, line = slot.saved, slot.line
        if saved is None or line is None:
            return
        slot.fingerprint = find_fingerprint(loader)
        line.look(loader)
        changes = differences(saved.fingerprint, slot.fingerprint)
        if changes:
            what = "its pass starts anew" if saved.inside else "its order will be another"
            self._say(slot.name, f"it is not as it was saved: {changes}; {what}")
            slot.saved = None
            return
        for path, key in saved.generators.items():
            generator = line.sources.generators.get(path)
            problem = self._loaded.put(key, generator) if generator is not None else ""
            if problem:
                self._say(slot.name, f"{path}: {problem}")
        if not saved.inside or "kind" not in saved.state:  # else they go with the pass
            line.sources.put_counters(saved.counters)
        if getattr(loader, "next_iter_state", None) is not None and not saved.state.get("loader"):
            loader.next_iter_state = None  # torchdata's loader, restored on its own: the place is known here
        if not saved.inside:
            slot.saved = None if not slot.skip else saved

    def _tell(self, slot: Slot) -> None:
        """Say once what going on in a pass turned out to be."""
        if slot.run is not None and slot.run.remark and not slot.told:
            slot.told = True
            self._say(slot.name, slot.run.remark)

    def _say(self, name: str, why: str) -> None:
        item = Item(f"data.{name}", _KIND, Outcome.NOT_EXACT, why)
        self.remarks.append(item)
        if self.on_remark is not None:
            self.on_remark(item)
        else:
            warnings.warn(f"{item.name}: not exact: {why}", stacklevel=4)
