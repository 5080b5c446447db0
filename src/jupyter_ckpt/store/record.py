"""The commit record: the JSON file written last that makes a checkpoint exist.

It holds all that a catalog, a panel or a server needs, so that nobody opens the data file to list. A reader
meets records that others wrote or that rotted on disk; `CommitRecord.from_json` checks the type of every
field and never trusts a name to be a path.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import xxhash

from jupyter_ckpt.errors import CorruptCheckpoint
from jupyter_ckpt.store.specs import EntrySpec, TensorSpec

__all__ = [
    "DATA_SUFFIX",
    "FORMAT_VERSION",
    "RECORD_SUFFIX",
    "CommitRecord",
    "EntrySpec",
    "TensorSpec",
    "dump_record",
    "is_safe_name",
    "parse_record",
    "parse_timestamp",
    "read_record",
    "timestamp",
]

FORMAT_VERSION = 1
DATA_SUFFIX = ".pt"
RECORD_SUFFIX = ".json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,199}")


def is_safe_name(name: str) -> bool:
    """True for a run or checkpoint name that is one plain path component, fit for every file system."""
    return _NAME.fullmatch(name) is not None and not name.endswith((".", ".tmp"))


def timestamp(moment: datetime.datetime | None = None) -> str:
    """UTC time as ``2026-04-05T14:23:01.123Z`` (now when not given)."""
    moment = moment or datetime.datetime.now(datetime.timezone.utc)
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_timestamp(text: str) -> datetime.datetime:
    """Inverse of `timestamp`; raises ``ValueError`` for anything else."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass(frozen=True)
class CommitRecord:
    """Everything about one checkpoint except its tensors' values.

    Parameters
    ----------
    name : str
        ``epoch-0008_step-00012500_20260405-142301``; the data file is ``<name>.pt``.
    run : str
        Run id.
    time : str
        When it was captured, UTC, see `timestamp`.
    epoch, step : int or None
        Where the training stood: ``epoch`` is the one that was running or just ended.
    next_epoch : int
        The epoch to go on with; equals ``epoch`` when the state lies inside it (``mid_epoch``).
    mid_epoch : bool
        True when a resume must continue inside ``next_epoch``.
    parent : str or None
        ``run/name`` of the checkpoint this state descends from.
    metrics : dict of str to float
        What was measured at this state.
    tags, note, reason
        As given at save time (later ones are in the journal); ``reason``: ``manual``, ``epoch``, ``steps``, …
    size : int
        Bytes of the data file.
    digest : str
        xxh3-128, hex, of all bytes of the data file that lie in no entry (headers, padding, directory), so
        that together with the entries' digests every byte is covered.
    entries, tensors
        See `EntrySpec`, `TensorSpec`.
    tracked : dict
        For each tracked object: ``kind``, ``class``, and what helps a reader (``parameters``, ``defined_in``).
    items : list of dict
        The save's receipt: what was captured and what was not, and why.
    code, environment : dict
        Sources of notebook-defined classes with their cell; versions, git commit, host, device.
    storage : dict
        The volume's verdict at save time (`Assessment.to_json`).
    durations : dict of str to float
        Seconds: ``capture``, ``write``.
    """

    name: str
    run: str
    time: str
    epoch: int | None = None
    step: int | None = None
    next_epoch: int = 0
    mid_epoch: bool = False
    parent: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    note: str = ""
    reason: str = "manual"
    size: int = 0
    digest: str = ""
    entries: list[EntrySpec] = field(default_factory=list)
    tensors: list[TensorSpec] = field(default_factory=list)
    tracked: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: list[dict[str, str]] = field(default_factory=list)
    code: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    storage: dict[str, Any] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    format: int = FORMAT_VERSION

    @property
    def ref(self) -> str:
        """``run/name``, unique in a store."""
        return f"{self.run}/{self.name}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, small fields first so that ``head`` of the file is readable."""
        data = asdict(self)
        entries = [e.to_json() for e in self.entries]
        tensors = [t.to_json() for t in self.tensors]
        del data["entries"], data["tensors"], data["format"]
        return {"format": self.format, **data, "entries": entries, "tensors": tensors}

    @classmethod
    def from_json(cls, data: Any, *, light: bool = False) -> CommitRecord:
        """Build from parsed JSON.

        Parameters
        ----------
        data : Any
            What `to_json` gave, as JSON brings it back.
        light : bool
            Leave out ``entries`` and ``tensors``, which lists do not show and which take most of the time.

        Raises
        ------
        ValueError
            When a field is missing or of the wrong type, a name is not safe, or the format is newer.
        """
        if not isinstance(data, dict):
            raise ValueError("not a JSON object")
        version = data.get("format")
        if not isinstance(version, int) or isinstance(version, bool):
            raise ValueError("no format version")
        if version > FORMAT_VERSION:
            raise ValueError(f"format {version} is newer than this jupyter-ckpt knows ({FORMAT_VERSION}): upgrade it")
        fields: dict[str, Any] = {}
        for key, types in _FIELD_TYPES.items():
            value = data.get(key, _MISSING)
            if value is _MISSING:
                if key in ("name", "run", "time"):
                    raise ValueError(f"no {key}")
                continue
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                raise ValueError(f"field {key} is a {type(value).__name__}")
            fields[key] = value
        for key in ("name", "run"):
            if not is_safe_name(fields[key]):
                raise ValueError(f"unsafe {key}: {fields[key]!r}")
        parse_timestamp(fields["time"])
        metrics = fields.get("metrics", {})
        if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in metrics.values()):
            raise ValueError("a metric is not a number")
        if not all(isinstance(tag, str) for tag in fields.get("tags", [])):
            raise ValueError("a tag is not text")
        if not all(isinstance(row, dict) for row in (*fields.get("items", []), *fields.get("tracked", {}).values())):
            raise ValueError("an item or tracked object is not a JSON object")
        if light:
            fields["entries"] = fields["tensors"] = []
            return cls(format=version, **fields)
        try:
            fields["entries"] = [EntrySpec.from_json(row) for row in fields.get("entries", [])]
            fields["tensors"] = [TensorSpec.from_json(row) for row in fields.get("tensors", [])]
        except (TypeError, OverflowError) as error:
            raise ValueError(f"bad entry or tensor row: {error}") from error
        return cls(format=version, **fields)


