"""Cut the power under a saver: ``power_cut.py KIND CUTS SEED [MOUNT-OPTIONS]``; prints what was found as JSON.

The file system's own shutdown call drops whatever had not reached the disk, journal included; then the volume is
mounted again, which replays its journal as after a real cut.
"""

from __future__ import annotations

import json
import random
import sys
import time

from forked_saver import Saver, is_whole, visible
from loop_volume import volume


def main(kind: str, cuts: int, seed: int, options: str = "") -> None:
    chance = random.Random(seed)
    result = {"cuts": 0, "acknowledged": 0, "lost": 0, "visible": 0, "broken": 0}
    with volume(kind, 512 << 20, options=options) as disk:
        run = disk.point / "run-a"
        run.mkdir()
        acknowledged: set[str] = set()
        for number in range(cuts):
            saver = Saver(run, number * 1000)
            # With a commit of the file system's journal every second, half of the cuts come after one.
            time.sleep(chance.uniform(0.05, 1.5 if "commit=1" in options else 0.4))
            disk.cut_the_power()
            acknowledged.update(line for line in saver.kill() if not line.startswith("ERROR"))
            disk.unmount()
            disk.mount()
            there = set(visible(run))
            result["cuts"] += 1
            result["lost"] += len(acknowledged - there)
            result["broken"] += sum(not is_whole(run, name) for name in there)
            result["acknowledged"] += len(acknowledged)
            result["visible"] += len(there)
            acknowledged.clear()
            for path in run.iterdir():
                path.unlink()
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
