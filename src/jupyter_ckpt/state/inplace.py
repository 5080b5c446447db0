"""Putting values back into the very objects that hold them now, with a way back.

Every name, closure or plot that holds ``history`` sees it restored, since the list stays the same list. Nested
containers too keep their identity where the old and the new one stand at the same place and are of one type.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

import torch

from jupyter_ckpt.state.arrays import is_array
from jupyter_ckpt.state.revive import ABSENT

_NOTHING = object()


class InPlace:
    """Merges restored values into live ones; `undo` takes everything back, newest first.

    One of these serves one restore: it knows which live containers are already taken, so that two values which are
    apart in the checkpoint never end up in one object.

    Parameters
    ----------
    memory : set of int
        Addresses of storages that belong to others: ``best = model.state_dict()`` holds the model's own weights, and
        writing the best ones into them would undo the model's restore.
    """

    def __init__(self, memory: AbstractSet[int] = frozenset()) -> None:
        self._memory = memory
        self._undo: list[Callable[[], None]] = []
        self._used: dict[int, Any] = {}
        self._placed: dict[int, tuple[Any, Any]] = {}

    def merge(self, live: Any, fresh: Any) -> Any:
        """Give ``live`` the content of ``fresh``.

        Returns
        -------
        Any
            ``live`` when it could take it, else the object that its name must be bound to.
        """
        return self._merge(live, fresh, top=True)

    def undo(self) -> None:
        """Every object is again as it was before the first `merge`."""
        while self._undo:
            self._undo[-1]()  # still there when an interrupt comes between
            self._undo.pop()

    def _merge(self, live: Any, fresh: Any, *, top: bool = False) -> Any:
        placed = self._placed.get(id(fresh))
        if placed is not None and (not top or placed[1] is live or type(placed[1]) is not type(live)):
            return placed[1]
        result = self._into(live, fresh)
        if _is_holder(fresh):
            self._placed[id(fresh)] = (fresh, result)
        return result

    def _into(self, live: Any, fresh: Any) -> Any:
        taken = id(live) in self._used
        if isinstance(fresh, torch.Tensor):
            return self._tensor(live, fresh) if isinstance(live, torch.Tensor) and not taken else fresh
        if is_array(fresh):
            return self._array(live, fresh) if is_array(live) and not taken else fresh
        if isinstance(fresh, tuple) and type(fresh) is tuple:
            return self._tuple(live, fresh)
        if not _is_holder(fresh):
            return fresh
        into = live if type(live) is type(fresh) and not taken else _empty_like(fresh)
        if isinstance(into, collections.deque) and into.maxlen != fresh.maxlen:
            into = _empty_like(fresh)
        self._used[id(into)] = into
        if isinstance(fresh, dict):
            self._dict(into, fresh)
        elif isinstance(fresh, (list, collections.deque)):
            self._sequence(into, fresh)
        else:
            old = into.copy()
            self._undo.append(lambda: refill(into, old))
            refill(into, fresh)
        return into

    def _dict(self, into: dict[Any, Any], fresh: dict[Any, Any]) -> None:
        old = dict(into)
        self._undo.append(lambda: refill(into, old))
        new = {}
        for key, child in fresh.items():
            before = old.get(key, _NOTHING)
            if child is ABSENT:
                if before is not _NOTHING:
                    new[key] = before
                continue
            if before is _NOTHING and isinstance(child, collections.defaultdict):
                before = _by_factory(into, child)
            new[key] = self._merge(before, child)
        refill(into, new)

    def _sequence(self, into: Any, fresh: Any) -> None:
        old = list(into)
        self._undo.append(lambda: refill(into, old))
        new = [self._merge(old[i] if i < len(old) else _NOTHING, child) for i, child in enumerate(fresh)]
        refill(into, new)

    def _tuple(self, live: Any, fresh: tuple[Any, ...]) -> tuple[Any, ...]:
        old = live if type(live) is tuple else ()
        new = tuple(self._merge(old[i] if i < len(old) else _NOTHING, child) for i, child in enumerate(fresh))
        return old if len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True)) else new

    def _tensor(self, live: torch.Tensor, fresh: torch.Tensor) -> torch.Tensor:
        self._used[id(live)] = live
        if live.layout != fresh.layout or live.layout != torch.strided or address(live) in self._memory:
            return fresh
        data = live.data
        try:
            if live.shape == fresh.shape and live.dtype == fresh.dtype and not overlaps(live):
                before = live.detach().clone()
                self._undo.append(lambda: overwrite(live, before))
                overwrite(live, fresh)
            else:
                live.data = fresh.detach().to(live.device)
                self._undo.append(lambda: setattr(live, "data", data))
        except RuntimeError:  # an inference tensor, or types that cannot be exchanged: the name gets the new one
            return fresh
        return live

    def _array(self, live: Any, fresh: Any) -> Any:
        self._used[id(live)] = live
        if live.shape != fresh.shape or live.dtype != fresh.dtype or not live.flags.writeable:
            return fresh
        before = live.copy()
        self._undo.append(lambda: live.__setitem__(..., before))
        live[...] = fresh
        return live


def overwrite(tensor: torch.Tensor, content: torch.Tensor) -> None:
    """Copy ``content`` into the tensor's own memory, outside of any graph."""
    with torch.no_grad():
        tensor.copy_(content)


def address(tensor: torch.Tensor) -> int:
    """Of its storage; 0 when it has no memory of its own."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError, ValueError):  # meta, sparse, lazy, or a wrapper of other tensors
        return 0


def overlaps(tensor: torch.Tensor) -> bool:
    """True for an expanded tensor, whose elements share memory and cannot be written one by one."""
    return any(step == 0 and n > 1 for n, step in zip(tensor.shape, tensor.stride(), strict=True))


def _is_holder(obj: Any) -> bool:
    return isinstance(obj, (list, dict, set, collections.deque, bytearray, torch.Tensor)) or is_array(obj)


def _empty_like(holder: Any) -> Any:
    if isinstance(holder, collections.deque):
        return collections.deque(maxlen=holder.maxlen)
    if isinstance(holder, collections.defaultdict):
        return collections.defaultdict(holder.default_factory)
    return type(holder)()


def _by_factory(parent: dict[Any, Any], child: collections.defaultdict[Any, Any]) -> Any:
    """What the live parent would make for a new key: brings back a factory that could not be saved."""
    factory = getattr(parent, "default_factory", None)
    if child.default_factory is not None or factory is None:
        return _NOTHING
    return factory()


def refill(holder: Any, content: Any) -> None:
    """Replace the content and keep the object."""
    if isinstance(holder, (list, bytearray)):
        holder[:] = content
    elif isinstance(holder, collections.deque):
        holder.clear()
        holder.extend(content)
    else:
        holder.clear()
        holder.update(content)
