"""Run a piece of code in a process that kills itself just before its n-th change of a folder.

``python killed.py N CODE ARGS…``: the interpreter's own audit events (rename, unlink, mkdir, utime, rmdir) are
counted and the N-th is met with SIGKILL; without so many, the code ends by itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.utime", "os.rmdir"}


def runs_to_the_end(n: int, code: str, *args: object) -> bool:
    """True when the code ended before its n-th change; AssertionError when it failed otherwise."""
    command = [sys.executable, str(Path(__file__)), str(n), code, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == 0


if __name__ == "__main__":
    limit, program = int(sys.argv[1]), sys.argv[2]
    sys.argv[:3] = ["-c"]
    exec("from pathlib import Path\nimport sys\nstore = Path(sys.argv[1])")
    seen = 0

    def count(event: str, _: object) -> None:
        global seen
        if event in _CHANGES:
            seen += 1
            if seen == limit:
                os.kill(os.getpid(), signal.SIGKILL)

    compiled = compile(program, "<killed>", "exec")
    sys.addaudithook(count)
    exec(compiled)
