"""All tables of all benchmarks, one after the other, each script in a process of its own.

``python tests/benchmarks/tables.py [--quick] [--folder PATH] [--json FILE]``. Half an hour on two cores; ``--quick``
takes S for M and few rounds, to see that all of it works. Peers that are installed take part: ``pip install
jupyter-ckpt[benchmarks]``, or a folder with them on ``PYTHONPATH``. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_ALL = (
    ("saving.py", "--state", "S", "--rounds", "9"),
    ("saving.py", "--state", "M", "--rounds", "7"),
    ("training.py", "--rounds", "5"),
    ("memory.py", "--state", "M"),
    ("loading.py", "--state", "S", "--rounds", "7"),
    ("loading.py", "--state", "M", "--rounds", "5"),
    ("listing.py",),
    ("server_listing.py",),
    ("starting.py",),
)
_QUICK = (
    ("saving.py", "--rounds", "2"),
    ("training.py", "--state", "S", "--rounds", "1"),
    ("memory.py", "--state", "S", "--only"),
    ("loading.py", "--rounds", "1"),
    ("listing.py", "--each", "20"),
    ("server_listing.py", "--each", "20"),
    ("starting.py", "--rounds", "1"),
)
_NO_DISK = ("server_listing.py",)


def main() -> int:
    """Run them all; the number of those that failed."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--quick", action="store_true")
    options.add_argument("--folder", default=".", help="on the disk that is measured")
    options.add_argument("--json", type=Path, help="what `picture.py` reads")
    chosen = options.parse_args()
    if chosen.json is not None:
        chosen.json.unlink(missing_ok=True)
    failed = 0
    for script, *words in _QUICK if chosen.quick else _ALL:
        command = [sys.executable, "-W", "ignore", str(_HERE / script), *words]
        if script not in _NO_DISK:
            command += ["--folder", chosen.folder]
            command += ["--json", str(chosen.json)] if chosen.json is not None else []
        print(f"\n=== {script} {' '.join(words)}", flush=True)
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