_SEAL = re.compile(rb'"seal": "([0-9a-f]{32})"\}\n\Z')
_MISSING = object()
_FIELD_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "run": (str,),
    "time": (str,),
    "epoch": (int, type(None)),
    "step": (int, type(None)),
    "next_epoch": (int,),
    "mid_epoch": (bool,),
    "parent": (str, type(None)),
    "metrics": (dict,),
    "tags": (list,),
    "note": (str,),
    "reason": (str,),
    "size": (int,),
    "digest": (str,),
    "entries": (list,),
    "tensors": (list,),
    "tracked": (dict,),
    "items": (list,),
    "code": (dict,),
    "environment": (dict,),
    "hyperparameters": (dict,),
    "storage": (dict,),
    "durations": (dict,),
}


def dump_record(record: CommitRecord) -> bytes:
    """The record file's bytes: one JSON object whose last field, ``seal``, is the xxh3-128 of the rest.

    The seal is over the text with an empty seal, so a flipped bit anywhere in the record is seen.
    """
    body = json.dumps({**record.to_json(), "seal": ""}, ensure_ascii=False, allow_nan=True)
    raw = body.encode("utf-8", "replace")
    seal = xxhash.xxh3_128_hexdigest(raw)
    return raw.removesuffix(b'""}') + f'"{seal}"}}\n'.encode()


def parse_record(raw: bytes, *, light: bool = False) -> CommitRecord:
    """Inverse of `dump_record`; ``light`` as for `CommitRecord.from_json`, the seal is checked all the same.

    Raises
    ------
    ValueError
        When the bytes are not a whole, undamaged, valid record; the message says what is wrong.
    """
    found = _SEAL.search(raw)
    if found is None:
        raise ValueError("cut short or without its seal")
    if xxhash.xxh3_128_hexdigest(raw[: found.start()] + b'"seal": ""}') != found[1].decode():
        raise ValueError("damaged: its seal does not match")
    try:
        return CommitRecord.from_json(json.loads(raw.decode("utf-8")), light=light)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_record(path: Path) -> CommitRecord:
    """Read and check one record file.

    Raises
    ------
    CorruptCheckpoint
        When it is not a whole, valid record of the checkpoint that its file name says.
    OSError
        When it cannot be read at all.
    """
    try:
        record = parse_record(path.read_bytes())
    except ValueError as error:
        raise CorruptCheckpoint(f"{path.name}: not a valid commit record: {error}") from error
    if record.name != path.name.removesuffix(RECORD_SUFFIX):
        raise CorruptCheckpoint(f"{path.name}: the record inside is of {record.name!r}")
    return record
