"""The names that a user has defined: the notebook's, those of the script that runs, or those inside a function."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

_NOT_THE_USERS = ("jupyter_ckpt", "IPython", "ipykernel", "contextlib", "tqdm", "decorator", "traitlets")


def user_namespace() -> dict[str, Any]:
    """The live dict of the user's names; changing it changes theirs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is not None:
        names: dict[str, Any] = shell.user_ns
        return names
    return vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}


def calling_locals() -> dict[str, Any] | None:
    """The local names of the user's function that called us; None at the top level of a notebook or script."""
    frame = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _NOT_THE_USERS:
            own = frame.f_locals
            return None if own is frame.f_globals or frame.f_code.co_name == "<module>" else dict(own)
        frame = frame.f_back  # type: ignore[assignment]
    return None


class FunctionNames(Mapping[str, Any]):
    """The names that code in a function sees: its own before the notebook's.

    Where the function has a model or optimizer of its own, those of the notebook are not meant: they would be
    saved in its place. Nothing can be assigned: a function's names cannot be set from outside.

    Parameters
    ----------
    own : mapping
        The function's local names.
    around : mapping
        The notebook's.
    """

    def __init__(self, own: Mapping[str, Any], around: Mapping[str, Any]) -> None:
        from jupyter_ckpt.state.tracked import Kind, classify

        def is_trained(name: str, obj: Any) -> bool:
            return classify(name, obj) in (Kind.MODEL, Kind.OPTIMIZER)

        outer = {name: obj for name, obj in list(around.items()) if isinstance(name, str)}
        if any(is_trained(name, obj) for name, obj in own.items()):
            outer = {name: obj for name, obj in outer.items() if not is_trained(name, obj)}
        self._names = {**outer, **own}

    def __getitem__(self, name: str) -> Any:
        return self._names[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
