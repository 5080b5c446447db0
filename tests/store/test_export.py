"""An exported file stands alone: it opens in a script that has torch, or safetensors, and nothing of ours."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from committed import commit_state, same
from torch import nn

from jupyter_ckpt.errors import DurabilityUncertain, NoSpace, NotCommitted, UnknownName, UsageProblem
from jupyter_ckpt.store.export import export
from jupyter_ckpt.store.reader import read_checkpoint, read_foreign


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight


def tree_of(**models: nn.Module) -> dict[str, Any]:
    first = next(iter(models.values()))
    optimizer = torch.optim.AdamW(first.parameters())
    for parameter in first.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    tree: dict[str, Any] = {"format": 1, "epoch": 3, "loss": 0.5}
    tree |= {f"{name}_state_dict": dict(model.state_dict()) for name, model in models.items()}
    tree["optimizer_state_dict"] = optimizer.state_dict()
    tree |= {"values": {"history": [1.0, 2.0], "best": 0.9}, "generators": {}, "rng": {"cpu": torch.get_rng_state()}}
    tree["tracked"] = {name: {"kind": "model"} for name in models} | {"optimizer": {"kind": "optimizer"}}
    return tree


@pytest.fixture
def tree(tmp_path: Path) -> dict[str, Any]:
    """As it comes out of a store."""
    torch.manual_seed(0)
    (tmp_path / "run-a").mkdir()
    record = commit_state(tmp_path / "run-a", "epoch-0003", tree_of(model=Tied()))
    loaded: dict[str, Any] = read_checkpoint(tmp_path / "run-a" / "epoch-0003.pt", record).tree
    return loaded


def plain_script(code: str, tmp_path: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    code = f"import sys, torch\n{code}\nassert not any('jupyter_ckpt' in name for name in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


TIED = """
class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)
        self.head = torch.nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight
model = Tied()
"""


def test_weights_as_everybody_loads_them(tmp_path: Path, tree: dict[str, Any]) -> None:
    done = export(tree, tmp_path / "w.pt", weights_only=True)
    assert (done.path, done.names, done.left_out) == (tmp_path / "w.pt", ["model"], [])
    assert done.bytes == (tmp_path / "w.pt").stat().st_size
    code = TIED + "print(model.load_state_dict(torch.load('w.pt')), float(model.head.weight.sum()))"
    assert plain_script(code, tmp_path).split(">")[1].strip() == str(
        float(tree["model_state_dict"]["head.weight"].sum())
    )


def test_everything(tmp_path: Path, tree: dict[str, Any]) -> None:
    done = export(tree, tmp_path / "all.pt")
    assert done.names == ["model", "optimizer", "history", "best"]
    assert same(torch.load(tmp_path / "all.pt", weights_only=True), tree)
    assert read_foreign(tmp_path / "all.pt").verified
    export(tree, tmp_path / "all.pt", metadata={"run": "a"}, force=True)
    assert torch.load(tmp_path / "all.pt", weights_only=True)["metadata"] == {"run": "a"}


def test_several_models(tmp_path: Path) -> None:
    tree = tree_of(gen=nn.Linear(2, 3), disc=nn.Linear(3, 1))
    export(tree, tmp_path / "w.pt", weights_only=True)
    loaded = torch.load(tmp_path / "w.pt", weights_only=True)
    assert same(loaded, {"gen": tree["gen_state_dict"], "disc": tree["disc_state_dict"]})
    export(tree, tmp_path / "g.pt", weights_only=True, names=["gen"])
    assert same(torch.load(tmp_path / "g.pt", weights_only=True), tree["gen_state_dict"])


def test_only_some_objects(tmp_path: Path, tree: dict[str, Any]) -> None:
    assert export(tree, tmp_path / "some.pt", names=["optimizer", "best"]).names == ["optimizer", "best"]
    loaded = torch.load(tmp_path / "some.pt", weights_only=True)
    assert list(loaded) == ["format", "epoch", "loss", "optimizer_state_dict", "values", "generators", "tracked"]
    assert loaded["values"] == {"best": 0.9}


def test_models_of_a_file_that_does_not_say_are_found_by_name(tmp_path: Path) -> None:
    tree = {"model_state_dict": {"w": torch.ones(2)}, "optimizer_state_dict": {"state": {}}, "epoch": 1}
    assert export(tree, tmp_path / "w.pt", weights_only=True).names == ["model"]


def test_safetensors_of_tied_weights(tmp_path: Path, tree: dict[str, Any], need: Any) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    done = export(tree, tmp_path / "w.safetensors", weights_only=True, metadata={"run": "run-a"})
    assert done.left_out == []
    assert done.bytes == (tmp_path / "w.safetensors").stat().st_size
    loaded = safetensors.load_file(tmp_path / "w.safetensors")
    assert same(loaded, {"embed.weight": tree["model_state_dict"]["embed.weight"]})
    code = """
from safetensors import safe_open
from safetensors.torch import load_model
with safe_open("w.safetensors", framework="pt") as file:
    print(sorted(file.metadata().items()))
