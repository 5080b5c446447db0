"""The data file is a plain torch file: it opens without this package, and every bit in it is the one given."""

from __future__ import annotations

import collections
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from committed import record_of, same, state, write_archive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.store.archive import Archive
from jupyter_ckpt.store.reader import read_checkpoint
from jupyter_ckpt.store.verify import verify_file

NAMES = (
    "float64 float32 float16 bfloat16 complex32 complex64 complex128 uint8 int8 int16 int32 int64 bool"
    " uint16 uint32 uint64 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz"
)
DTYPES = [name for name in NAMES.split() if hasattr(torch, name)]


def of_dtype(name: str) -> torch.Tensor:
    dtype = getattr(torch, name)
    raw = torch.randint(0, 2 if name == "bool" else 256, (12 * dtype.itemsize,), dtype=torch.uint8)
    return raw.view(dtype).reshape(3, 4)


def trained() -> dict[str, Any]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 2))
    optimizer = torch.optim.AdamW(model.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.randn(4, 8)).sum().backward()
        optimizer.step()
    return {
        "format": 1,
        "epoch": 3,
        "loss": 0.5,
        "model_state_dict": dict(model.state_dict()),
        "optimizer_state_dict": optimizer.state_dict(),
        "values": {"text": "häßlich \u4e2d", "big": 1 << 70, "none": None, "flags": [True, False], "pair": (1, 2.5)},
    }


def round_trip(tmp_path: Path, tree: dict[str, Any]) -> Any:
    """Write, verify, and load as anybody would."""
    path = tmp_path / "epoch-0001.pt"
    record = record_of(write_archive(path, tree))
    assert verify_file(path, record) == []
    loaded = torch.load(path, weights_only=True)
    assert same(loaded, torch.load(path, weights_only=True, mmap=True))
    assert same(loaded, read_checkpoint(path, record).tree)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    return loaded


def test_opens_where_the_package_was_never_heard_of(tmp_path: Path) -> None:
    path = tmp_path / "saved.pt"
    tree = trained()
    write_archive(path, tree)
    torch.save(tree, tmp_path / "torch.pt")
    script = f"""
import sys, zipfile
assert not any("jupyter_ckpt" in name for name in sys.modules)
import torch
ours = torch.load({str(path)!r}, weights_only=True)
mapped = torch.load({str(path)!r}, weights_only=True, mmap=True)
theirs = torch.load({str(tmp_path / "torch.pt")!r}, weights_only=True)
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.BatchNorm1d(16), torch.nn.Linear(16, 2))
optimizer = torch.optim.AdamW(model.parameters())
for tree in (ours, mapped):
    model.load_state_dict(tree["model_state_dict"])
    optimizer.load_state_dict(tree["optimizer_state_dict"])
    for key, value in theirs["model_state_dict"].items():
        assert torch.equal(value, model.state_dict()[key])
    for key, value in theirs["optimizer_state_dict"]["state"][0].items():
        assert torch.equal(value, optimizer.state_dict()["state"][0][key])
    assert tree["values"] == theirs["values"]
assert zipfile.ZipFile({str(path)!r}).testzip() is None
assert not any("jupyter_ckpt" in name for name in sys.modules)
print("ok")
"""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert (done.returncode, done.stdout.strip()) == (0, "ok"), done.stderr


