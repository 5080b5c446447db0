"""What a checkpoint says about one loader, and what is known of it while the program runs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_ckpt.state.batches import Batches
from jupyter_ckpt.state.generators import generator_state, set_generator_state
from jupyter_ckpt.state.loader_run import Run
from jupyter_ckpt.state.loader_runs import Line
from jupyter_ckpt.state.loader_sources import Fingerprint

_MOST = 2**53


@dataclass(frozen=True)
class Record:
    """One loader in a checkpoint.

    Parameters
    ----------
    name : str
        ``loader0``, or the user's.
    auto : bool
        The name was made here.
    fingerprint : dict
        What must be the same for a pass to go on.
    passes : int
        Passes begun.
    inside : bool
        A resume goes on within the pass of ``state``.
    finished : bool
        Its pass in the running epoch is done: in a resumed epoch it has nothing more to give.
    state : dict
        `Run.state` of the running pass; empty without one.
    generators : dict
        Path in the loader → key in the checkpoint's table of generators.
    counters : dict
        The samplers' whole numbers that passes change.
    why : str
        Why the pass will not go on exactly; empty when it will.
    warm : bool
        `Line.is_warm`.
    """

    name: str
    auto: bool
    fingerprint: Fingerprint
    passes: int = 0
    inside: bool = False
    finished: bool = False
    state: Mapping[str, Any] = field(default_factory=dict)
    generators: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    why: str = ""
    warm: bool = False

    @property
    def done(self) -> int:
        """Batches done in the pass."""
        done = self.state.get("done", 0)
        return done if isinstance(done, int) else 0

    def where(self) -> str:
        """The place in words."""
        if self.inside:
            total = self.fingerprint.get("length of batch_sampler")
            if total is None and self.fingerprint.get("batch_size") is None:
                total = self.fingerprint.get("length of sampler")
            return f"after batch {self.done}" + (f" of {total}" if total is not None else "")
        return "done in this epoch" if self.finished else ""


def read_record(data: Any) -> Record:
    """Check a record of a checkpoint.

    Raises
    ------
    ValueError
        Saying what is wrong.
    """
    if not isinstance(data, Mapping):
        raise ValueError("a loader's entry is not a dict")
    kinds = {
        "name": str,
        "auto": bool,
        "fingerprint": Mapping,
        "passes": int,
        "inside": bool,
        "finished": bool,
        "state": Mapping,
        "generators": Mapping,
        "counters": Mapping,
        "why": str,
        "warm": bool,
    }
    for key, kind in kinds.items():
        if not isinstance(data.get(key), kind):
            raise ValueError(f"{key} is missing, or of another type than it should be")
    _check_number("passes", data["passes"])
    if not all(value is None or isinstance(value, (bool, int, str)) for value in data["fingerprint"].values()):
        raise ValueError("fingerprint: not plain values")
    for path, number in data["counters"].items():
        if not isinstance(path, str) or not isinstance(number, int):
            raise ValueError("counters: not numbers by name")
    for path, key in data["generators"].items():
        if not isinstance(path, str) or not isinstance(key, str):
            raise ValueError("generators: not names by name")
    state = data["state"]
    if data["inside"]:
        _check_number("done", state.get("done"))
        if state.get("first") is not None:
            _check_order(state)
    return Record(**{key: data[key] for key in kinds})


def _check_order(state: Mapping[str, Any]) -> None:
    for key in ("seed", "samples"):
        _check_number(key, state.get(key), 2**64)
    if state.get("digest") is not None and not isinstance(state["digest"], int):
        raise ValueError("digest: not a number")
    for key in ("counters", "now", "counters now"):
        if not isinstance(state.get(key), Mapping):
            raise ValueError(f"{key}: not a dict")
    for key in ("before", "first"):
        one = state.get(key, 0)
        if one is not None and not (
            isinstance(one, Mapping)
            and isinstance(one.get("rng"), Mapping)
            and isinstance(one.get("generators"), Mapping)
        ):
            raise ValueError(f"{key}: no random states")
    for counters in (state["counters"], state["counters now"]):
        if not all(isinstance(number, int) for number in counters.values()):
            raise ValueError("counters: not numbers")


def _check_number(name: str, number: Any, most: int = _MOST) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < most:
        raise ValueError(f"{name}: {str(number)[:40]!r} is not a number of 0 or more")


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


class GeneratorTable:
    """The states of all loaders' generators, each once, whoever shares it."""

    def __init__(self) -> None:
        self.states: dict[str, Any] = {}
        self._keys: dict[int, str] = {}
        self._carried: dict[str, str] = {}

    def key(self, generator: Any) -> str:
        """Key of a live generator."""
        known = self._keys.get(id(generator))
        if known is None:
            known = self._keys[id(generator)] = f"g{len(self.states)}"
            self.states[known] = generator_state(generator)
        return known

    def carry(self, key: str, state: Any) -> str:
        """Key here of one that a loaded checkpoint has and no loader has taken up."""
        if key not in self._carried:
            self._carried[key] = f"g{len(self.states)}"
            self.states[self._carried[key]] = state
        return self._carried[key]


class LoadedGenerators:
    """The table of a loaded checkpoint; each state is put once into each generator that stands for it.

    Two loaders may share a generator: when the second is met, the first has drawn from it already.
    """

    def __init__(self, states: Mapping[str, Any], restored: Iterable[Any] = ()) -> None:
        self._states = states
        self._restored = list(restored)
        self._put: dict[str, list[Any]] = {}

    def put(self, key: str, generator: Any) -> str:
        """Put the state, if that was not done before; says what is wrong, or nothing."""
        done = self._put.setdefault(key, [])
        if any(one is generator for one in done):
            return ""
        done.append(generator)
        if any(one is generator for one in self._restored):
            return ""
        try:
            set_generator_state(generator, self._states.get(key, {}))
        except (ValueError, RuntimeError, TypeError, KeyError) as error:
            return str(error) or type(error).__name__
        return ""

    def key(self, key: str, table: GeneratorTable) -> str:
        """The same generator's key in the table of the next checkpoint."""
        done = self._put.get(key)
        return table.key(done[-1]) if done else table.carry(key, self._states.get(key))
