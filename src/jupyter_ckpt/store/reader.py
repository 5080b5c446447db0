"""Reading a data file: verified against its record, gated, and never unpickled.

Record → size and digests → zip gate (every entry stored, sizes add up, no overlap) → `weights_only=True` → a walk
with a node budget that checks each tensor's claimed size. Files of others have no record: there the zip's own
CRC-32 values are checked, which torch itself does not do. There is no fallback to a real unpickler.
"""

from __future__ import annotations

import os
import pickle
import pickletools
import re
import struct
import sys
import tarfile
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from jupyter_ckpt.errors import CorruptCheckpoint, RefusedFile
from jupyter_ckpt.store.archive import Progress
from jupyter_ckpt.store.digest import crc32
from jupyter_ckpt.store.record import CommitRecord
from jupyter_ckpt.store.tree import DEPTH, FREE_CLAIM, NODE_BUDGET
from jupyter_ckpt.store.verify import verify_file

_PICKLE_LIMIT = 256 << 20
_ENTRY_LIMIT = 1_000_000
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Opened:
    """A data file's tree, and whether its bytes were checked against digests (``verified``) or only parsed."""

    tree: Any
    verified: bool
    remarks: tuple[str, ...] = ()


def read_checkpoint(path: Path, record: CommitRecord, *, progress: Progress | None = None) -> Opened:
    """Load one of our checkpoints after checking every byte of it.

    Raises
    ------
    CorruptCheckpoint
        When file and record do not agree.
    RefusedFile
        When the file could not be opened safely.
    """
    problems = verify_file(path, record, progress=progress)
    if problems:
        raise CorruptCheckpoint(f"{path.name} is damaged: {problems[0]}")
    _check_zip(path)
    return Opened(_load(path), verified=True)


def read_foreign(path: Path) -> Opened:
    """Load a file that others wrote (`torch.save`), as far as it can be done safely.

    Raises
    ------
    CorruptCheckpoint
        Cut short, or a CRC-32 that does not match.
    RefusedFile
        It needs a pickle (the message names the global), is compressed, or claims impossible sizes.
    """
    if not path.is_file():
        raise CorruptCheckpoint(f"{path}: no such file")
    try:
        return _read_foreign(path)
    except OSError as error:
        raise CorruptCheckpoint(f"{path.name} cannot be read ({error.strerror or error})") from error


def _read_foreign(path: Path) -> Opened:
    with path.open("rb") as file:
        head = file.read(4)
    if len(head) < 4:
        raise CorruptCheckpoint(f"{path.name} is {'cut short' if head else 'empty'}: {len(head)} bytes")
    if head != b"PK\x03\x04":  # torch goes by these bytes too
        if tarfile.is_tarfile(path):  # torch before 2.6 unpacks these, and CVE-2025-32434 came in that way
            raise RefusedFile(f"{path.name} was not opened: torch's tar format of 2017 cannot be read safely")
        remark = f"{path.name}: torch's format from before 1.6 has no checksums, so damage cannot be noticed"
        return Opened(_load(path, mmap=False), verified=False, remarks=(remark,))
    has_crc = _check_crcs(path, _check_zip(path))
    remarks = () if has_crc else (f"{path.name} was written without checksums: damage cannot be noticed",)
    return Opened(_load(path), verified=has_crc, remarks=remarks)


def _check_zip(path: Path) -> list[zipfile.ZipInfo]:
    """The gate: nothing compressed, nothing overlapping, nothing larger than the file."""
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OverflowError, struct.error) as error:
        raise CorruptCheckpoint(f"{path.name} is cut short or damaged: no whole zip directory ({error})") from error
    if len(infos) > _ENTRY_LIMIT:
        raise RefusedFile(f"{path.name} claims {len(infos):,} entries")
    if not infos or min(info.header_offset for info in infos) != 0:
        # Bytes before the archive: Python's reader and torch's would not see the same directory.
        raise CorruptCheckpoint(f"{path.name} is not a whole torch file: its first entry is not at its start")
    reach = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise RefusedFile(f"{path.name}: entry {info.filename!r} is compressed, which torch never writes")
        if info.header_offset < reach:
            raise RefusedFile(f"{path.name}: entries overlap at {info.filename!r}")
        reach = info.header_offset + 30 + info.file_size
        if reach > size:
            raise RefusedFile(f"{path.name}: entry {info.filename!r} claims more bytes than the file has")
        if info.filename.endswith("/data.pkl") and info.file_size > _PICKLE_LIMIT:
            raise RefusedFile(f"{path.name}: its data.pkl has {info.file_size:,} bytes")
    return infos


