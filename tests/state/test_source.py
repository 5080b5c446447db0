"""The source of a notebook's classes is found, and becomes a module that works without the notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from jupyter_ckpt.errors import UnknownName
from jupyter_ckpt.state.source import class_sources, extract_module

CELLS = [
    "",
    "%load_ext jupyter_ckpt\nimport torch, os\nfrom torch import nn\nimport torch.nn.functional as F\n!pip list",
    "from dataclasses import dataclass, field\nimport functools\nWIDTH = 8\nDROP: float = 0.25\nunused = 2",
    "class Base(nn.Module):\n    version = 1",
    "%%time\ndef init(layer):\n    'A helper.'\n    nn.init.constant_(layer.weight, SCALE)\n    return layer\n",
    "SCALE = 0.5; OTHER = SCALE * 2",
    "def counted(cls):\n    @functools.wraps(cls, updated=())\n    class Counted(cls):\n        count = OTHER\n"
    "    return Counted",
    "@dataclass\nclass Config:\n    width: int = WIDTH\n    names: list[str] = field(default_factory=list)",
    "@counted\nclass Net(Base):\n"
    '    """A net."""\n\n'
    "    def __init__(self, config: 'Config'):\n"
    "        super().__init__()\n"
    "        unused = 3  # a local name, not the notebook's\n"
    "        self.fc = init(nn.Linear(config.width, 2))\n"
    "    def forward(self, x):\n"
    "        return F.dropout(F.relu(self.fc(x)), DROP, self.training)",
    "model = Net(Config())\nx = torch.ones(3, 8)\nfor i in range(3):\n    y = model(x)\n",
    "this is not ( python",
    "%%bash\nclass Net(Fake):\n  pass",
    "class Base(nn.Module):\n    version = 2",
    "class A:\n    def b(self) -> 'B':\n        return B()\nclass B(A):\n    pass",
    "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)",
    "try:\n    import no_such_package as nsp\nexcept ImportError:\n    nsp = None\ndef has(): return nsp is not None",
    "Net = counted(Net)",
]  # fmt: skip


def run(text: str, code: str, folder: Path) -> str:
    """Import the text as a module in a fresh process, and what ``code`` prints."""
    compile(text, "extracted.py", "exec")
    folder.joinpath("extracted.py").write_text(text)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, text + done.stderr
    return done.stdout.strip()


def test_a_model_with_all_that_it_needs_works_in_a_fresh_process(tmp_path: Path) -> None:
    text = extract_module(["Net", "Config"], CELLS[:-1], {})
    code = (
        "import torch; from extracted import Net, Config\n"
        "m = Net(Config()).eval()\n"
        "print(Config(), m.version, m.count, m(torch.ones(3, 8)).shape, m.fc.weight.unique().tolist(), m.__doc__)"
    )
    expected = "Config(width=8, names=[]) 2 1.0 torch.Size([3, 2]) [0.5] A net."
    assert run(text, code, tmp_path) == expected
    assert "model = " not in text
    assert "unused" not in text.replace("unused = 3", "")
    assert "import os" not in text
    assert "# In [8]" in text


def test_the_newest_definition_wins_even_when_it_comes_after_its_user(tmp_path: Path) -> None:
    text = extract_module(["Net"], CELLS, {})
    assert text.count("class Base") == 1
    assert text.index("class Base") < text.index("class Net")
    assert run(text, "from extracted import Net; print(Net.version, len(Net.__mro__))", tmp_path) == "2 6"


@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        (["A"], "from extracted import A, B; print(type(A().b()).__name__)", "B"),
        (["even"], "from extracted import even; print(even(4), even(5))", "True False"),
        (["has"], "from extracted import has; print(has())", "False"),
        (["OTHER"], "from extracted import OTHER; print(OTHER)", "1.0"),
    ],
)
def test_what_refers_to_each_other(names: list[str], code: str, said: str, tmp_path: Path) -> None:
    assert run(extract_module(names, CELLS, {}), code, tmp_path) == said


def test_postponed_annotations_of_an_earlier_cell_hold(tmp_path: Path) -> None:
    cells = [
        "",
        "from __future__ import annotations\nfrom dataclasses import dataclass",
        "@dataclass\nclass Node:\n    next: Node | None = None\n    leaf: Leaf | None = None\nclass Leaf(Node): pass",
    ]
    code = "from extracted import Node, Leaf; print(Node(Leaf()).next.next)"
    assert run(extract_module(["Node"], cells, {}), code, tmp_path) == "None"


def test_methods_that_later_cells_give_to_a_class_come_with_it(tmp_path: Path) -> None:
    cells = [
        "import functools",
        "COUNT = 0\ndef add_to_class(cls):\n    return lambda f: setattr(cls, f.__name__, f)",
        "class Net:\n    pass",
        "@add_to_class(Net)\ndef area(self):\n    global COUNT\n    COUNT += 1\n    return helper(COUNT)",
        "def double(self): return 2 * self.area()\nNet.double = double",
        "def helper(n): return n + 40",
    ]
    text = extract_module(["Net"], cells, {})
    assert run(text, "from extracted import Net; print(Net().area(), Net().double())", tmp_path) == "41 84"


def test_names_from_a_star_import_and_from_elsewhere_are_taken_from_the_namespace(tmp_path: Path) -> None:
    cells = [
        "",
        "from torch.nn import *",
        "class Net(Module):\n    def forward(self, x): return np.sign(relu(x)) * K",
    ]
    namespace = {"Module": nn.Module, "relu": torch.nn.functional.relu, "K": {"a": (1, "b")}}
    import numpy

    namespace["np"] = numpy
    text = extract_module(["Net"], cells, namespace)
    assert "from torch.nn.modules.module import Module" in text
    assert "from torch.nn.functional import relu" in text
    assert "import numpy as np" in text
    assert "K = {'a': (1, 'b')}" in text
    assert run(text, "from extracted import Net; print(Net.__name__)", tmp_path) == "Net"


def test_a_star_import_is_kept_where_the_namespace_does_not_help(tmp_path: Path) -> None:
    text = extract_module(["f"], ["from math import *", "def f(): return floor(pi)"], {})
    assert run(text, "import extracted; print(extracted.f())", tmp_path) == "3"


def test_what_is_nowhere_is_named_in_the_text() -> None:
    assert "# Not found in the notebook: mystery" in extract_module(["f"], ["def f(): return mystery"], {})


def test_submodules_imported_one_by_one_are_all_kept(tmp_path: Path) -> None:
    cells = [
        "import xml.dom",
        "import xml.sax.saxutils",
        "def f(): return xml.dom.Node.TEXT_NODE, xml.sax.saxutils.quoteattr('a')",
    ]
    assert run(extract_module(["f"], cells, {}), "import extracted; print(extracted.f())", tmp_path) == "(3, '\"a\"')"


def test_unknown_names_get_close_ones() -> None:
    with pytest.raises(UnknownName, match=r"Nett: no cell defines it: did you mean Net"):
        extract_module(["Nett"], CELLS, {})
    with pytest.raises(UnknownName, match="run the cell that defines it first"):
        extract_module(["Zzz"], CELLS, {})


def _notebook(cells: list[str]) -> dict[str, Any]:
    """The cells run as a kernel does: in ``__main__``, with no file behind them."""
    namespace: dict[str, Any] = {"__name__": "__main__", "nn": nn}
    for cell in cells:
        exec(cell, namespace)
    return namespace


def test_classes_of_models_their_parts_and_bases_are_found_with_their_cells() -> None:
    cells = [
        "",
        "class Base(nn.Module): pass",
        "class Block(Base): pass\nclass Free: pass",
        "class Net(Base):\n    def __init__(self):\n        super().__init__()\n"
        "        self.b = Block()\n        self.l = nn.Linear(1, 1)",
        "def make():\n    class Inner(nn.Module): pass\n    return Inner()",
        "class Block(Base):\n    newer = True",
    ]
    here = _notebook(cells)
    found = class_sources(
        {"model": nn.DataParallel(here["Net"]()), "teacher": here["Block"](), "m": here["make"]()}, cells
    )
    assert {name: (one["cell"], one["names"], one["file"]) for name, one in found.items()} == {
        "Net": (3, ["model"], None),
        "Base": (1, ["model", "teacher"], None),
        "Block": (5, ["model", "teacher"], None),
        "make.Inner": (4, ["m"], None),
    }
    assert found["Block"]["source"] == "class Block(Base):\n    newer = True"
    assert found["make.Inner"]["source"].startswith("def make():")


def test_a_class_of_a_file_beside_the_notebook_is_found_and_installed_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own_layers.py"
    file.write_text("from torch import nn\n\nclass Own(nn.Linear):\n    '''Mine.'''\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module: ModuleType = __import__("own_layers")
    found = class_sources({"model": nn.Sequential(module.Own(1, 1)), "history": [1], "opt": None}, [])
    assert found == {
        "Own": {
            "source": "class Own(nn.Linear):\n    '''Mine.'''",
            "cell": None,
            "file": str(file),
            "names": ["model"],
        }
    }


def test_a_class_that_no_cell_has_is_still_named() -> None:
    here = _notebook(["class Lost(nn.Module): pass"])
    assert class_sources({"model": here["Lost"]()}, ["", "x = 1"])["Lost"]["source"] == ""
