"""Every call of a commit fails once, with every error: nothing wrong is ever reported as saved, nothing is lost."""

from __future__ import annotations

import collections
import errno
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from committed import commit_state, litter, same, state
from loop_volume import sh

from jupyter_ckpt.errors import CkptError, DurabilityUncertain, NoSpace, NotCommitted
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.record import read_record
from jupyter_ckpt.store.scan import scan_run
from jupyter_ckpt.store.temporary import parse_temporary
from jupyter_ckpt.store.verify import verify_file

pytestmark = pytest.mark.slow
CODES = [
    errno.EIO,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EMFILE,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ENOTCONN,
    errno.EFBIG,
]
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
OPS = ["opendir", "create", "write", "flush", "fsync", "rename", "fsyncdir"]
PAIRS = int(os.environ.get("CKPT_FAULT_PAIRS", "400"))
NEW = "epoch-0002"


class Faulty:
    """The mounted file system and the folder below it."""

    def __init__(self, place: Path) -> None:
        self.root, self.point, self.control = place / "root", place / "mnt", place / "control.json"
        self.log = place / "control.json.log"
        self.serial = 0
        self.root.mkdir()
        self.point.mkdir()
        self.rule()

    def rule(self, *rules: dict[str, Any], **rule: Any) -> None:
        """From now on this goes wrong, counted from here."""
        new = self.control.with_suffix(".new")
        self.serial += 1
        new.write_text(json.dumps({"rules": [*rules, *([rule] if rule else [])], "serial": self.serial}))
        new.replace(self.control)
        self.log.write_text("")

    def calls(self) -> list[str]:
        """What was called since the last rule."""
        return [line.split()[0] for line in self.log.read_text().splitlines()]

    def clean(self) -> None:
        """Only the first checkpoint."""
        for name in os.listdir(self.root / "run-a"):
            if not name.startswith("epoch-0001."):
                (self.root / "run-a" / name).unlink()


