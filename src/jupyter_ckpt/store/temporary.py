"""Names of files being written: hidden, unique, and recognisable as ours. (`commit` writes them; no torch here.)"""

from __future__ import annotations

import os
import re
import secrets

_PATTERN = re.compile(r"\.(?P<name>[A-Za-z0-9][A-Za-z0-9._=+-]{0,199})\.(?P<pid>[0-9]{1,10})-[0-9a-f]{8}\.tmp")


def temporary_name(name: str) -> str:
    """``.<name>.<pid>-<random>.tmp``."""
    return f".{name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"


def parse_temporary(file_name: str) -> tuple[str, int] | None:
    """Name and process id in a temporary file's name, or None when it is not one of ours."""
    found = _PATTERN.fullmatch(file_name)
    return (found["name"], int(found["pid"])) if found else None


def process_is_alive(pid: int) -> bool:
    """True when this host, as seen from here, runs a process of that id, or when it cannot be told."""
    if os.name != "posix" or pid <= 0:
        return True  # os.kill would end the process on Windows; the file's age decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
