"""The order of one pass through a loader: recorded while it runs, and drawn once more after a resume.

Nothing is drawn that the loader would not draw itself. When a pass begins, the states of all random generators that
its sampler may use are noted; a resume puts them back, lets the sampler draw the lists of indices that are done
(no data is loaded for them), and puts the random states of the checkpoint back, so that all else goes on as it was.
"""

from __future__ import annotations

import zlib
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from jupyter_ckpt.state.loader_sources import Sources
from jupyter_ckpt.state.loader_workers import Numbered, pass_seed
from jupyter_ckpt.state.rng import capture_rng, restore_rng

_LOOKED_AT = 3
"""Lists of a pass at which we look whether the sampler draws from the global generators as it goes."""

LAZY = (
    "its sampler draws from the global random numbers as it goes, so that its order cannot be drawn again;"
    " give it a torch.Generator of its own"
)


def take_snapshot(sources: Sources) -> dict[str, Any]:
    """All random states that a sampler may draw from."""
    return {"rng": capture_rng(), "generators": sources.states()}


def put_snapshot(sources: Sources, snapshot: Mapping[str, Any]) -> None:
    """Inverse of `take_snapshot`.

    Raises
    ------
    Mismatch
        When it does not fit.
    """
    restore_rng(snapshot["rng"])
    sources.put(snapshot["generators"])


class Course:
    """One pass: what was drawn, what is done.

    Parameters
    ----------
    sources : Sources
        Where the order comes from.
    number : int
        How many passes there were before this one.
    base : torch.Generator
        The one that seeds the workers.
    saved : mapping, optional
        `state` of the pass to go on with, checked.
    settle : mapping, optional
        The global random states to put when the done part has been drawn again.
    keep_states : bool
        What is drawn before the order, the seed for new workers, is not to be seen in it.
    """

    def __init__(
        self,
        sources: Sources,
        number: int,
        base: torch.Generator,
        saved: Mapping[str, Any] | None = None,
        settle: Mapping[str, Any] | None = None,
        *,
        keep_states: bool = False,
    ) -> None:
        self.sources = sources
        self.number = number
        self.done: int = saved["done"] if saved else 0
        self.seed: int = saved["seed"] if saved else 0
        self.lazy = False
        """The sampler was seen to draw from the global generators after the pass had begun."""
        self.remark = ""
        """What went wrong in drawing again."""
        self._base = base
        self._saved = saved
        self._settle = settle
        self._samples: int = saved["samples"] if saved else 0
        # each rank of a distributed training has another order, and one checkpoint may serve all
        ranked = any(path.endswith(".rank") for path in sources.counters())
        self._digest: int | None = None if ranked else saved["digest"] if saved else 0
        self._ahead: deque[tuple[int, int | None]] = deque()  # lists drawn, not yet handed out as batches
        self._last: tuple[int, int | None] = (self._samples, self._digest)
        self._exhausted = False
        self._before: Mapping[str, Any] | None = saved["before"] if saved else None
        self._first: Mapping[str, Any] | None = saved["first"] if saved else None
        self._counters: Mapping[str, int] = saved["counters"] if saved else {}
        self._looked = 0
        self._origin = (take_snapshot(sources), sources.counters()) if keep_states else None

    @property
    def begun(self) -> bool:
        """The sampler has been asked."""
        return self._first is not None

    @property
    def ahead(self) -> int:
        """Lists drawn and not yet handed out."""
        return len(self._ahead)

    def begin(self, sampler: Any) -> Iterator[Any]:
        """``iter(sampler)``, with the random states around it noted, or put back."""
        if self._saved is not None:
            self.sources.put_counters(self._counters)
            if self._before is not None:
                put_snapshot(self.sources, self._before)
            again: Iterator[Any] = iter(sampler)
            return again
        if self._origin is not None:
            put_snapshot(self.sources, self._origin[0])
            self.sources.put_counters(self._origin[1])
        self._counters = self.sources.counters()
        before = take_snapshot(self.sources)
        iterator: Iterator[Any] = iter(sampler)
        # most samplers draw at their first step; some do here, and some of them must do it once more after a resume
        self._before = None if same(before, take_snapshot(self.sources)) else before
        return iterator

    def first(self, iterator: Iterator[Any]) -> None:
        """Before the first list is drawn: note the random states; or draw what is done again."""
        self._ahead.clear()
        if self._saved is None or self._first is None:
            self._first = take_snapshot(self.sources)
            self.seed = pass_seed(self._base, self.number)
            return
        put_snapshot(self.sources, self._first)
        digest: int | None = 0
        for drawn in range(self.done):
            try:
                digest = _digest(digest, next(iterator))
            except StopIteration:
                self.remark = f"its sampler gives only {drawn} batches where {self.done} were done before"
                break
        if not self.remark and digest != self._digest and None not in (digest, self._digest):
            self.remark = "its sampler draws another order than before, so that batches may come twice or not at all"
        # with nothing drawn ahead, the generators' last states are right whatever else drew from them
        self.sources.put(self._saved["now"])
        self.sources.put_counters(self._saved["counters now"])
        if self._settle is not None:
            restore_rng(self._settle)

    def draw(self, iterator: Iterator[Any]) -> Any:
        """The next list of indices; `StopIteration` when there is none."""
        look = self._saved is None and 0 < self._looked < _LOOKED_AT
        self._looked += 1
        before = capture_rng() if look else None
        try:
            indices = next(iterator)
        except StopIteration:
            self._exhausted = True
            raise
        if before is not None and not same(before, capture_rng()):
            self.lazy = True
        samples, digest = self._last
        size = len(indices) if isinstance(indices, (list, tuple)) else 1
        self._last = (samples + size, _digest(digest, indices))
        self._ahead.append(self._last)
        return indices

    def handed_out(self) -> None:
        """The batch of the oldest list has been given to the loop."""
        self.done += 1
        if self._ahead:
            self._samples, self._digest = self._ahead.popleft()

    def changed(self) -> dict[str, int]:
        """Counters that the pass itself has changed, as they were when it began."""
        now = self.sources.counters()
        return {path: value for path, value in self._counters.items() if now.get(path, value) != value}

    def state(self) -> dict[str, Any]:
        """All that a resume needs, plain."""
        changed = self.changed()
        counters = {p: v for p, v in self._counters.items() if p in changed or p.endswith(".epoch")}
        settled = not self._ahead and not self._exhausted
        return {
            "done": self.done,
            "samples": self._samples,
            "digest": self._digest,
            "seed": self.seed,
            "before": self._before,
            "first": self._first,
            "counters": counters,
            "now": self.sources.states() if settled else {},
            "counters now": {p: v for p, v in self.sources.counters().items() if p in changed} if settled else {},
        }


