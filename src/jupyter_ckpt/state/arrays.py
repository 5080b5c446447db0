"""NumPy's arrays and scalars as tensors, numbers and lists, and back. NumPy itself is never imported for it.

An array is stored as a tensor that sees the array's own memory where torch has its dtype, and as a list otherwise
(text, dates); the dtype is kept beside it, so that what comes back is what it was.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import torch

_TEXT_AND_DATES = "USMm"
_NUMBERS = "biufc"


class Unsaveable(Exception):
    """Something has no plain form; ``reason`` says why, ``path`` (filled in on the way up) where it is."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


def _numpy() -> Any:
    return sys.modules.get("numpy")


def is_array(obj: Any) -> bool:
    """True for a numpy array, of no subclass but numpy's own (a masked array has more to it than its numbers)."""
    numpy = _numpy()
    return numpy is not None and type(obj) is numpy.ndarray


def is_scalar(obj: Any) -> bool:
    """True for a numpy scalar."""
    numpy = _numpy()
    return numpy is not None and isinstance(obj, numpy.generic)


def array_to_plain(array: Any) -> tuple[str, Any]:
    """``(dtype, data)``; ``data`` is a tensor that shares the array's memory if it can, else a nested list.

    Raises
    ------
    Unsaveable
        For arrays of objects, records, and numbers wider than torch's.
    """
    dtype = array.dtype
    if dtype.kind in _TEXT_AND_DATES:
        data = array.view("int64") if dtype.kind in "Mm" else array
        return dtype.str, data.tolist()
    if dtype.kind not in _NUMBERS:
        raise Unsaveable(f"a numpy array of {dtype} can only be saved with pickle")
    if any(step < 0 for step in array.strides) or not dtype.isnative or not array.flags.aligned:
        array = _numpy().ascontiguousarray(array, dtype=dtype.newbyteorder("=")).reshape(array.shape)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about arrays that are read-only: nobody writes to it here
            return dtype.str, torch.from_numpy(array)
    except (TypeError, ValueError) as error:
        raise Unsaveable(f"torch has no tensors of numpy's {dtype}") from error


def array_from_plain(dtype: str, data: Any) -> Any:
    """Inverse of `array_to_plain`; a new array. Without numpy, the tensor or list itself."""
    try:
        import numpy
    except ImportError:
        return data
    kind = numpy.dtype(dtype)
    if kind.kind not in _TEXT_AND_DATES + _NUMBERS:
        raise ValueError(f"an array of {dtype}")
    if isinstance(data, torch.Tensor):
        data = data.detach().cpu().numpy()
    elif kind.kind in "Mm":
        return numpy.array(data, dtype="int64").view(kind)
    return numpy.array(data, dtype=kind)


def scalar_to_plain(scalar: Any) -> tuple[str, Any]:
    """``(dtype, Python number or text)``.

    Raises
    ------
    Unsaveable
        For records and numbers wider than Python's.
    """
    dtype = scalar.dtype
    if dtype.kind in "Mm":
        return dtype.str, int(scalar.view("int64"))
    value = scalar.item()
    if type(value) not in (bool, int, float, complex, str, bytes):
        raise Unsaveable(f"a numpy {dtype} scalar can only be saved with pickle")
    return dtype.str, value


def scalar_from_plain(dtype: str, value: Any) -> Any:
    """Inverse of `scalar_to_plain`. Without numpy, the Python number itself."""
    array = array_from_plain(dtype, [value])
    return value if isinstance(array, list) else array[0]
