"""Savers and a reader in one folder: ``concurrent_savers.py FOLDER SAVERS SECONDS``; prints its findings as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from forked_saver import Saver, is_whole, visible


def main(folder: Path, savers: int, seconds: float) -> None:
    # Two by two they save under the same names: one of each two is refused at its first save.
    at_work = [Saver(folder, number // 2 * 1000) for number in range(savers)]
    deadline = time.monotonic() + seconds
    result = {"reads": 0, "broken": 0, "acknowledged": 0, "twice": 0, "refused": 0, "lost": 0}
    while time.monotonic() < deadline:
        for name in visible(folder)[-8:]:
            result["reads"] += 1
            result["broken"] += not is_whole(folder, name)
    said = [saver.kill() for saver in at_work]
    names = [line for lines in said for line in lines if not line.startswith("ERROR")]
    result["acknowledged"] = len(names)
    result["twice"] = len(names) - len(set(names))
    result["refused"] = sum("ERROR NotCommitted" in lines for lines in said)
    result["lost"] = sum(not is_whole(folder, name) for name in names)
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
