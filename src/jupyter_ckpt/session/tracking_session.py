"""The half of a training session that knows what is saved: named by the user, or found among the notebook's names.

Everything that needs torch is imported when it is first used, so that loading the extension costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import NothingTracked
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.session.hyperparameters import find_hyperparameters
from jupyter_ckpt.session.namespace import FunctionNames, calling_locals, user_namespace
from jupyter_ckpt.session.origin import Origin, find_origin
from jupyter_ckpt.session.store_session import StoreSession

if TYPE_CHECKING:
    from jupyter_ckpt.session.tracking import Tracking
    from jupyter_ckpt.state.tracked import Tracked

Items = list[Item]


class TrackingSession(StoreSession):
    """Tracks the state of one training; parameters as for `Checkpointer`."""

    def __init__(
        self,
        store: str | os.PathLike[str] | None = None,
        *,
        namespace: dict[str, Any] | None = None,
        cells: Any = None,
        origin: Origin | None = None,
    ) -> None:
        self.namespace = user_namespace() if namespace is None else namespace
        self._is_users = namespace is None
        super().__init__(store, origin=origin or find_origin(self.namespace))
        self._cells = cells
        self._tracking: Tracking | None = None

    def track(self, *names: str, **objects: Any) -> Items:
        """Say what to save, instead of having it found.

        Parameters
        ----------
        names : str
            Names in the notebook (``"model"``); a cell may make their objects anew.
        objects
            Or name and object.

        Returns
        -------
        list of Item
            What is tracked now.

        Raises
        ------
        UnknownName, UsageProblem
            When a name does not exist or cannot be saved; then nothing has changed.
        """
        self.tracking.add(names, objects)
        return self.tracked()

    def untrack(self, *names: str) -> Items:
        """Stop saving these; without names everything is found by itself again.

        Raises
        ------
        UnknownName
            When one of them is not tracked.
        """
        self.tracking.remove(names)
        return self.tracked()

    def tracked(self, *, strict: bool = False) -> Items:
        """What a save would save now.

        Parameters
        ----------
        strict : bool
            Raise `NothingTracked` instead of giving nothing.

        Raises
        ------
        AmbiguousState
            When several things could be meant.
        """
        try:
            found, notes = self.tracking.survey(self.names)
        except NothingTracked:
            if strict:
                raise
            return []
        from jupyter_ckpt.session.tracking import class_of

        return [Item(one.name, one.kind.value, Outcome.SAVED, class_of(one)) for one in found] + notes

    @property
    def names(self) -> Mapping[str, Any]:
        """The names that the calling code sees: the notebook's, or in a function its own before those."""
        own = calling_locals() if self._is_users else None
        return self.namespace if own is None else FunctionNames(own, self.namespace)

    @property
    def tracking(self) -> Tracking:
        """What is saved."""
        if self._tracking is None:
            from jupyter_ckpt.session.tracking import Tracking

            self._tracking = Tracking(self.namespace)
        return self._tracking

    # -- below: the parts of the verbs ---------------------------------------------------------------------------

    def _settings(self, names: Mapping[str, Any], tracked: list[Tracked]) -> dict[str, Any]:
        """The hyper-parameters in force; the learning rate is the optimizer's, whatever the notebook's name says."""
        from jupyter_ckpt.session.tracking import optimizers_of

        return find_hyperparameters(names, optimizers_of(tracked))

    def _cell_sources(self) -> Any:
        if self._cells is not None:
            return self._cells
        cells = self.namespace.get("In")
        return cells if isinstance(cells, list) else None
