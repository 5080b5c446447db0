"""People paste parts of tables, and some systems show only parts: less evidence must never make a place safer."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from jupyter_ckpt.volumes import assess
from jupyter_ckpt.volumes.table import escape, parse

CAPTURES = Path(__file__).parent / "captures"
LABELS = json.loads((CAPTURES / "labels.json").read_text(encoding="utf-8"))


def as_mounts(text, options=True):
    """What /proc/mounts (or, without options, df) shows of a mountinfo."""
    return "".join(
        f"{escape(m.source)} {escape(m.mount_point)} {m.fstype} "
        f"{f'{m.options},{m.super_options}' if options else 'rw'} 0 0\n"
        for m in parse(text)
    )


@pytest.mark.parametrize("capture", LABELS, ids=[capture["name"] for capture in LABELS])
def test_less_evidence_is_never_safer(capture):
    text = (CAPTURES / capture["file"]).read_bytes().decode("utf-8", "surrogateescape")
    hints = capture.get("hints") or {}
    files = set(hints.get("files", []))
    environ = dict(hint.split("=", 1) for hint in hints.get("env", []) if "=" in hint)
    rng = random.Random(capture["name"])
    for case in capture["cwd_examples"]:
        if "persistent" in {case["expected"], *case.get("also_acceptable", [])}:
            continue
        tables = [as_mounts(text), as_mounts(text, options=False)]
        for _ in range(15):
            lines = [
                line for line in text.splitlines() if line.split(" ")[4] == case["mount_point"] or rng.random() < 0.4
            ]
            tables.append("\n".join(lines))
        for table in tables:
            found = assess(case["path"], table, environ, files.__contains__)
            if found.mount_point == case["mount_point"]:
                assert found.durability.value != "persistent", (found, table)