def _check_crcs(path: Path, infos: list[zipfile.ZipInfo]) -> bool:
    """Compare every entry with its CRC-32; False when the writer left them out (torch can be told to)."""
    counted = [info for info in infos if info.file_size]
    if counted and all(info.CRC == 0 for info in counted):
        return False
    with path.open("rb") as file:
        for info in counted:
            file.seek(info.header_offset)
            fixed = file.read(30)
            if len(fixed) < 30 or fixed[:4] != b"PK\x03\x04":
                raise CorruptCheckpoint(f"{path.name} is damaged: entry {info.filename!r} has no header")
            file.seek(int.from_bytes(fixed[26:28], "little") + int.from_bytes(fixed[28:30], "little"), os.SEEK_CUR)
            left, crc = info.file_size, 0
            while left:
                block = file.read(min(left, _BLOCK))
                if not block:
                    raise CorruptCheckpoint(f"{path.name} is cut short in entry {info.filename!r}")
                crc = crc32(block, crc)
                left -= len(block)
            if crc != info.CRC:
                raise CorruptCheckpoint(f"{path.name} is damaged: entry {info.filename!r} fails its CRC-32")
    return True


def _load(path: Path, *, mmap: bool = sys.platform != "win32") -> Any:
    """`torch.load(weights_only=True)` on the CPU, with its errors put into one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the pickle protocol: it is refused or read, and that is said
            tree = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except KeyError as error:  # bytes that are no pickle at all, such as a text
        raise RefusedFile(f"{path.name} is no file of torch.save") from error
    except pickle.UnpicklingError as error:
        raise _refusal(path, error) from error
    except Exception as error:  # what torch's reader raises on damage is as varied as the damage
        if mmap and isinstance(error, OSError):
            return _load(path, mmap=False)  # volumes that cannot map files
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise CorruptCheckpoint(f"{path.name} cannot be read: {first[:200]}") from error
    _check_tree(path, tree)
    return tree


def _refusal(path: Path, error: pickle.UnpicklingError) -> RefusedFile:
    pattern = r"(?:GLOBAL|[Uu]nsupported (?:global|class|function)):?\s+(?:GLOBAL\s+)?([\w.]+)"
    named = re.search(pattern, str(error))
    wanted = named[1] if named else _first_global(path)
    if wanted is None:
        return RefusedFile(f"{path.name} was not opened: its pickle is not one of tensors and plain values")
    return RefusedFile(
        f"{path.name} was not opened: it needs {wanted} from a pickle, which could run any code."
        " Ask its author for a state_dict"
    )


def _first_global(path: Path) -> str | None:
    """The first global that a bare pickle asks for, found by reading its opcodes without running them."""
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    texts: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd escapes in what may be no pickle at all
        try:
            for opcode, argument, _ in pickletools.genops(head):
                if opcode.name in ("GLOBAL", "INST"):
                    return str(argument).replace(" ", ".")
                if opcode.name == "STACK_GLOBAL":
                    return ".".join(texts[-2:])
                if isinstance(argument, str):
                    texts.append(argument)
        except ValueError:  # not a pickle, or cut by our limit
            return None
    return None


def _check_tree(path: Path, tree: Any) -> None:
    """Walk the loaded tree within a budget.

    A small file can hold 2^39 leaves by reference, or itself: what is met twice counts twice, so that whoever
    walks the tree afterwards needs no such care.
    """
    stack, nodes = [(tree, 0)], 0
    while stack:
        node, depth = stack.pop()
        nodes += 1
        if nodes > NODE_BUDGET:
            raise RefusedFile(f"{path.name} holds more than {NODE_BUDGET:,} values")
        if depth > DEPTH:
            raise RefusedFile(f"{path.name} is nested more than {DEPTH} levels deep")
        if isinstance(node, torch.Tensor):
            _check_claim(path, node)
        elif isinstance(node, (dict, list, tuple, set, frozenset)):
            if nodes + len(stack) + len(node) > NODE_BUDGET:
                raise RefusedFile(f"{path.name} holds more than {NODE_BUDGET:,} values")
            stack.extend((child, depth + 1) for child in (node.values() if isinstance(node, dict) else node))


def _check_claim(path: Path, tensor: torch.Tensor) -> None:
    if tensor.layout != torch.strided or tensor.device.type == "meta":
        return
    claimed, there = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
    if claimed > max(there, FREE_CLAIM):
        raise RefusedFile(
            f"{path.name}: a tensor of shape {tuple(tensor.shape)} claims {claimed:,} bytes, {there:,} are there"
        )