"""
    out = plain_script(code + TIED + "print(load_model(model, 'w.safetensors', strict=True))", tmp_path)
    assert out.splitlines() == [
        "[('format', 'pt'), ('head.weight', 'embed.weight'), ('run', 'run-a')]",
        "(set(), [])",
    ]


def test_safetensors_of_everything(tmp_path: Path, tree: dict[str, Any]) -> None:
    safetensors = pytest.importorskip("safetensors")
    done = export({**tree, "raw": b"x", "big": float("inf")}, tmp_path / "all.safetensors")
    assert done.left_out == ["raw: a bytes is neither a tensor nor JSON"]
    with safetensors.safe_open(tmp_path / "all.safetensors", framework="pt") as file:
        names, texts = set(file.keys()), file.metadata()
        assert same(file.get_tensor("rng.cpu"), tree["rng"]["cpu"])
        average = tree["optimizer_state_dict"]["state"][0]["exp_avg"]
        assert same(file.get_tensor("optimizer_state_dict.state.0.exp_avg"), average)
    assert texts["model_state_dict.head.weight"] == "model_state_dict.embed.weight"
    assert "model_state_dict.head.weight" not in names
    values = json.loads(texts["values"])
    assert values["epoch"] == 3
    assert values["values.history"] == [1.0, 2.0]
    assert values["optimizer_state_dict.param_groups.0.lr"] == 0.001
    assert values["generators"] == {}


def test_safetensors_of_odd_tensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    base = torch.arange(12.0).reshape(3, 4)
    tree = {
        "model_state_dict": {
            "turned": base.t(),
            "part": base[1:, ::2],
            "whole": base,
            "half": torch.ones(2, dtype=torch.bfloat16),
            "none": torch.empty(0, 3),
            "one": torch.tensor(2),
            "conj": torch.randn(2, dtype=torch.complex128).conj(),
            "extra": {"note": "x"},
        },
    }
    done = export(tree, tmp_path / "w.safetensors", weights_only=True)
    loaded = safetensors.load_file(tmp_path / "w.safetensors")
    weights = tree["model_state_dict"]
    for name in ("turned", "part", "whole", "half", "none", "one"):
        assert same(loaded[name], weights[name]), name
    assert done.left_out == ["conj: safetensors has no complex128", "extra.note: not a tensor"] or "conj" in loaded


def test_without_the_library(tmp_path: Path, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(UsageProblem, match="pip install safetensors"):
        export(tree, tmp_path / "w.safetensors", weights_only=True)
    assert sorted(os.listdir(tmp_path)) == ["run-a"]


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, tree: dict[str, Any]) -> None:
    with pytest.raises(UsageProblem, match=r"\.pt .* or \.safetensors"):
        export(tree, tmp_path / "w.onnx")
    with pytest.raises(UsageProblem, match="use pt or safetensors"):
        export(tree, tmp_path / "w.pt", format="onnx")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match=r"nothing called 'modle'.*model, optimizer, history, best"):
        export(tree, tmp_path / "w.pt", names=["modle"])
    with pytest.raises(UsageProblem, match="optimizer is no model"):
        export(tree, tmp_path / "w.pt", names=["optimizer"], weights_only=True)
    with pytest.raises(UsageProblem, match="has no model"):
        export({"epoch": 1}, tmp_path / "w.pt", weights_only=True)
    with pytest.raises(UsageProblem, match="is a folder"):
        export(tree, tmp_path, format="pt")
    with pytest.raises(UsageProblem, match="is not a folder"):
        export(tree, tmp_path / "none" / "w.pt")
    assert sorted(os.listdir(tmp_path)) == ["run-a"]


def test_nothing_is_replaced_without_force_and_a_checkpoint_never(tmp_path: Path, tree: dict[str, Any]) -> None:
    target = tmp_path / "w.pt"
    target.write_bytes(b"mine")
    with pytest.raises(UsageProblem, match=r"w\.pt exists: --force replaces it"):
        export(tree, target)
    assert target.read_bytes() == b"mine"
    export(tree, target, force=True)
    assert same(torch.load(target, weights_only=True), tree)
    own = tmp_path / "run-a" / "epoch-0003.pt"
    before = own.read_bytes()
    with pytest.raises(UsageProblem, match="never overwritten"):
        export(tree, own, force=True)
    assert own.read_bytes() == before


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("call", ["fsync", "replace", "link"])
def test_a_failure_leaves_the_old_file_and_no_litter(
    tmp_path: Path, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str, call: str
) -> None:
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors")
    force = call != "link"
    if force:
        (tmp_path / name).write_bytes(b"mine")

    def fails(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(NoSpace, match="was not exported: no room") as caught:
        export(tree, tmp_path / name, weights_only=True, force=force)
    assert caught.value.errno == errno.ENOSPC
    assert sorted(os.listdir(tmp_path)) == (["run-a", name] if force else ["run-a"])
    assert not force or (tmp_path / name).read_bytes() == b"mine"


def test_a_full_volume_under_safetensors(tmp_path: Path, tree: dict[str, Any], need: Any) -> None:
    """The library writes by itself; its error keeps its number."""
    pytest.importorskip("safetensors")
    resource = pytest.importorskip("resource")
    import signal

    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises((NoSpace, NotCommitted)) as caught:
            export(tree, tmp_path / "w.safetensors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.errno == errno.EFBIG
    assert sorted(os.listdir(tmp_path)) == ["run-a"]


def test_volumes_without_links(tmp_path: Path, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fails)
    export(tree, tmp_path / "w.pt", weights_only=True)
    assert sorted(os.listdir(tmp_path)) == ["run-a", "w.pt"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_the_file_itself_is_synced_and_as_readable_as_others(
    tmp_path: Path, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors")
    real, synced = os.fsync, []

    def fsync(fd: int) -> None:
        synced.append(os.fstat(fd).st_ino)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    export(tree, tmp_path / name)
    (tmp_path / "other").touch()
    assert synced == [(tmp_path / name).stat().st_ino, tmp_path.stat().st_ino]
    assert (tmp_path / name).stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_does_not_sync(tmp_path: Path, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def fsync(fd: int) -> None:
        if os.path.isdir(fd):
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(DurabilityUncertain) as caught:
        export(tree, tmp_path / "w.pt")
    assert caught.value.errno == errno.EIO
    assert same(torch.load(tmp_path / "w.pt", weights_only=True), tree)
