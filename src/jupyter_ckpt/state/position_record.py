"""What a checkpoint says about each loader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_ckpt.state.loader_sources import Fingerprint

FORMAT = 1
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


def read_position(data: Any) -> list[Record]:
    """Check a checkpoint's place in the data.

    Raises
    ------
    ValueError
        Saying what is wrong.
    """
    if not isinstance(data, Mapping):
        raise ValueError("it is not a dict")
    if data.get("format") != FORMAT:
        raise ValueError(f"it is of format {str(data.get('format'))[:20]}, this version knows {FORMAT}")
    if not isinstance(data.get("loaders"), list) or not isinstance(data.get("generators"), Mapping):
        raise ValueError("loaders or generators are missing")
    return [_read_record(one) for one in data["loaders"]]


def _read_record(data: Any) -> Record:
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
