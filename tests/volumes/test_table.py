"""Parsing: no text makes it raise, and what the kernel escapes comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mount_tables import machine, mountinfo, mounts, row

from jupyter_ckpt.volumes import assess, candidates
from jupyter_ckpt.volumes.table import covers, escape, normal, parse, unescape

lines = st.lists(
    st.one_of(
        st.text(),
        st.builds(
            "{} {} {}:{} {} {} {} - {} {} {}".format,
            *(st.integers(0, 9) for _ in range(4)),
            *(st.sampled_from(["/", "/a", "/a/b", "-", "//deleted", "x", "/\\040", "/a//deleted"]) for _ in range(2)),
            *(st.text(max_size=6) for _ in range(4)),
        ),
    ),
    max_size=12,
).map("\n".join)
paths = st.one_of(st.text(), st.sampled_from(["/", "/a/b/c", "/a/b", "//a", "/../x"]))


@given(lines, paths, st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
@example("1 1 0:1 / / rw - ext4", "/", {})
@example("36 35 98:0 / / rw - ext4 /dev/sda1 rw\n36 36 98:0 / / rw - tmpfs t rw", "/x", {})
@example("\ud800 /x ext4 rw 0 0", "/x", {"PWD": "\udcff"})
def test_no_text_raises(text, path, environ):
    found = assess(path, text, environ)
    assert found.durability.value in ("persistent", "session", "ephemeral", "unknown")
    assert isinstance(str(found.to_json()).encode(), bytes)
    for candidate in candidates(cwd=path, table=text, environ=environ):
        assert candidate.why


@given(st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_escapes_round_trip(name):
    assert unescape(escape(name)) == name


names = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@given(names, names, names)
def test_a_row_round_trips(root, point, source):
    table = mountinfo(row(f"/{point}", "ext4", source, f"/{root}"))
    (mount,) = parse(table.replace("\n", "\n\n"))
    assert (mount.root, mount.mount_point, mount.source) == (f"/{root}", f"/{point}", source)


@given(names, names)
def test_a_mounts_row_round_trips(point, source):
    (mount,) = parse(mounts(row(f"/{point}", "ext4", f"/{source}")))
    assert (mount.mount_point, mount.source, mount.root) == (f"/{point}", f"/{source}", "")


@pytest.mark.parametrize(
    ("line", "point", "fstype", "source"),
    [
        ("36 35 0:9 / /a rw,noatime master:1 shared:2 - tmpfs  rw", "/a", "tmpfs", ""),
        ('36 35 0:9 / /a rw - nfs4 srv:/x\\040y rw,a="b c,d"', "/a", "nfs4", "srv:/x y"),
        ("36 35 0:9 / /- rw - ext4 - rw", "/-", "ext4", "-"),
        ("36 35 0:9 / /a rw - ext4", "/a", "ext4", ""),
        ("36 35 0:9 / /caf\\303\\251 rw - ext4 x rw", "/café", "ext4", "x"),
        ("srv:/x\\011y /a nfs rw 0 0", "/a", "nfs", "srv:/x\ty"),
        (" /a tmpfs rw 0 0", "/a", "tmpfs", ""),
    ],
)
def test_lines(line, point, fstype, source):
    (mount,) = parse(line)
    assert (mount.mount_point, mount.fstype, mount.source) == (point, fstype, source)


@pytest.mark.parametrize(
    "line", ["", "x", "1 2 3", "36 35 0:9 / /a rw ext4 x rw", "36 35 0:9 / a rw - ext4 x rw", "a b c d"]
)
def test_what_is_no_mount_is_left_out(line):
    assert parse(line) == []


def test_options_hold_quotes_and_semicolons():
    (mount,) = parse("36 35 0:9 / /c rw - 9p C:\\134 rw,aname=drvfs;path=C:\\;uid=0,trans=fd")
    assert mount.option("path") == "C:\\"
    assert mount.option("trans") == "fd"
    assert mount.option("uid") == "0"
    assert mount.option("nothing") is None


@pytest.mark.parametrize(
    ("folder", "path", "expected"),
    [("/", "/x", True), ("/a", "/a", True), ("/a", "/a/b", True), ("/a", "/ab", False), ("/a/b", "/a", False)],
)
def test_covers(folder, path, expected):
    assert covers(folder, path) is expected


@given(st.text())
def test_normal_is_stable(path):
    assert normal(normal("/" + path)) == normal("/" + path)


def test_an_unreadable_table_says_unknown():
    assert assess("/x", "").durability.value == "unknown"
    assert candidates(cwd="/x", table="") == []
    assert assess("/x", mountinfo(*machine())).durability.value == "persistent"
