"""Captures of real mount tables: the ones made for this project, and the whole collection where it is at hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_ckpt.volumes import assess, candidates

CAPTURES = Path(__file__).parent / "captures"
ROOT = Path(__file__).parents[2]
COLLECTION = ROOT.parent / "shared" / "mounts"
LABELS = json.loads((CAPTURES / "labels.json").read_text(encoding="utf-8"))


def read(capture):
    table = (CAPTURES / capture["file"]).read_bytes().decode("utf-8", "surrogateescape")
    hints = capture.get("hints") or {}
    environ = dict(hint.split("=", 1) if "=" in hint else (hint, "1") for hint in hints.get("env", []))
    return table, environ, set(hints.get("files", [])).__contains__


@pytest.mark.parametrize("capture", LABELS, ids=[capture["name"] for capture in LABELS])
def test_local_captures(capture):
    table, environ, exists = read(capture)
    for case in capture["cwd_examples"]:
        found = assess(case["path"], table, environ, exists)
        accepted = {case["expected"], *case.get("also_acceptable", [])}
        assert found.durability.value in accepted, (case["path"], found, case["why"])
        assert found.mount_point == (case["mount_point"] or "")


@pytest.mark.parametrize("capture", LABELS, ids=[capture["name"] for capture in LABELS])
def test_nothing_unsafe_is_picked(capture):
    table, environ, exists = read(capture)
    best = candidates(table=table, environ=environ, exists=exists)[:1]
    if capture["best_volume"] is None:
        assert all(candidate.assessment.durability.value != "persistent" for candidate in best)


def test_the_collection():
    """The bar: nothing dangerous, nothing raised, 95 % right of the mountinfo captures and of all forms together."""
    if not (COLLECTION / "score.py").is_file():
        pytest.skip(f"the collection of published captures is not at {COLLECTION}; it may not be copied here")
    done = subprocess.run(
        [sys.executable, str(COLLECTION / "score.py"), "-v"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "", "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"^mountinfo\s+paths (\d+)\s+strict (\d+)", done.stdout, re.M)
    total, strict = map(int, rows[0])
    assert strict >= 0.95 * total, done.stdout
    (share,) = re.findall(r"^all .*strict ([\d.]+)%", done.stdout, re.M)
    assert float(share) >= 95, done.stdout
    assert re.search(r"^all .*dangerous 0\s+raised 0$", done.stdout, re.M)
