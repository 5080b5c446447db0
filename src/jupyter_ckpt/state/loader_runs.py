"""A pass through a map-style `DataLoader`, and the choice of what a loader's passes are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset

from jupyter_ckpt.state.loader_order import LAZY, Course, OrderedSampler, put_snapshot, take_snapshot
from jupyter_ckpt.state.loader_run import GoOn, Run, has_state
from jupyter_ckpt.state.loader_sources import Sources, find_sources
from jupyter_ckpt.state.loader_streams import ReplayRun, StatefulRun
from jupyter_ckpt.state.loader_workers import SeededDataset, WorkerStart
from jupyter_ckpt.state.rng import restore_rng


class Line:
    """What is kept for one loader from pass to pass.

    Parameters
    ----------
    loader : iterable
        The user's.
    """

    def __init__(self, loader: Any) -> None:
        self._twin: DataLoader[Any] | None = None  # keeps persistent workers from pass to pass
        self.sources = find_sources(loader, dataset=in_this_process(loader))

    def look(self, loader: Any) -> None:
        """Find the generators once more: a user may have set others."""
        self.sources = find_sources(loader, dataset=in_this_process(loader))

    @property
    def is_warm(self) -> bool:
        """Workers live on from the last pass: torch draws no seed for them when the next one begins."""
        return self._twin is not None and _workers_stay(self._twin) and self._twin._iterator is not None

    def open(self, loader: Any, number: int, resume: GoOn | None, *, warm: bool = False) -> Run:
        """Begin a pass, or go on in one.

        Parameters
        ----------
        loader : iterable
            The user's.
        number : int
            How many passes there were before.
        resume : GoOn, optional
            Where to go on.
        warm : bool
            `is_warm` when the state was saved.

        Raises
        ------
        Exception
            Whatever a strange state makes of it; the caller begins afresh then.
        """
        if resume is not None and "kind" not in resume.state:  # saved when nothing had been drawn
            restore_rng(resume.settle)
            resume = None
        if has_state(loader) and not _order_is_all(loader):
            return StatefulRun(loader, self.sources, resume)
        if _order_is_all(loader) and (resume is None or resume.state["kind"] == "order"):
            twin = self._prepare(loader)
            cold = warm and resume is None and _workers_stay(loader) and not self.is_warm
            return OrderRun(twin, loader, self.sources, number, resume, keep_states=cold)
        return ReplayRun(loader, self.sources, resume)

    def _prepare(self, loader: DataLoader[Any]) -> DataLoader[Any]:
        """The loader's twin: shares all with it, but its sampler is watched."""
        twin = self._twin
        if twin is None:
            twin = object.__new__(type(loader))
            self._twin = twin
        iterator = twin.__dict__.get("_iterator")
        twin.__dict__.update(vars(loader))  # by the dict: the class does not let these names be set
        twin.__dict__["_iterator"] = iterator
        if "next_iter_state" in twin.__dict__:
            twin.__dict__["next_iter_state"] = None
        seeded = loader.num_workers > 0 and not _is_pipe(loader.dataset)
        which = "batch_sampler" if loader.batch_sampler is not None else "sampler"
        # persistent workers' iterator holds the first watched sampler: it must stay the same one
        ordered = getattr(iterator, "_index_sampler", None)
        if not isinstance(ordered, OrderedSampler):
            ordered = OrderedSampler(getattr(loader, which), seeded)
        twin.__dict__[which] = ordered
        if seeded:
            twin.__dict__["dataset"] = SeededDataset(loader.dataset)
            twin.__dict__["worker_init_fn"] = WorkerStart(loader.worker_init_fn)
        return twin


def _order_is_all(loader: Any) -> bool:
    """The batches follow from the indices alone (and from random numbers)."""
    if not isinstance(loader, DataLoader) or isinstance(loader.dataset, IterableDataset):
        return False
    # torchdata's loader: its own state is asked for only where it knows more than the order
    return not has_state(loader) or not (has_state(loader.dataset) or getattr(loader, "next_iter_state", None))


