"""What ``%load_ext jupyter_ckpt`` costs in a kernel that has imported nothing, beside a bare ``import json``.

``python tests/benchmarks/starting.py [--rounds 7] [--json FILE]``. Each time in a fresh interpreter with an IPython
shell, as a kernel has one; ``import json`` in a fresh interpreter without anything.
"""

from __future__ import annotations

import subprocess
import sys

from rounds import Table, parser, report, turns

JSON = "import json, bare interpreter"
LOAD = "%load_ext jupyter_ckpt, in a shell"
_SCRIPTS = {
    JSON: "import time; start = time.perf_counter(); import json; print(time.perf_counter() - start)",
    LOAD: """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "jupyter_ckpt")
took = time.perf_counter() - start
assert "torch" not in sys.modules, "torch was imported"
print(took)
""",
    "import torch, for comparison": (
        "import time; start = time.perf_counter(); import torch; print(time.perf_counter() - start)"
    ),
}


def main() -> None:
    """Print one table."""
    chosen = parser(__doc__, 7).parse_args()
    table = Table("until it is there", "start", "ms", (JSON,))
    for counts, name, script in turns(_SCRIPTS, chosen.rounds, {}):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        if counts:
            table.add(name, float(done.stdout.splitlines()[-1]) * 1000)
    report([table], chosen)


if __name__ == "__main__":
    sys.exit(main())
