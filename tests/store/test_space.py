"""Room is asked for before a byte is written, and too little is one line that says what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_ckpt.errors import NoSpace, UsageProblem
from jupyter_ckpt.store.sizes import parse_size, size_text
from jupyter_ckpt.store.space import check, free


def test_a_folder_that_does_not_exist_yet_has_its_volumes_room(tmp_path: Path) -> None:
    space = free(tmp_path / "not" / "yet")
    assert space.trusted
    assert 0 < space.free_bytes <= space.total
    check(tmp_path / "not" / "yet", 1000)


def test_too_little_room_is_one_line_with_the_cure(tmp_path: Path) -> None:
    left = free(tmp_path).free_bytes
    need = left + 10**10
    with pytest.raises(NoSpace) as caught:
        check(tmp_path, need, prunable=2 * 10**10)
    text = str(caught.value)
    assert caught.value.errno == errno.ENOSPC
    assert "\n" not in text
    assert size_text(need) in text
    assert "%ckpt prune frees 20.0 GB" in text
    assert "earlier checkpoints are untouched" in text
    with pytest.raises(NoSpace, match="which is not enough: %ckpt storage"):
        check(tmp_path, need, prunable=10)
    with pytest.raises(NoSpace, match="nothing can be pruned: %ckpt storage"):
        check(tmp_path, need)


def test_a_volume_without_meaningful_numbers_is_not_believed() -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs Linux' /proc, which has no room at all")
    space = free(Path("/proc/self"))
    assert not space.trusted
    check(Path("/proc/self"), 10**15)


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    """A mounted tmpfs of 8 MiB that takes five files."""
    where = tmp_path / "small"
    where.mkdir()
    options = "size=8m,nr_inodes=5"
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(where)], capture_output=True, text=True)
    if made.returncode:
        reason = f"cannot mount a tmpfs here: {made.stderr.strip()}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    yield where
    subprocess.run(["umount", str(where)], check=True)


def test_a_real_small_volume(small_volume: Path) -> None:
    check(small_volume, 1 << 20)
    with pytest.raises(NoSpace, match=str(small_volume)):
        check(small_volume, 7 << 20)
    for number in range(3):
        (small_volume / str(number)).touch()
    with pytest.raises(NoSpace, match="takes no more files"):
        check(small_volume, 1)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20GB", 20 * 10**9),
        ("1.5 GiB", 3 * 2**29),
        ("500M", 5 * 10**8),
        ("1024", 1024),
        (77, 77),
        ("2tb", 2 * 10**12),
    ],
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@given(st.integers(1, 10**18))
def test_a_size_that_was_shown_reads_back_nearly_the_same(size: int) -> None:
    assert parse_size(size_text(size)) == pytest.approx(size, rel=0.051)


@given(st.text(max_size=30))
def test_any_text_is_a_size_or_a_clear_refusal(text: str) -> None:
    with contextlib.suppress(UsageProblem):
        assert parse_size(text) > 0


def test_root_is_an_answer_too() -> None:
    assert free(Path(os.sep)).total > 0
