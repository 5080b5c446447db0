"""Was a ``for`` loop left by an exception, or by ``break`` or ``return``?

Both drop the loop's iterator, and a generator sees the same `GeneratorExit` either way. But they drop it at another
instruction of the loop's frame: an exception at the one that raised, which the traceback names, or that re-raised.
"""

from __future__ import annotations

import gc
import opcode
from types import FrameType, TracebackType

_RAISES = frozenset(opcode.opmap[name] for name in ("RERAISE", "RAISE_VARARGS") if name in opcode.opmap)
_YIELDS = frozenset(opcode.opmap[name] for name in ("YIELD_VALUE", "RESUME") if name in opcode.opmap)
_GENERATOR = 0x20  # inspect.CO_GENERATOR
_STEPPING = ("__next__", "__iter__")  # iterators that pass another one on, such as progress bars

Consumer = tuple[int, ...]


def consumer_of(frame: FrameType | None) -> Consumer:
    """Which frames take the batches, by id: generators that pass them on, and the first that is none."""
    found = []
    while frame is not None:
        code = frame.f_code
        if code.co_flags & _GENERATOR:
            found.append(id(frame))
        elif code.co_name not in _STEPPING:
            found.append(id(frame))
            break
        frame = frame.f_back
    return tuple(found)


def left_on_purpose(frame: FrameType | None, consumer: Consumer) -> bool:
    """True when the loop was left by ``break`` or ``return``.

    Parameters
    ----------
    frame : frame
        The one that runs while the iterator is dropped.
    consumer : tuple of int
        What `consumer_of` said at the last step. When that frame is not the one that drops the iterator, the
        loop had ended before, with an exception whose traceback held the iterator: not on purpose.
    """
    while frame is not None:
        code, at = frame.f_code, frame.f_lasti
        operation = code.co_code[at] if at >= 0 else -1
        if code.co_flags & _GENERATOR and operation in _YIELDS:
            frame = frame.f_back  # a generator that is being closed: its consumer dropped it
            continue
        if id(frame) not in consumer:
            return False
        return operation not in _RAISES and not _raised_at(frame, at)
    return False


def _raised_at(frame: FrameType, instruction: int) -> bool:
    """Some traceback says that an exception went through this frame, at this instruction."""
    return any(
        isinstance(one, TracebackType) and one.tb_frame is frame and one.tb_lasti == instruction
        for one in gc.get_referrers(frame)
    )