def test_unzip_finds_no_fault(tmp_path: Path, need: Any) -> None:
    need(shutil.which("unzip"), "unzip is not installed")
    write_archive(tmp_path / "saved.pt", trained())
    done = subprocess.run(["unzip", "-t", tmp_path / "saved.pt"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No errors detected" in done.stdout


def test_everything_comes_back(tmp_path: Path) -> None:
    tree = trained()
    assert same(round_trip(tmp_path, tree), tree)


@pytest.mark.filterwarnings("ignore:ComplexHalf")
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(tmp_path: Path, dtype: str) -> None:
    tree = {"t": of_dtype(dtype), "turned": of_dtype(dtype).t(), "one": of_dtype(dtype)[1, 2]}
    loaded = round_trip(tmp_path, tree)
    assert same(loaded, tree)
    assert loaded["one"].shape == ()


def test_odd_shapes(tmp_path: Path) -> None:
    base = torch.arange(60.0).reshape(3, 4, 5)
    tree = {
        "empty": torch.empty(0),
        "empty shape": torch.empty(3, 0, 2, dtype=torch.int32),
        "scalar": torch.tensor(1.5),
        "strided": base[:, ::2, 1:4],
        "permuted": base.permute(2, 0, 1),
        "channels last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "expanded": torch.tensor([1.0, 2.0]).expand(5, 2),
        "windows": torch.arange(10).unfold(0, 4, 1),
        "conj": torch.randn(3, 2, dtype=torch.complex64).conj(),
        "imaginary": torch.randn(3, dtype=torch.complex64).conj().imag,
        "parameter": nn.Parameter(torch.randn(3)),
        "grad": torch.randn(3, requires_grad=True) * 2,
        "tail of": torch.arange(100)[90:],
    }
    loaded = round_trip(tmp_path, tree)
    assert all(same(loaded[key], tree[key].detach()) for key in tree)
    assert not any(tensor.requires_grad for tensor in loaded.values())


BASE = torch.arange(24.0).reshape(2, 3, 4)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 2000) + 1, (1 << 2000) - 1),
    st.floats(),
    st.text(max_size=5),
    st.binary(min_size=1, max_size=5),
    st.complex_numbers(),
    st.sampled_from([BASE, BASE[1], BASE[:, ::2], BASE.mT, BASE[0, 0, 0], BASE[:0]]),
    st.builds(torch.full, st.lists(st.integers(0, 3), max_size=3), st.integers(-128, 127), dtype=st.just(torch.int8)),
    st.builds(torch.zeros, st.just(()), dtype=st.sampled_from([torch.bool, torch.bfloat16, torch.complex64])),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=4) | st.integers(0, 9), inner, max_size=3),
        st.tuples(inner, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=4), TREES, max_size=4))
def test_any_tree_comes_back(tmp_path: Path, tree: dict[str, Any]) -> None:
    assert same(round_trip(tmp_path, tree), tree)


def test_no_tensors_at_all(tmp_path: Path) -> None:
    assert round_trip(tmp_path, {"epoch": 1, "values": {}}) == {"epoch": 1, "values": {}}


def test_tied_weights_stay_tied_and_cost_once(tmp_path: Path) -> None:
    weight = torch.randn(256, 64)
    tree = {"a": weight, "b": weight, "again": weight.detach(), "turned": weight.t(), "row": weight[3]}
    written = write_archive(tmp_path / "saved.pt", tree)
    assert written.size < weight.nbytes + 4096
    for mmap in (False, True):
        loaded = torch.load(tmp_path / "saved.pt", weights_only=True, mmap=mmap)
        assert same(loaded, tree)
        assert {t.untyped_storage().data_ptr() for t in loaded.values()} == {loaded["a"].untyped_storage().data_ptr()}
    loaded = torch.load(tmp_path / "saved.pt", weights_only=True)
    loaded["a"][3] = 7.0
    assert bool((loaded["row"] == 7).all() and (loaded["turned"][:, 3] == 7).all())


def test_a_small_view_does_not_bring_its_large_buffer(tmp_path: Path) -> None:
    buffer = torch.zeros(1 << 20)
    written = write_archive(tmp_path / "saved.pt", {"first": buffer[:10], "last": buffer[-10:]})
    assert written.size < 8192
    loaded = torch.load(tmp_path / "saved.pt", weights_only=True)
    assert loaded["last"].untyped_storage().nbytes() == 40


def test_a_huge_expanded_tensor_is_saved_so_that_it_can_be_read(tmp_path: Path) -> None:
    tree = {"mask": torch.ones(1, dtype=torch.uint8).expand(9000, 9000), "small": torch.ones(1).expand(1000, 1000)}
    path = tmp_path / "epoch-0001.pt"
    record = record_of(write_archive(path, tree))
    loaded = read_checkpoint(path, record).tree
    assert torch.equal(loaded["mask"], tree["mask"])
    assert loaded["small"].untyped_storage().nbytes() == 4


