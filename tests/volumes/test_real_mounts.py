"""The machine itself: real mounts in a mount namespace of their own, gone with the process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jupyter_ckpt.volumes import Durability, assess, candidates
from jupyter_ckpt.volumes.probe import PREFIX

ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mount tables are Linux's")


@pytest.fixture
def inside(tmp_path, missing):
    """Runs Python below ``unshare -m``; ``mount(...)`` and ``show(...)`` are there, ``T`` is a folder of its own."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        missing("mounting needs root on Linux")
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        missing("unshare -m does not work here")
    prelude = """
        import json, os, subprocess, sys
        from jupyter_ckpt.volumes import assess, candidates
        T = sys.argv[1]
        def run(*command): subprocess.run(command, check=True, capture_output=True)
        def mount(*command):
            os.makedirs(command[-1], exist_ok=True)
            run("mount", *command)
        def disk(name, *make, size=64):
            image = f"{T}/{name}.img"
            with open(image, "wb") as file: file.truncate(size << 20)
            run(*make, image)
            mount("-o", "loop", image, f"{T}/{name}")
            return f"{T}/{name}"
        def show(value): print("RESULT", json.dumps(value))
        def ranked(**options):
            here = [c for c in candidates(**options) if c.path.startswith(T)]
            return [[c.path[len(T):], c.assessment.durability.value, c.writable, c.rename, c.why] for c in here]
    """
    # outside /tmp, which is never called safe; the root disk of a test machine may be anything
    place = Path("/srv/jupyter-ckpt-test") / tmp_path.name
    place.mkdir(parents=True)

    def run(code):
        script = textwrap.dedent(prelude) + textwrap.dedent(code)
        done = subprocess.run(
            ["unshare", "-m", "--propagation", "private", sys.executable, "-c", script, str(place)],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "HOME": "/nowhere"},
        )
        if done.returncode and "CalledProcessError" in done.stderr:
            missing(f"a mount failed here: {done.stderr.splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
        assert not list(place.rglob(f"{PREFIX}*")), "probe files were left behind"
        return json.loads(done.stdout.partition("RESULT ")[2])

    yield run
    shutil.rmtree(place, ignore_errors=True)
    if place.parent.exists() and not any(place.parent.iterdir()):
        place.parent.rmdir()


def test_memory(inside):
    assert inside("""
        mount("-t", "tmpfs", "none", f"{T}/ram")
        found = assess(f"{T}/ram/not/yet/there")
        show([found.durability, found.mount_point == f"{T}/ram", ranked(cwd=f"{T}/ram")[0][:4]])
    """) == ["ephemeral", True, ["/ram", "ephemeral", True, True]]


def test_a_disk_is_tried_for_real(inside):
    found = inside("""
        point = disk("disk", "mkfs.ext4", "-q")
        show([assess(point).durability, assess(f"{point}/a/b").mount_point == point, ranked(cwd=point)[0]])
        litter = [name for name in os.listdir(point) if name != "lost+found"]
        assert not litter, litter
    """)
    assert found[0] in ("persistent", "unknown")
    assert found[1]
    assert found[2][:1] + found[2][2:4] == ["/disk", True, True]


def test_a_symlink_is_followed(inside):
    assert (
        inside("""
        mount("-t", "tmpfs", "none", f"{T}/ram")
        os.symlink(f"{T}/ram", f"{T}/link")
        show(assess(f"{T}/link/runs").durability)
    """)
        == "ephemeral"
    )


def test_a_volume_hidden_by_a_later_mount_on_its_parent(inside):
    assert inside("""
        os.makedirs(f"{T}/w/ckpt")
        point = disk("disk", "mkfs.ext4", "-q")
        mount("--bind", point, f"{T}/w/ckpt")
        mount("-t", "tmpfs", "none", f"{T}/w")
        os.makedirs(f"{T}/w/ckpt")
        found = assess(f"{T}/w/ckpt")
        show([found.durability, found.mount_point == f"{T}/w", [c[0] for c in ranked(cwd=point)]])
    """) == ["ephemeral", True, ["/disk"]]


def test_an_alias_is_listed_once(inside):
    assert inside("""
        point = disk("disk", "mkfs.ext4", "-q")
        mount("--bind", point, f"{T}/again")
        os.makedirs(f"{point}/sub")
        mount("--bind", f"{point}/sub", f"{T}/other")
        show([c[0] for c in ranked(cwd=f"{T}/again")])
    """) == ["/again", "/other"]


def test_read_only_and_full_volumes(inside):
    found = inside("""
        point = disk("disk", "mkfs.ext4", "-q")
        mount("--bind", point, f"{T}/ro")
        run("mount", "-o", "remount,ro,bind", f"{T}/ro")
        full = disk("full", "mkfs.ext4", "-q", size=8)
        try:
            with open(f"{full}/fill", "wb", buffering=0) as file:
                while True: file.write(bytes(4096))
        except OSError: pass
        here = ranked(cwd=full)
        show([assess(f"{T}/ro").read_only, [c[0] for c in here], here[-1]])
        assert sorted(os.listdir(full)) == ["fill", "lost+found"]
    """)
    assert found[0] is True
    assert "/ro" not in found[1]
    assert found[2][0] == "/full"
    assert found[2][2] is False
    assert "no space" in found[2][4]


def test_an_overlay(inside):
    assert (
        inside("""
        mount("-t", "tmpfs", "none", f"{T}/ram")
        for name in "luwm": os.makedirs(f"{T}/ram/{name}")
        r = f"{T}/ram"
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={r}/l,upperdir={r}/u,workdir={r}/w", f"{T}/merged")
        show(assess(f"{T}/merged").durability)
    """)
        == "ephemeral"
    )


def test_a_single_file_is_no_folder(inside):
    assert inside("""
        point = disk("disk", "mkfs.ext4", "-q")
        open(f"{point}/notes", "w").close()
        open(f"{T}/notes", "w").close()
        run("mount", "--bind", f"{point}/notes", f"{T}/notes")
        show([assess(f"{T}/notes").durability, [c[0] for c in ranked(cwd=point)]])
    """) == ["ephemeral", ["/disk"]]


def test_a_working_directory_that_was_unmounted(inside):
    assert inside("""
        point = disk("disk", "mkfs.ext4", "-q")
        os.chdir(point)
        run("umount", "-l", point)
        found = assess("runs")
        show([found.durability, "unmounted" in found.reason, isinstance(candidates(), list)])
    """) == ["ephemeral", True, True]


def test_a_removed_working_directory(inside):
    assert (
        inside("""
        os.makedirs(f"{T}/gone"); os.chdir(f"{T}/gone"); os.rmdir(f"{T}/gone")
        show(assess(".").durability)
    """)
        == "ephemeral"
    )


def test_a_deleted_bind_source(inside):
    assert (
        inside("""
        point = disk("disk", "mkfs.ext4", "-q")
        os.makedirs(f"{point}/src")
        mount("--bind", f"{point}/src", f"{T}/w")
        os.rmdir(f"{point}/src")
        show(assess(f"{T}/w").durability)
    """)
        == "ephemeral"
    )


def test_names_with_spaces_tabs_and_backslashes(inside):
    assert inside("""
        name = f"{T}/a b\\\\t\\tc#é"
        mount("-t", "tmpfs", "my source", name)
        found = assess(name + "/x")
        show([found.mount_point == name, found.source, found.durability])
    """) == [True, "my source", "ephemeral"]


def test_a_volume_of_a_user_inside_a_root_owned_mount(inside):
    assert inside("""
        point = disk("disk", "mkfs.ext4", "-q")
        os.makedirs(f"{point}/u"); os.chown(f"{point}/u", 12345, 12345); os.chmod(point, 0o755)
        os.chmod(T, 0o755); os.setgid(12345); os.setuid(12345)
        show([[c[0], c[2]] for c in ranked(cwd="/", environ={"USER": "u"})])
    """) == [["/disk/u", True]]


@linux
def test_this_machine_answers(tmp_path):
    found = assess(tmp_path / "not" / "there")
    assert isinstance(found.durability, Durability)
    assert found.mount_point
    best = candidates(cwd=tmp_path)
    assert best
    assert all(candidate.why for candidate in best)
    assert not list(tmp_path.iterdir())
    assert candidates(cwd=tmp_path, probe=False)[0].writable is None
