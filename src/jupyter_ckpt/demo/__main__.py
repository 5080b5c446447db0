"""Train, get killed without warning inside an epoch, resume, and compare with a training that was left in peace."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KILL_AFTER = "epoch 2"


def main() -> int:
    """Run the demonstration; returns 0 when the resumed training ended bit for bit where the other one did."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_ckpt.demo", description=__doc__)
    parser.add_argument("--folder", help="where its checkpoints go (default: a new folder here)")
    parser.add_argument("--epochs", type=int, default=6)
    args = parser.parse_args()
    folder = Path(args.folder or tempfile.mkdtemp(prefix="jupyter-ckpt-demo-", dir=".")).absolute()
    store, peace = folder / "killed", folder / "left-in-peace"

    _say(1, "train on handwritten digits, and get killed (SIGKILL) in the middle of an epoch")
    if not _train_and_kill(store, args.epochs):
        print("the training was over before it could be killed", file=sys.stderr)
        return 1
    _say(2, "run the same script again: it goes on where it was, inside the epoch")
    resumed = _train(store, args.epochs)
    _say(3, "what is on disk now: every byte is read back and compared")
    _jupyter_ckpt("list", "--store", str(store), "--limit", "8")
    _jupyter_ckpt("verify", "--store", str(store))
    _say(4, "the same training, left in peace")
    undisturbed = _train(peace, args.epochs)
    same = resumed == undisturbed
    print()
    print(f"killed and resumed  {resumed}")
    print(f"left in peace       {undisturbed}")
    print(
        "bit for bit the same weights and optimizer state"
        if same
        else "NOT the same: this is a defect, please report it"
    )
    print(f"\nlook around: jupyter ckpt list --store {store}\nclean up:    rm -r {folder}")
    return 0 if same else 1


def _say(number: int, text: str) -> None:
    print(f"\n--- {number}. {text}\n", flush=True)


def _command(store: Path, epochs: int) -> list[str]:
    return [sys.executable, "-m", "jupyter_ckpt.demo.training", str(store), "--epochs", str(epochs)]


def _train_and_kill(store: Path, epochs: int) -> bool:
    killed = False
    with subprocess.Popen(_command(store, epochs), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            print(line, end="", flush=True)
            if line.startswith(KILL_AFTER):
                time.sleep(0.1)  # well into the next epoch
                child.kill()
                killed = True
        code = child.wait()
    print(f"killed ({signal.Signals(-code).name})" if code < 0 else f"ended with {code}", flush=True)
    return killed and code != 0  # there are no signals on Windows


def _train(store: Path, epochs: int) -> str:
    done = subprocess.run(_command(store, epochs), stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout, end="", flush=True)
    return done.stdout.rstrip().rpartition(" ")[2]


def _jupyter_ckpt(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "jupyter_ckpt.cli", *words], check=True)


if __name__ == "__main__":
    sys.exit(main())
