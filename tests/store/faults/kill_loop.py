"""SIGKILL a saver at random instants: ``kill_loop.py FOLDER KILLS SEED``; prints what was found as JSON."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

from forked_saver import Saver, is_whole, visible

WAYS = [{}, {}, {"rename": False}, {"random_writes": False}]


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    for number in range(kills):
        saver = Saver(folder, number * 1000, **WAYS[number % len(WAYS)])
        time.sleep(chance.uniform(0.002, 0.06))
        acks = saver.kill()
        assert not any(line.startswith("ERROR") for line in acks), acks
        acknowledged.update(acks)
    there = visible(folder)
    result = {
        "kills": kills,
        "acknowledged": len(acknowledged),
        "lost": len(acknowledged - set(there)),
        "visible": len(there),
        "broken": sum(not is_whole(folder, name) for name in there),
        "left": len(os.listdir(folder)) - 2 * len(there) - 1,
    }
    (folder.parent / "acknowledged").write_text("\n".join(acknowledged))
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
