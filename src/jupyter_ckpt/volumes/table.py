"""Text of ``/proc/self/mountinfo`` or ``/proc/mounts`` to :class:`Mount` entries.

The fields are those of proc(5).  Nothing here raises: a line that is not a mount is left out.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
_MOUNTINFO = re.compile(r"\d+ \d+ \d+:\d+ ")
# What the kernel escapes (show_mnt_opts/mangle): these bytes would break the columns.
_ESCAPED = {" ": "\\040", "\t": "\\011", "\n": "\\012", "\\": "\\134", "#": "\\043"}

_READ_ONLY = (
    "squashfs iso9660 erofs cramfs romfs udf cvmfs fuse.cvmfs fuse.squashfuse fuse.snapfuse fuse.archivemount"
)
READ_ONLY_TYPES = frozenset(_READ_ONLY.split(" "))


@dataclass(frozen=True)
class Mount:
    """One line of the table.

    ``root`` is the folder of the file system that is mounted (``""`` when the form does not tell, as in
    /proc/mounts); ``ident`` and ``parent`` are -1 there.  ``device`` is ``major:minor``, or the source.
    """

    mount_point: str
    fstype: str
    source: str
    options: str
    super_options: str = ""
    root: str = ""
    device: str = ""
    ident: int = -1
    parent: int = -1

    @property
    def has_root(self) -> bool:
        """Whether the table says which folder of the file system is mounted."""
        return self.root != ""

    @property
    def whole(self) -> bool:
        """Whether it is not known to be only a sub-folder of a file system."""
        return self.root in ("", "/")

    @property
    def deleted(self) -> bool:
        """Whether the folder that was bound here has been removed at its source."""
        return self.root.endswith("//deleted")

    @property
    def read_only(self) -> bool:
        """Whether the table says that nothing can be written: ``ro`` on the mount, on the file system, or by type.

        A read-only bind shows ``ro`` only among the per-mount options.
        """
        return (
            "ro" in self.options.split(",") or "ro" in self.super_options.split(",") or self.fstype in READ_ONLY_TYPES
        )

    def option(self, name: str) -> str | None:
        """The value of a ``name=value`` option, or ``None``; good for options whose value has no comma."""
        for options in (self.super_options, self.options):
            found = re.search(rf"(?:^|[,;]){re.escape(name)}=([^,;]*)", options)
            if found:
                return found[1]
        return None

    def has_option(self, word: str) -> bool:
        """Whether ``word`` is one of the options, with or without a value."""
        return any(
            part.split("=", 1)[0] == word
            for options in (self.super_options, self.options)
            for part in re.split("[,;]", options)
        )


def unescape(field: str) -> str:
    r"""Undo the kernel's octal escapes (``\040`` and the like).

    Done on bytes, because an escape may stand for a part of a UTF-8 character; what is not UTF-8 comes back as
    surrogate escapes, as :func:`os.fsdecode` would give it.
    """
    if "\\" not in field:
        return field
    raw = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), to_bytes(field))
    return raw.decode("utf-8", "surrogateescape")


def escape(field: str) -> str:
    """Escape a field as the kernel does, so that it is one column of a table."""
    return "".join(_ESCAPED.get(char, char) for char in field)


def to_bytes(text: str) -> bytes:
    """Text as file-system bytes; lone surrogates that stand for no byte become question marks."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def parse(table: str) -> list[Mount]:
    """All mounts of a table, in its order.

    Parameters
    ----------
    table
        Text of /proc/self/mountinfo or /proc/mounts; told apart line by line.
    """
    mounts = []
    # not splitlines(): a file name may hold any of the separators that Unicode knows
    for raw in table.split("\n"):
        line = raw.rstrip("\r")
        bare = line.lstrip(" \t")  # people paste tables with indentation
        if _MOUNTINFO.match(bare):
            mount = _mountinfo(bare)
        else:
            mount = _mounts(line)  # an empty source is a space at the beginning
            if bare != line and (mount is None or mount.fstype.startswith("/")):
                mount = _mounts(bare)
        if mount is not None:
            mounts.append(mount)
    return mounts


def _mountinfo(line: str) -> Mount | None:
    # Only single spaces separate: an empty source is two spaces in a row.
    fields = line.split(" ")
    try:
        dash = fields.index("-", 6)  # not from the start: a mount point may be called "-"
        fstype, rest = fields[dash + 1], fields[dash + 2 :]
        ident, parent = int(fields[0]), int(fields[1])
    except (ValueError, IndexError):
        return None
    root, mount_point = unescape(fields[3]), _clean(unescape(fields[4]))
    if not root.startswith("/"):
        # nsfs and the like: "net:[4026532281]"; never a folder
        root = "/" + root
    if not mount_point.startswith("/"):
        return None
    return Mount(
        mount_point=mount_point,
        fstype=fstype,
        source=unescape(rest[0]) if rest else "",
        options=fields[5],
        super_options=" ".join(rest[1:]),
        root=root,
        device=fields[2],
        ident=ident,
        parent=parent,
    )


def _mounts(line: str) -> Mount | None:
    fields = re.split("[ \t]+", line)
    if len(fields) < 3:
        return None
    source, mount_point, fstype = unescape(fields[0]), unescape(fields[1]), fields[2]
    if not mount_point.startswith("/") or not fstype:
        return None
    # A mount source may hold spaces where a program printed it unescaped; options are what is left.
    tail = fields[3:-2] if len(fields) >= 6 else fields[3:4]
    return Mount(mount_point=_clean(mount_point), fstype=fstype, source=source, options=" ".join(tail), device=source)


def _clean(path: str) -> str:
    deleted = path.endswith("//deleted")
    cleaned = normal(path.removesuffix("//deleted"))
    return cleaned + "//deleted" if deleted else cleaned


def normal(path: str) -> str:
    """A POSIX path without ``.``, ``..``, doubled and trailing slashes (lexically; no file system is asked)."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def covers(folder: str, path: str) -> bool:
    """Whether ``path`` is ``folder`` or below it, component by component (``/data2`` is not below ``/data``)."""
    return folder in ("/", path) or path.startswith(folder + "/")