class OrderedSampler:
    """The loader's own sampler of index lists, watched by a `Course`. Attribute access goes to the sampler.

    Parameters
    ----------
    sampler : iterable
        Gives what one batch is loaded from.
    numbered : bool
        Give `Numbered` lists, for `SeededDataset`.
    """

    def __init__(self, sampler: Any, numbered: bool) -> None:
        self.wrapped = sampler
        self.numbered = numbered
        self.course: Course | None = None
        """The pass that the next iteration is."""

    def __iter__(self) -> Iterator[Any]:
        if self.course is None:
            return iter(self.wrapped)
        return _Lists(self.wrapped, self.course, self.numbered)

    def __len__(self) -> int:
        return len(self.wrapped)

    def __getattr__(self, name: str) -> Any:
        if name == "wrapped" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.wrapped, name)


class _Lists:
    def __init__(self, sampler: Any, course: Course, numbered: bool) -> None:
        self._course = course
        self._numbered = numbered
        self._iterator = course.begin(sampler)
        self._number = -1

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._number < 0:
            self._course.first(self._iterator)
            self._number = self._course.done
        indices = self._course.draw(self._iterator)
        self._number += 1
        return Numbered(indices, self._course.seed, self._number - 1) if self._numbered else indices


def same(a: Any, b: Any) -> bool:
    """Equal trees of plain data and tensors."""
    if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
        return isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    return bool(a == b)


def _digest(before: int | None, indices: Any) -> int | None:
    """A running check sum over lists of indices; None for what has no plain form."""
    if before is None:
        return None
    if isinstance(indices, torch.Tensor):
        indices = indices.tolist()
    if isinstance(indices, int):
        indices = (indices,)
    try:
        return zlib.crc32(array("q", indices).tobytes(), before)
    except (TypeError, OverflowError, ValueError):
        if isinstance(indices, str) or (
            isinstance(indices, (list, tuple)) and all(isinstance(one, (str, int, float, tuple)) for one in indices)
        ):
            return zlib.crc32(repr(indices).encode(), before)
        return None
