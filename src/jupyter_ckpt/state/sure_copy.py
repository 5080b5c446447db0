"""The last step of a restore: values copied straight into the live tensors, with nothing in it that could fail.

All-or-nothing needs a way back only from steps that may fail: other people's ``load_state_dict``, hooks, objects
whose inside nobody knows. An ordinary tensor of the same shape takes its values whatever happens, so these copies
come last, run in a thread that no interrupt reaches, and need no second copy of the state in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.state.inplace import overlaps

_ORDINARY_LOADS = (nn.Module._load_from_state_dict, _NormBase._load_from_state_dict)
"""The second one differs only for states of before version 2."""

Copy = tuple[torch.Tensor, torch.Tensor]
"""A live tensor and the values that it is to have."""


def is_ordinary(module: nn.Module, versions: Any) -> bool:
    """True when loading a state into the module is nothing but copying it tensor by tensor.

    Parameters
    ----------
    module : nn.Module
        The live one.
    versions : mapping or None
        The saved ``_metadata``: path of each submodule → ``{"version": int}``. An older layout has to be converted.
    """
    if torch.__future__.get_swap_module_params_on_conversion():
        return False
    saved = versions if isinstance(versions, Mapping) else {}
    return all(_is_ordinary(child, saved.get(path, {})) for path, child in module.named_modules())


def _is_ordinary(child: nn.Module, saved: Any) -> bool:
    cls = type(child)
    hooks = (
        child._load_state_dict_pre_hooks,
        child._load_state_dict_post_hooks,
        child._state_dict_hooks,
        child._state_dict_pre_hooks,
    )
    same_version = isinstance(saved, Mapping) and saved.get("version", child._version) == child._version
    return (
        same_version
        and not any(hooks)
        and cls.load_state_dict is nn.Module.load_state_dict
        and cls._load_from_state_dict in _ORDINARY_LOADS
        and cls.state_dict is nn.Module.state_dict
        and cls._save_to_state_dict is nn.Module._save_to_state_dict
        and cls.get_extra_state is nn.Module.get_extra_state
    )


def takes(live: Any, saved: Any) -> bool:
    """True when ``saved`` can be copied into ``live`` for certain."""
    return (
        _has_plain_memory(live)
        and _has_plain_memory(saved)
        and live.shape == saved.shape
        and (live.is_complex() or not saved.is_complex())
        and not overlaps(live)
    )


def _has_plain_memory(tensor: Any) -> bool:
    return (
        type(tensor) in (torch.Tensor, nn.Parameter)
        and tensor.layout is torch.strided
        and tensor.device.type != "meta"
        and not tensor.is_quantized
        and not tensor.is_inference()
        and not tensor.is_conj()
        and not tensor.is_neg()
    )


class SureCopies:
    """Copies that are done as a whole: once begun, an interrupt (Ctrl-C, Stop) waits for their end.

    Parameters
    ----------
    copies : iterable of Copy
        All checked with `takes`. Of two into the same memory the last one counts.
    """

    def __init__(self, copies: Iterable[Copy]) -> None:
        last = {(live.device, live.data_ptr(), live.shape, live.stride()): (live, saved) for live, saved in copies}
        self._copies = list(last.values())
        self._failed: list[Exception] = []
        self._deciding = threading.Lock()
        self._begun = self._called_off = False
        self._worker = threading.Thread(target=self._copy, name="ckpt-restore", daemon=True)

    def call_off(self) -> bool:
        """Nothing will be written; False when that has begun, and there is no way back."""
        with self._deciding:
            self._called_off = not self._begun
            return self._called_off

    def run(self) -> None:
        """Copy everything.

        Raises
        ------
        CkptError
            When the machine failed all the same (its GPU did, as a rule); then the objects are to be made anew.
        """
        if self._copies:
            self._worker.start()
            self.wait()

    def wait(self) -> None:
        """Until all is copied; raises as `run` does."""
        interrupt: BaseException | None = None
        while self._worker.is_alive():
            try:
                self._worker.join()
            except BaseException as error:  # noqa: BLE001 - half a state is worse than a late answer
                interrupt = error
        if self._failed:
            why = (str(self._failed[0]).splitlines() or [type(self._failed[0]).__name__])[0]
            raise CkptError(
                f"the state could not be written into its tensors ({why}): they are neither old nor new now, run the"
                " cells that make model and optimizer, then resume again"
            ) from self._failed[0]
        if interrupt is not None:
            raise interrupt

    def _copy(self) -> None:
        with self._deciding:
            if self._called_off:
                return
            self._begun = True
        try:
            with torch.no_grad():
                for live, saved in self._copies:
                    live.copy_(saved)
            for index in {live.device.index for live, _ in self._copies if live.is_cuda}:
                torch.cuda.synchronize(index)
        except Exception as error:  # noqa: BLE001 - told by the caller's thread
            self._failed.append(error)