def test_the_size_is_known_before_a_byte_is_written(tmp_path: Path) -> None:
    trees = [state(1), trained(), {"x": torch.empty(0)}, {"s": "x" * 10_000}]
    trees.append({f"k{i}": torch.ones(i) for i in range(300)})
    for tree in trees:
        archive = Archive(tree)
        write_archive(tmp_path / "saved.pt", tree)
        assert (tmp_path / "saved.pt").stat().st_size == archive.size


def test_all_ways_of_writing_give_the_same_bytes(tmp_path: Path) -> None:
    tree = {**trained(), "large": torch.randn(3 << 20)}
    seen = set()
    for options in ({"threads": 1}, {"threads": 4}, {"sequential": True}):
        written = write_archive(tmp_path / "saved.pt", tree, **options)
        seen.add(((tmp_path / "saved.pt").read_bytes(), written.digest, tuple(written.entries)))
    assert len(seen) == 1


@pytest.mark.skipif(not hasattr(os, "pwrite"), reason="watches os.pwrite")
def test_sequential_writing_never_seeks(tmp_path: Path) -> None:
    """A pipe takes bytes in order only, as an object store behind FUSE does."""
    tree = trained()
    write_archive(tmp_path / "saved.pt", tree)
    places: list[int] = []
    real = os.pwrite

    def watched(fd: int, data: Any, offset: int) -> int:
        places.append(offset)
        return real(fd, data, offset)

    os.pwrite = watched
    try:
        write_archive(tmp_path / "again.pt", tree, sequential=True)
    finally:
        os.pwrite = real
    assert places == sorted(places)
    assert (tmp_path / "again.pt").read_bytes() == (tmp_path / "saved.pt").read_bytes()


@pytest.mark.skipif(not hasattr(os, "pwrite"), reason="watches os.pwrite")
def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[: max(1, len(data) // 3)], offset))
    tree = trained()
    path = tmp_path / "epoch-0001.pt"
    record = record_of(write_archive(path, tree))
    assert same(read_checkpoint(path, record).tree, tree)


@pytest.mark.skipif(not hasattr(os, "pwrite"), reason="watches os.pwrite")
def test_a_volume_that_takes_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: 0)
    with pytest.raises(OSError, match="took no bytes"):
        write_archive(tmp_path / "saved.pt", {"x": torch.ones(3)})


def test_progress_ends_at_the_size(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    written = write_archive(tmp_path / "saved.pt", trained(), progress=lambda done, total: seen.append((done, total)))
    assert max(seen) == (written.size, written.size)


def itself() -> dict[str, Any]:
    tree: dict[str, Any] = {"a": {}}
    tree["a"]["b"] = tree
    return tree


def laughs() -> dict[str, Any]:
    node: list[Any] = [1]
    for _ in range(40):
        node = [node, node]
    return {"a": node}


def deep() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for _ in range(5000):
        tree = {"a": tree}
    return tree


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ({"a": object()}, "builtins.object"),
        ({"a": collections.defaultdict(int)}, "collections.defaultdict"),
        ({"a": {1, 2}}, "builtins.set"),
        ({"a": {torch.ones(1)}}, "builtins.set"),
        ({torch.ones(1): 1}, "tensor as a key"),
        ({"a": lambda: 1}, "builtins.function"),
        ({"a": [b""]}, "a.0: empty bytes"),
        ({"a": 1 << 5000}, "an integer of 5,001 bits"),
        ({"a": os.system}, "builtin"),
        ({"a": nn.Linear(1, 1)}, "Linear"),
        ({"m": torch.ones(2, device="meta")}, "meta"),
        ({"s": torch.eye(3).to_sparse()}, "sparse"),
        (itself(), "holds itself"),
        (laughs(), "values"),
        (deep(), "nested"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_only_a_pickle_could_bring_back_is_refused_in_one_line(tree: dict[Any, Any], says: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        Archive(tree)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