@pytest.fixture
def faulty(need: Callable[[object, str], None]) -> Iterator[Faulty]:
    need(sys.platform.startswith("linux") and os.path.exists("/dev/fuse"), "there is no /dev/fuse here")
    pytest.importorskip("mfusepy") if not os.environ.get("CI") else __import__("mfusepy")
    place = Path(tempfile.mkdtemp(prefix="jupyter-ckpt-test-"))
    fs = Faulty(place)
    command = [sys.executable, str(Path(__file__).with_name("faulty_fs.py")), fs.root, fs.point, fs.control]
    daemon = subprocess.Popen([*map(str, command)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not os.path.ismount(fs.point) and daemon.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        need(os.path.ismount(fs.point), "FUSE does not mount here")
        (fs.root / "run-a").mkdir()
        commit_state(fs.root / "run-a", "epoch-0001", state(1, elements=300))
        yield fs
    finally:
        subprocess.run(["umount", "-l", fs.point], capture_output=True)
        daemon.kill()
        daemon.wait()
        sh("rm", "-rf", place)


def reads(folder: Path, name: str, number: int) -> bool:
    try:
        record = read_record(folder / f"{name}.json")
        return same(read_checkpoint(folder / f"{name}.pt", record).tree, state(number, elements=300))
    except (CkptError, OSError):
        return False


WAYS: list[dict[str, Any]] = [{"threads": 1}, {"rename": False}]


def attempt(fs: Faulty, options: dict[str, Any]) -> CkptError | None:
    try:
        commit_state(fs.point / "run-a", NEW, state(2, elements=300), **options)
    except (NotCommitted, DurabilityUncertain) as error:
        return error
    return None


def judge(fs: Faulty, error: CkptError | None, code: int | None) -> str:
    """One word for what happened; AssertionError for what must not."""
    below = fs.root / "run-a"
    shown = {checkpoint.name for checkpoint in scan_run(below).checkpoints}
    assert reads(below, "epoch-0001", 1), "an earlier checkpoint was destroyed"
    if error is None:
        assert reads(below, NEW, 2), "reported as saved, and is not"
        return "saved"
    assert isinstance(error, (NotCommitted, DurabilityUncertain))
    assert error.errno == code, f"errno {error.errno} instead of {code}"
    assert "\n" not in str(error)
    if isinstance(error, DurabilityUncertain):
        assert reads(below, NEW, 2) or NEW not in shown, "shown, and not whole"
        return "in doubt"
    assert isinstance(error, NoSpace) == (code in FULL)
    assert NEW not in shown, "said not to exist, but it does"
    return "refused"


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_every_call_fails_with_every_error(faulty: Faulty, options: dict[str, Any]) -> None:
    faulty.rule()
    assert attempt(faulty, options) is None
    times = collections.Counter(faulty.calls())
    assert times["write"] > 8
    assert times["fsync"] == 2
    faulty.clean()
    found: collections.Counter[str] = collections.Counter()
    for op in OPS:
        for nth in range(1, times[op] + 1):
            for code in CODES:
                faulty.rule(op=op, nth=nth, errno=code)
                error = attempt(faulty, options)
                found[f"{op}: {judge(faulty, error, code)}"] += 1
                # The kernel asks again after ESTALE, and turns an error in the second page into a short write.
                assert error is not None or faulty.calls().count(op) == times[op] + 1, (op, nth, code)
                assert litter(faulty.root / "run-a") == [], (op, nth, code)
                faulty.clean()
    print(options, sum(found.values()), "faults", dict(found))
    assert sum(found.values()) > 150
    # Only the folder's last sync comes after the checkpoint is visible.
    assert {what for what in found if what.endswith("in doubt")} == {"fsyncdir: in doubt"}


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_calls_that_did_their_work_and_say_they_failed(faulty: Faulty, options: dict[str, Any]) -> None:
    """As over a network. A file that may or may not have been made stays for prune: it might be another's."""
    faulty.rule()
    assert attempt(faulty, options) is None
    times = collections.Counter(faulty.calls())
    faulty.clean()
    for op in OPS:
        for nth in range(1, times[op] + 1):
            faulty.rule(op=op, nth=nth, errno=errno.ETIMEDOUT, late=True)
            judge(faulty, attempt(faulty, options), errno.ETIMEDOUT)
            left = litter(faulty.root / "run-a")
            assert left == [] or op == "create", (op, nth, left)
            faulty.clean()


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_two_faults_in_one_save(faulty: Faulty, options: dict[str, Any]) -> None:
    """The second one often hits the clean-up of the first."""
    faulty.rule()
    assert attempt(faulty, options) is None
    times = collections.Counter(faulty.calls()) + collections.Counter(unlink=3)
    faulty.clean()
    chance = random.Random(13)
    calls = [(op, nth) for op in OPS for nth in range(1, times[op] + 1)]
    found: collections.Counter[str] = collections.Counter()
    for _ in range(PAIRS):
        first, second = chance.choice(calls), ("unlink", chance.choice((0, 1, 2)))
        if chance.random() < 0.4:
            second = chance.choice(calls)
        codes = chance.sample([code for code in CODES if code != errno.ESTALE], 2)  # the kernel asks again after it
        rules = [
            {"op": op, "nth": nth, "errno": code, "late": chance.random() < 0.4}
            for (op, nth), code in zip((first, second), codes, strict=True)
        ]
        faulty.rule(*rules)
        error = attempt(faulty, options)
        assert error is None or error.errno in codes, rules
        try:
            found[judge(faulty, error, error.errno if error else None)] += 1
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}: {rules}") from wrong
        faulty.clean()
    print(options, PAIRS, "pairs", dict(found))


def test_a_clean_up_that_fails_leaves_only_what_prune_knows(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    calls: list[int] = []

    def fails(fd: int, data: Any, offset: int) -> int:
        calls.append(fd)
        if len(calls) == 5:
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", fails)
    for code in CODES:
        for nth in (1, 2):
            faulty.rule(op="unlink", nth=nth, errno=code)
            if code == errno.ESTALE:
                continue  # the kernel asks again
            calls.clear()
            assert judge(faulty, attempt(faulty, {"threads": 1}), errno.EIO) == "refused"
            left = litter(faulty.root / "run-a")
            assert len(left) == 1
            assert left == [f"{NEW}.pt"] or parse_temporary(left[0])
            faulty.clean()


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_short_writes(faulty: Faulty, options: dict[str, Any]) -> None:
    faulty.rule()
    assert attempt(faulty, options) is None
    times = faulty.calls().count("write")
    faulty.clean()
    for nth in range(1, times + 1):
        faulty.rule(op="write", nth=nth, short=0.3)
        assert judge(faulty, attempt(faulty, options), None) == "saved"
        faulty.clean()


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_a_silently_flipped_bit_is_seen_by_reading_back(faulty: Faulty, options: dict[str, Any]) -> None:
    faulty.rule()
    assert attempt(faulty, options) is None
    times = faulty.calls().count("write")
    faulty.clean()
    run = faulty.point / "run-a"
    for nth in range(1, times + 1):
        faulty.rule(op="write", nth=nth, flip=True)
        assert attempt(faulty, options) is None, "nobody can notice this without reading"
        faulty.rule()
        try:
            problems = verify_file(run / f"{NEW}.pt", read_record(run / f"{NEW}.json"), fresh=True)
        except CkptError as error:
            problems = [str(error)]
        assert problems, f"write {nth}"
        assert reads(faulty.root / "run-a", "epoch-0001", 1)
        faulty.clean()


def test_a_volume_that_cannot_be_read(faulty: Faulty) -> None:
    run = faulty.point / "run-a"
    record = read_record(run / "epoch-0001.json")
    for op in ("open", "read"):
        faulty.rule(op=op, nth=0, errno=errno.EIO)
        problems = verify_file(run / "epoch-0001.pt", record, fresh=True)
        assert "Input/output error" in problems[0]
        faulty.rule()
        assert verify_file(run / "epoch-0001.pt", record, fresh=True) == []
