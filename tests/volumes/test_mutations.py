"""The same machine, described otherwise: what is said of it may become less sure, never safer, and nothing raises."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from jupyter_ckpt.volumes import assess, candidates

CAPTURES = Path(__file__).parent / "captures"
LABELS = json.loads((CAPTURES / "labels.json").read_text(encoding="utf-8"))
SEPARATOR = re.compile(r" (?:(?:shared|master|propagate_from):\d+ |unbindable )*- ")


def renumbered(text, rng):
    """Other ids and other device numbers, in the same relation."""
    lines = []
    for line in text.splitlines():
        ident, parent, device, rest = line.split(" ", 3)
        major, minor = device.split(":")
        lines.append(f"{int(ident) + 1000} {int(parent) + 1000} {int(major) + 3}:{int(minor) + 7} {rest}")
    return "\n".join(lines)


def elsewhere(text, rng):
    """The stores of the runtimes in other folders, as daemons can be told."""
    for usual, other in (
        ("/var/lib/docker/", "/data/docker-root/"),
        ("/var/lib/containers/storage/", "/home/u/.local/share/containers/storage/"),
        ("/var/lib/containerd/", "/opt/ctr/"),
    ):
        text = text.replace(usual, other)
    return text


def without_tags(text, rng):
    return "\n".join(SEPARATOR.sub(" - ", line, count=1) for line in text.splitlines())


def with_tags(text, rng):
    tags = " shared:9 master:8 propagate_from:3 unbindable - "
    return "\n".join(SEPARATOR.sub(tags, line, count=1) for line in text.splitlines())


def with_strangers(text, rng):
    return (
        text.rstrip("\n") + "\n9001 1 9:9 / /zz/disk rw - ext4 /dev/sdz9 rw\n9002 1 0:99 / /zz/t rw - tmpfs t rw\n"
        "9003 1 0:98 / /zz/a\\040b rw - fuse.unheard-of x\\040y rw\n"
    )


def indented(text, rng):
    return "\n".join(f"    {line}" for line in text.splitlines())


def with_windows_line_ends(text, rng):
    return text.replace("\n", "\r\n")


def with_rubbish(text, rng):
    lines = text.splitlines()
    for junk in ("", "...", "1 2", "x y z", "\0", "- - - - - - -", "36 35 98:0 /a /b", "1 1 1:1 / / rw -"):
        lines.insert(rng.randrange(len(lines) + 1), junk)
    return "\n".join(lines)


def without_root(text, rng):
    return "\n".join(line for line in text.splitlines() if line.split(" ")[4] != "/")


def shuffled(text, rng):
    lines = text.splitlines()
    rng.shuffle(lines)
    return "\n".join(lines)


def cut_off(text, rng):
    return text[: rng.randrange(len(text) + 1)]


def without_super_options(text, rng):
    return "\n".join(re.sub(r"( - \S+ \S*) .*", r"\1 rw", line) for line in text.splitlines())


SAME = (renumbered, elsewhere, without_tags, with_tags, with_strangers, indented, with_windows_line_ends)
LESS = (with_rubbish, without_root, shuffled, cut_off, without_super_options)


@pytest.mark.parametrize("capture", LABELS, ids=[capture["name"] for capture in LABELS])
def test_a_table_told_otherwise(capture):
    text = (CAPTURES / capture["file"]).read_bytes().decode("utf-8", "surrogateescape")
    hints = capture.get("hints") or {}
    exists = set(hints.get("files", [])).__contains__
    environ = dict(hint.split("=", 1) for hint in hints.get("env", []) if "=" in hint)
    rng = random.Random(capture["name"])
    for change in SAME:
        changed = change(text, rng)
        assert isinstance(candidates(table=changed, environ=environ, exists=exists), list)
        for case in capture["cwd_examples"]:
            found = assess(case["path"], changed, environ, exists)
            before = assess(case["path"], text, environ, exists)
            if change is with_strangers and before.durability.value == "persistent":
                continue  # a stranger may make a place less sure
            assert found.durability is before.durability, (change.__name__, case["path"], found)
    for change in (*LESS, *LESS, *LESS):
        changed = change(text, rng)
        assert isinstance(candidates(table=changed, environ=environ, exists=exists), list)
        for case in capture["cwd_examples"]:
            found = assess(case["path"], changed, environ, exists)
            allowed = {case["expected"], *case.get("also_acceptable", [])}
            if found.mount_point == (case["mount_point"] or "") and "persistent" not in allowed:
                assert found.durability.value != "persistent", (change.__name__, found, changed)