def _workers_stay(loader: DataLoader[Any]) -> bool:
    return bool(loader.persistent_workers and loader.num_workers)


def _is_pipe(dataset: Any) -> bool:
    return any(one.__name__ in ("MapDataPipe", "_MapDataPipeSerializationWrapper") for one in type(dataset).__mro__)


class OrderRun:
    """A map-style `DataLoader`, torchdata's too: its order is drawn again."""

    def __init__(
        self,
        twin: DataLoader[Any],
        loader: DataLoader[Any],
        sources: Sources,
        number: int,
        resume: GoOn | None,
        *,
        keep_states: bool,
    ) -> None:
        base = loader.generator if isinstance(loader.generator, torch.Generator) else torch.default_generator
        again = resume is not None and resume.state.get("first") is not None
        blind = resume.state["done"] if resume is not None and not again else 0
        self._why = _why_not(loader, sources)
        self._workers = loader.num_workers
        self._twin = twin
        self._failed = False
        self.course = Course(
            sources,
            number,
            base,
            resume.state if resume is not None and again else None,
            resume.settle if resume is not None else None,
            keep_states=keep_states,
        )
        if resume is not None and again:
            _probe(sources, resume)
        ordered = twin._index_sampler
        assert isinstance(ordered, OrderedSampler)
        ordered.course = self.course
        self._iterator: Iterator[Any] | None = iter(twin)
        for _ in range(blind):
            self.step()
        if blind and resume is not None:
            restore_rng(resume.settle)

    @property
    def done(self) -> int:
        """Batches handed out."""
        return self.course.done

    @property
    def remark(self) -> str:
        """See `Run`."""
        return self.course.remark

    def step(self) -> Any:
        """See `Run`."""
        if self._iterator is None:
            raise StopIteration
        if self._failed or (not self._workers and self.course.ahead):
            self.course.handed_out()  # the batch before could not be loaded: torch goes on behind it
            self._failed = False
        try:
            batch = next(self._iterator)
        except StopIteration:
            raise
        except Exception:
            self._failed = self._workers > 0
            raise
        self.course.handed_out()
        return batch

    def why(self) -> str:
        """See `Run`."""
        if not self.course.begun and self.done:
            return "its class does not use its sampler: a resume reads what was done again"
        return self._why or (LAZY if self.course.lazy else "")

    def state(self) -> dict[str, Any]:
        """See `Run`."""
        return {"kind": "order", **self.course.state()}

    def release(self) -> None:
        """See `Run`."""
        # torchdata's loader holds its iterator, and with it the workers, until the next pass
        if not _workers_stay(self._twin) and self._twin.__dict__.get("_iterator") is self._iterator:
            self._twin.__dict__["_iterator"] = None
        self._iterator = None


def _probe(sources: Sources, resume: GoOn) -> None:
    """Put every saved state once, so that none is refused half-way; then the present ones again."""
    present = take_snapshot(sources)
    try:
        for name in ("before", "first"):
            if resume.state[name] is not None:
                put_snapshot(sources, resume.state[name])
        sources.put(resume.state["now"])
        restore_rng(resume.settle)
    finally:
        put_snapshot(sources, present)


def _why_not(loader: DataLoader[Any], sources: Sources) -> str:
    """Why the order alone does not make a pass exact; empty when it does."""
    if not loader.num_workers:
        return ""
    if not getattr(loader, "in_order", True):
        return "in_order=False: its workers give the batches in any order"
    if _is_pipe(loader.dataset):
        return "its dataset is a data pipe: random numbers drawn in its workers differ after a resume"
    theirs = find_sources(loader, dataset=True).generators
    own = [path for path in theirs if path.startswith("dataset") and path not in sources.generators]
    if own:
        return f"every worker has a copy of the generator {own[0]}: draw from torch, random or numpy.random instead"
    return ""


def in_this_process(loader: Any) -> bool:
    """The dataset is read here, not by workers."""
    return not getattr(loader, "num_workers", 0)
