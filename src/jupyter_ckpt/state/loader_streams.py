"""Passes whose place is not a matter of order: loaders and datasets with a state of their own, and streams."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch.utils.data import DataLoader, IterableDataset

from jupyter_ckpt.state.loader_order import put_snapshot, take_snapshot
from jupyter_ckpt.state.loader_run import GoOn, has_state
from jupyter_ckpt.state.loader_sources import Sources
from jupyter_ckpt.state.revive import revive_state
from jupyter_ckpt.state.rng import restore_rng
from jupyter_ckpt.state.values import encode_state


class _StreamRun:
    """What both kinds of pass share: one iterator, and what is known of it once it was let go."""

    _iterator: Iterator[Any] | None

    def __init__(self) -> None:
        self.done = 0
        self.remark = ""
        self._frozen: dict[str, Any] | None = None
        self._frozen_why: str | None = None
        self._problem = ""

    def _state_now(self) -> dict[str, Any]:
        raise NotImplementedError

    def _why_now(self) -> str:
        raise NotImplementedError

    def step(self) -> Any:
        """See `Run`."""
        if self._iterator is None:
            raise StopIteration
        batch = next(self._iterator)
        self.done += 1
        return batch

    def why(self) -> str:
        """See `Run`."""
        if self._frozen_why is not None:
            return self._frozen_why
        self.state()
        return self._problem or self._why_now()

    def state(self) -> dict[str, Any]:
        """See `Run`."""
        return self._state_now() if self._frozen is None else self._frozen

    def release(self) -> None:
        """See `Run`."""
        if self._iterator is not None:
            self._frozen, self._frozen_why = self.state(), self.why()
            self._iterator = None


class StatefulRun(_StreamRun):
    """A loader with a state of its own, such as torchdata's over an iterable dataset."""

    def __init__(self, loader: Any, sources: Sources, resume: GoOn | None) -> None:
        super().__init__()
        self._loader = loader
        self._sources = sources
        workers = getattr(loader, "num_workers", 0)
        self._workers: int = workers if isinstance(workers, int) else 0
        if resume is not None and resume.state["done"]:
            if resume.state.get("workers") != self._workers:
                raise ValueError(
                    f"its own state goes with {resume.state.get('workers')} workers, and it has {self._workers} now"
                )
            loader.load_state_dict(_revive(resume.state["loader"]))
        self._iterator = iter(loader)
        if resume is not None:
            self.done = resume.state["done"]
            sources.put(resume.state["now"])
            restore_rng(resume.settle)

    def _why_now(self) -> str:
        dataset = getattr(self._loader, "dataset", None)
        if not isinstance(self._loader, DataLoader) or not isinstance(dataset, IterableDataset):
            return ""
        workers = _workers_of(self._iterator)
        fetchers = [one.get("fetcher_state") or {} for one in workers]
        if any(one.get("fetcher_ended") for one in fetchers):
            return "one of its workers has come to its end, where torchdata may start that part of the stream over"
        has = [one.get("dataset_state") for one in workers] + [one.get("dataset_iter_state") for one in fetchers]
        if has_state(dataset) or has_state(_stream_of(self._iterator)) or any(has):
            return ""
        return "its dataset has no state_dict(): a resume reads what was done again"

    def _state_now(self) -> dict[str, Any]:
        state: dict[str, Any] = {"kind": "loader", "done": self.done, "workers": self._workers}
        if self.done:
            state["loader"], self._problem = _plain_state(self._loader)
        # with workers the generators are ahead of what is done; the loader's own state has those of its order
        state["now"] = {} if self._workers else self._sources.states()
        return state


class ReplayRun(_StreamRun):
    """Anything else that can be iterated: what was done is read again and dropped, or loaded into the dataset."""

    def __init__(self, loader: Any, sources: Sources, resume: GoOn | None) -> None:
        super().__init__()
        self._sources = sources
        self._is_sequence = isinstance(loader, Sequence)
        self._workers = getattr(loader, "num_workers", 0)
        dataset = getattr(loader, "dataset", None)
        self._dataset = dataset if has_state(dataset) and not self._workers else None
        self._start = take_snapshot(sources)
        saved: Mapping[str, Any] = resume.state if resume is not None else {}
        if saved.get("dataset") is not None and self._dataset is not None:
            self._dataset.load_state_dict(_revive(saved["dataset"]))
        elif saved.get("start") is not None:
            put_snapshot(sources, saved["start"])
            self._start = dict(saved["start"])
        self._iterator = iter(loader)
        if resume is not None:
            self._find_place(loader, saved)
            sources.put(saved.get("now", {}))
            restore_rng(resume.settle)

    def _find_place(self, loader: Any, saved: Mapping[str, Any]) -> None:
        assert self._iterator is not None
        done: int = saved["done"]
        inner = _stream_of(self._iterator)
        if self._is_sequence:
            self._iterator = itertools.islice(iter(loader), done, None)
        elif saved.get("dataset") is not None and self._dataset is not None:
            if saved.get("ended"):  # its last batch was a short one: the dataset has begun again already
                self._iterator._dataset_fetcher.ended = True  # type: ignore[attr-defined]
        elif saved.get("iterator") is not None and has_state(inner):
            inner.load_state_dict(_revive(saved["iterator"]))
        else:
            for number in range(done):
                try:
                    next(self._iterator)
                except StopIteration:
                    self.remark = f"it ended after {number} batches where {done} were done before"
                    break
        self.done = done

    def _why_now(self) -> str:
        if self._is_sequence or self._dataset is not None or has_state(_stream_of(self._iterator)):
            return ""
        if self._workers:
            return (
                "its dataset gives a stream, read by workers: a resume reads what was done again"
                " (torchdata's StatefulDataLoader and a dataset with state_dict() can go on)"
            )
        return "it gives a stream without state_dict(): a resume reads what was done again"

    def _state_now(self) -> dict[str, Any]:
        state: dict[str, Any] = {"kind": "replay", "done": self.done, "start": self._start}
        if self._dataset is not None:
            state["dataset"], self._problem = _plain_state(self._dataset)
            fetcher = getattr(self._iterator, "_dataset_fetcher", None)
            state["ended"] = bool(getattr(fetcher, "ended", False))
        elif has_state(_stream_of(self._iterator)):
            state["iterator"], self._problem = _plain_state(_stream_of(self._iterator))
        state["now"] = {} if self._workers else self._sources.states()
        return state


def _plain_state(thing: Any) -> tuple[Any, str]:
    """The ``state_dict()`` in a plain form, and what is wrong with it."""
    try:
        encoded = encode_state(thing.state_dict())
    except Exception as error:  # noqa: BLE001 - the user's own state_dict() may raise anything
        return None, f"its state_dict() cannot be saved: {error}"
    if encoded.problems:
        path, reason = encoded.problems[0]
        return None, f"its state_dict() cannot be saved in full: {path}: {reason}"
    return encoded.data, ""


def _revive(data: Any) -> Any:
    return revive_state(data, None, lambda tensor: tensor.detach().clone())


def _workers_of(iterator: Any) -> list[Any]:
    """What torchdata's workers have said of their part of the stream."""
    snapshots = getattr(iterator, "_worker_snapshots", None)
    return [one.get_state() for one in snapshots.values()] if isinstance(snapshots, Mapping) else []


def _stream_of(iterator: Any) -> Any:
    """The iterator of an iterable dataset that is read in this process."""
    return getattr(getattr(iterator, "_dataset_fetcher", None), "dataset_iter", None)
