"""Files of others, and hostile ones: no code runs, no memory is eaten, and one line says why."""

from __future__ import annotations

import collections
import os
import pickle
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from committed import record_of, same, state, write_archive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_ckpt.errors import CkptError, CorruptCheckpoint, RefusedFile
from jupyter_ckpt.store import reader
from jupyter_ckpt.store.reader import read_checkpoint, read_foreign

TREE = state(1, elements=200)


def repacked(
    source: Path, target: Path, change: Callable[[str, bytes], bytes], how: int = zipfile.ZIP_STORED
) -> Path:
    """A copy of a torch file with other contents in some entries."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename), change(info.filename, old.read(info)), compress_type=how)
    return target


def with_pickle(tmp_path: Path, raw: bytes) -> Path:
    torch.save({"w": torch.zeros(4)}, tmp_path / "plain.pt")
    return repacked(
        tmp_path / "plain.pt", tmp_path / "model.pt", lambda name, data: raw if name.endswith("data.pkl") else data
    )


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def test_what_torch_saves_opens(tmp_path: Path) -> None:
    torch.save(TREE, tmp_path / "model.pt")
    opened = read_foreign(tmp_path / "model.pt")
    assert opened.verified
    assert same(opened.tree, TREE)


@pytest.mark.skipif(not hasattr(torch.serialization, "set_crc32_options"), reason="this torch always writes them")
def test_a_file_without_checksums_opens_and_says_so(tmp_path: Path) -> None:
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(TREE, tmp_path / "model.pt")
    finally:
        torch.serialization.set_crc32_options(before)
    opened = read_foreign(tmp_path / "model.pt")
    assert same(opened.tree, TREE)
    assert not opened.verified
    assert "damage cannot be noticed" in opened.remarks[0]


def test_the_format_before_torch_1_6(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(TREE, path, _use_new_zipfile_serialization=False)
    opened = read_foreign(path)
    assert same(opened.tree, TREE)
    assert not opened.verified
    assert "before 1.6" in opened.remarks[0]
    raw = path.read_bytes()
    for cut in range(0, len(raw), max(1, len(raw) // 40)):
        path.write_bytes(raw[:cut])
        with pytest.raises((CorruptCheckpoint, RefusedFile), match=r"model\.pt"):
            read_foreign(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_a_command(tmp_path: Path, zipped: bool) -> None:
    path, mark = tmp_path / "model.pt", tmp_path / "PWNED"
    torch.save({"x": Bomb(mark)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(RefusedFile, match=rf"needs {os.system.__module__}\.system from a pickle") as caught:
        read_foreign(path)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


def test_a_bare_pickle(tmp_path: Path) -> None:
    path, mark = tmp_path / "model.pt", tmp_path / "PWNED"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps(Bomb(mark), protocol))
        with pytest.raises(RefusedFile, match=r"\.system from a pickle"):
            read_foreign(path)
    assert not mark.exists()


def test_a_whole_model_saved_as_an_object_is_refused_by_name(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    with pytest.raises(RefusedFile, match=r"torch\.nn\.modules\.linear\.Linear.*state_dict"):
        read_foreign(tmp_path / "model.pt")


def test_an_own_checkpoint_is_no_exception(tmp_path: Path) -> None:
    """A forged record with the right digests does not open a hostile data file."""
    path, mark = tmp_path / "epoch-0001.pt", tmp_path / "PWNED"
    record = record_of(write_archive(path, TREE))
    torch.save({"x": Bomb(mark)}, path)
    with pytest.raises(CorruptCheckpoint):
        read_checkpoint(path, record)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "verify_file", lambda *args, **kwargs: [])
        with pytest.raises(RefusedFile, match="from a pickle"):
            read_checkpoint(path, record)
    assert not mark.exists()


def test_torchs_tar_format(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with tarfile.open(path, "w") as archive:
        for name in ("storages", "tensors", "pickle"):
            (tmp_path / name).write_bytes(pickle.dumps(Bomb(tmp_path / "PWNED")))
            archive.add(tmp_path / name, name)
    with pytest.raises(RefusedFile, match="tar"):
        read_foreign(path)
    assert not (tmp_path / "PWNED").exists()


def test_compressed_entries(tmp_path: Path) -> None:
    torch.save(TREE, tmp_path / "plain.pt")
    path = repacked(tmp_path / "plain.pt", tmp_path / "model.pt", lambda _, data: data, zipfile.ZIP_DEFLATED)
    with pytest.raises(RefusedFile, match="compressed"):
        read_foreign(path)


def test_a_zip_bomb_is_not_inflated(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(4)}, tmp_path / "plain.pt")
    path = repacked(
        tmp_path / "plain.pt",
        tmp_path / "model.pt",
        lambda name, data: bytes(300 << 20) if name.endswith("data/0") else data,
        zipfile.ZIP_DEFLATED,
    )
    assert path.stat().st_size < 2 << 20
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RefusedFile, match="compressed"):
        read_foreign(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_overlapping_entries(tmp_path: Path) -> None:
    """Many entries over the same bytes: small file, large contents ("better zip bomb")."""
    torch.save({"w": torch.zeros(1000)}, tmp_path / "model.pt")
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "a") as archive:
        large = max(archive.infolist(), key=lambda info: info.file_size)
        for number in range(5):
            copy = zipfile.ZipInfo(f"model/data/{number + 7}")
            copy.header_offset, copy.CRC = large.header_offset, large.CRC
            copy.file_size = copy.compress_size = large.file_size
            archive.filelist.append(copy)
        archive._didModify = True
    with pytest.raises(RefusedFile, match="overlap"):
        read_foreign(path)


def test_bytes_before_the_archive(tmp_path: Path) -> None:
    """Python's reader would look past them, torch's would not: nobody may be shown two different files."""
    torch.save(TREE, tmp_path / "model.pt")
    raw = (tmp_path / "model.pt").read_bytes()
    for prefix in (b"x", b"PK\x03\x04" + bytes(100), raw):
        (tmp_path / "model.pt").write_bytes(prefix + raw)
        with pytest.raises((CorruptCheckpoint, RefusedFile)):
            read_foreign(tmp_path / "model.pt")


class Claims:
    def __init__(self, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.args = (torch.zeros(4).storage(), 0, shape, stride, False, collections.OrderedDict())

    def __reduce__(self) -> Any:
        return torch._utils._rebuild_tensor_v2, self.args


@pytest.mark.filterwarnings("ignore:TypedStorage")
def test_a_tensor_of_2_to_the_40_elements_in_a_small_file(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"x": Claims((1 << 20, 1 << 20), (0, 0))}, path)
    assert path.stat().st_size < 4096
    with pytest.raises(RefusedFile, match=r"claims 4,398,046,511,104 bytes"):
        read_foreign(path)


def test_a_tensor_larger_than_its_storage(tmp_path: Path) -> None:
    torch.save({"x": Claims((1 << 20,), (1,))}, tmp_path / "model.pt")
    with pytest.raises(CorruptCheckpoint, match="cannot be read"):
        read_foreign(tmp_path / "model.pt")


def laughs() -> bytes:
    """A list of two lists, each of which is a list of two lists, …: 2^39 leaves in 300 bytes."""
    pairs = (b"]q%c(h%ch%ce" % (i, i - 1, i - 1) for i in range(1, 40))
    return b"\x80\x02]q\x00" + b"".join(pairs) + b"."


def test_lists_of_lists_of_lists(tmp_path: Path) -> None:
    deep = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    with pytest.raises(RefusedFile, match="nested"):
        read_foreign(with_pickle(tmp_path, deep))
    with pytest.raises(RefusedFile, match="more than 5,000,000 values"):
        read_foreign(with_pickle(tmp_path, laughs()))
    holds_itself = b"\x80\x02]q\x00h\x00a."
    with pytest.raises(RefusedFile, match="nested"):
        read_foreign(with_pickle(tmp_path, holds_itself))


def test_cut_at_any_point(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w": torch.ones(20)}, path)
    raw = path.read_bytes()
    for cut in range(len(raw)):
        path.write_bytes(raw[:cut])
        with pytest.raises(CorruptCheckpoint, match=r"model\.pt"):
            read_foreign(path)


def test_what_is_no_file_of_torch(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    for raw in (b"hello", b"{}", b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(1000), b"PK\x05\x06" + bytes(18)):
        path.write_bytes(raw)
        with pytest.raises((CorruptCheckpoint, RefusedFile), match=r"model\.pt"):
            read_foreign(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(CorruptCheckpoint, match="cannot be read"):
        read_foreign(path)
    with pytest.raises(CorruptCheckpoint, match="no such file"):
        read_foreign(tmp_path / "none.pt")
    with pytest.raises(CorruptCheckpoint, match="no such file"):
        read_foreign(tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_pickle_is_a_tree_or_a_clean_error(tmp_path: Path, data: st.DataObject) -> None:
    """The pickle of a real file with some bytes changed, under a CRC that fits."""
    torch.save({"w": torch.zeros(4), "epoch": 3, "lr": [0.1, None, "x"]}, tmp_path / "plain.pt")
    with zipfile.ZipFile(tmp_path / "plain.pt") as archive:
        name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
        raw = bytearray(archive.read(name))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    said = ""
    try:
        read_foreign(with_pickle(tmp_path, bytes(raw)))
    except CkptError as error:
        said = str(error)
    assert "\n" not in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the unit of ru_maxrss is Linux's")
def test_memory_stays_near_the_size_of_the_file(tmp_path: Path) -> None:
    """A legacy file whose storage claims 8 GiB, read under a limit."""
    path = tmp_path / "model.pt"
    torch.save({"w": torch.zeros(300)}, path, _use_new_zipfile_serialization=False)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"M,\x01", b"J\xff\xff\xff\x7f"))
    code = textwrap.dedent(f"""
        import resource, torch
        from pathlib import Path
        from jupyter_ckpt.errors import CkptError
        from jupyter_ckpt.store.reader import read_foreign
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            read_foreign(Path({str(path)!r}))
            print("opened")
        except CkptError:
            print("refused", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024 < 200)
    """)
    source = str(Path(__file__).parents[2] / "src")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": source}
    )
    assert done.stdout.strip() == "refused True", done.stderr
