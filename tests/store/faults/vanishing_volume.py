"""Unmount a volume lazily under a saver: ``vanishing_volume.py ROUNDS SEED``; prints what was found as JSON."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

from forked_saver import Saver, is_whole
from loop_volume import sh, volume


def main(rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    result = {"rounds": 0, "acknowledged": 0, "lost": 0, "on_the_bare_folder": 0, "noticed": 0}
    with volume("ext4", 256 << 20) as disk:
        run = disk.point / "run-a"
        run.mkdir()
        for number in range(rounds):
            saver = Saver(run, number * 1000)
            time.sleep(chance.uniform(0.05, 0.3))
            sh("umount", "-l", disk.point)
            run.mkdir()  # the worst case: the bare folder looks just like the volume's
            time.sleep(0.3)
            said = saver.kill()
            acknowledged = {line for line in said if not line.startswith("ERROR")}
            on_the_bare_folder = {path.name.removesuffix(".json") for path in run.glob("*.json")}
            for path in run.iterdir():
                path.unlink()
            run.rmdir()
            disk.mount()
            result["rounds"] += 1
            result["acknowledged"] += len(acknowledged)
            result["on_the_bare_folder"] += len(acknowledged & on_the_bare_folder)
            result["lost"] += sum(not is_whole(run, name) for name in acknowledged)
            # a save under way is uncertain; one that begins before the bare folder is made finds no folder at all
            result["noticed"] += any(line.startswith("ERROR") for line in said)
            _empty(run)
    print(json.dumps({**result, "point": str(disk.point)}))


def _empty(run: Path) -> None:
    for name in os.listdir(run):
        (run / name).unlink()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
