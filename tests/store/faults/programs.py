"""Run one of the programs beside the fault tests, with the package and the tests' own modules in reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def environment() -> dict[str, str]:
    """For a program that imports from here, from ``tests/store`` and the package."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parent, HERE.parents[2] / "src")))}


def result_of(program: str, *args: object, timeout: float = 280) -> dict[str, Any]:
    """What the program printed as JSON on its last line; AssertionError when it failed."""
    command = [sys.executable, str(HERE / program), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
