"""``jupyter ckpt`` as a shell runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_ckpt import Checkpointer
from jupyter_ckpt.session.origin import Origin


def run(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own."""
    every = {**os.environ, "JUPYTER_CONFIG_DIR": str(cwd / "jupyter-config"), **env}
    every.pop("JUPYTER_CKPT_STORE", None)
    command = [sys.executable, "-m", "jupyter_ckpt.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=every, timeout=60, check=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three checkpoints of one notebook."""
    import torch

    path = tmp_path_factory.mktemp("cli") / "store"
    model = torch.nn.Linear(3, 2)
    ckpt = Checkpointer(path, namespace={}, origin=Origin("notebook", "/work/a.ipynb"))
    ckpt.track(model=model)
    for epoch in range(3):
        ckpt.save(epoch=epoch, metrics={"acc": epoch / 10}, note="<b>bold</b>\x1b[31mred")
    ckpt.close()
    return path


def test_list_and_show(store: Path, tmp_path: Path) -> None:
    done = run("list", "--store", str(store), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch-000") >= 3
    assert "\x1b" not in done.stdout, "what a file says must not reach the terminal's controls"
    data = json.loads(run("list", "--json", "--store", str(store), cwd=tmp_path).stdout)
    assert [row["epoch"] for row in data] == [2, 1, 0]
    shown = json.loads(run("show", "best", "--json", "--store", str(store), cwd=tmp_path).stdout)
    assert shown["metrics"] == {"acc": 0.2}
    assert shown["tracked"]["model"]["class"].endswith("Linear")


def test_verify_tells_damage_by_its_exit_code(store: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(store, copy)
    assert run("verify", "--store", str(copy), cwd=tmp_path).returncode == 0
    data = sorted(copy.glob("*/*.pt"))[1]
    raw = bytearray(data.read_bytes())
    raw[-400] ^= 1
    data.write_bytes(raw)
    done = run("verify", "--store", str(copy), cwd=tmp_path)
    assert done.returncode == 1
    assert data.stem in done.stdout
    verdicts = json.loads(run("verify", "--json", "--store", str(copy), cwd=tmp_path).stdout)
    assert [bool(row["problems"]) for row in verdicts] == [False, True, False]


def test_storage_is_json_for_scripts(tmp_path: Path) -> None:
    data = json.loads(run("storage", "--json", cwd=tmp_path).stdout)
    assert data["volumes"]
    assert {"path", "assessment", "free_bytes", "writable", "why"} <= data["volumes"][0].keys()
    assert data["volumes"][0]["assessment"]["durability"] in ("persistent", "session", "ephemeral", "unknown")
    assert "durability" in run("storage", cwd=tmp_path).stdout


def test_prune_shows_before_it_does(store: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(store, copy)
    dry = run("prune", "--last", "1", "--dry-run", "--store", str(copy), cwd=tmp_path)
    assert "dry run" in dry.stdout
    assert len(list(copy.glob("*/*.pt"))) == 3
    assert run("prune", "--last", "1", "--store", str(copy), cwd=tmp_path).returncode == 0
    assert len(list(copy.glob("*/*.pt"))) == 1
    assert run("undo", "--store", str(copy), cwd=tmp_path).returncode == 0
    assert len(list(copy.glob("*/*.pt"))) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lst"], "did you mean list"),
        (["show", "nothing"], "no checkpoint 'nothing'"),
        (["save"], "for the notebook only"),
        (["list", "--run", "nope"], "no run 'nope'"),
        (["list", "--limit", "none"], "invalid int"),
        (["--notebook", "nope.ipynb", "list"], "no such file"),
        (["list", "--store"], "expected one argument"),
        (["list", "--store", "/no/such/folder"], "no such folder"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(store: Path, tmp_path: Path, words: list[str], says: str) -> None:
    given = [] if "--store" in words else ["--store", str(store)]
    done = run(*given, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_no_torch_is_needed(store: Path, tmp_path: Path) -> None:
    script = (
        "import sys\nsys.modules['torch'] = None\nfrom jupyter_ckpt.cli import main\n"
        f"for words in (['list'], ['show'], ['verify'], ['storage'], ['prune', '--last', '2'], ['status']):\n"
        f"    assert main([*words, '--store', {str(store)!r}]) == 0, words\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_enable_loads_the_extension_in_every_kernel_and_disable_undoes_it(tmp_path: Path) -> None:
    env = {"IPYTHONDIR": str(tmp_path / "ipython")}
    assert "not enabled" in run("disable", cwd=tmp_path, **env).stdout
    assert run("enable", cwd=tmp_path, **env).returncode == 0
    from kernel import Kernel

    with Kernel(tmp_path, **env) as kernel:
        assert "Training checkpoints" in kernel.run("%ckpt -h").text
    assert run("disable", cwd=tmp_path, **env).returncode == 0
    with Kernel(tmp_path, **env) as kernel:
        assert "not found" in kernel.run("%ckpt -h").text
    file = tmp_path / "ipython" / "profile_default" / "startup" / "00-jupyter-ckpt.py"
    file.write_text("print('mine')")
    done = run("enable", cwd=tmp_path, **env)
    assert done.returncode == 2
    assert "not one of ours" in done.stderr
    assert file.read_text() == "print('mine')"


def test_jupyter_finds_the_command(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "jupyter-ckpt"
    if not program.exists():
        pytest.skip("the package is not installed, only on the path")
    done = subprocess.run(
        ["jupyter", "ckpt", "--version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.returncode == 0
    assert done.stdout[0].isdigit()


def test_advice_is_what_a_shell_can_do(tmp_path: Path) -> None:
    done = run("list", cwd=tmp_path)
    assert done.returncode == 0
    assert "looked in" in done.stdout
    assert "%ckpt" not in done.stdout + run("prune", cwd=tmp_path).stderr
    assert "ckpt save" not in done.stdout
