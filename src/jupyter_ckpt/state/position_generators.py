"""The generators of all loaders, in a checkpoint's one table: several loaders may share one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_ckpt.state.generators import generator_state, set_generator_state


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
