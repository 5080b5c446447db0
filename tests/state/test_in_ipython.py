"""The same in a real IPython: its namespace, its history of cells, its ``__main__``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_SESSION = r"""
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in [
    "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n%time WIDTH = 4",
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.fc = nn.Linear(WIDTH, 2)\n    def forward(self, x):\n        return F.relu(self.fc(x))",
    "model = Net(); optimizer = torch.optim.SGD(model.parameters(), lr=0.1)",
    "history = []; best_acc = 0.0; best_epoch = 0",
    "3 + 4",
    "class Net(Net):\n    version = 2",
    "model",
]:
    assert shell.run_cell(cell, store_history=True).success
from jupyter_ckpt.state.discover import survey
from jupyter_ckpt.state.source import class_sources, extract_module
found = survey(shell.user_ns)
names = [one.name for one in found.tracked]
sources = class_sources({one.name: one.current() for one in found.tracked})
text = extract_module(["Net"], None, shell.user_ns)
print("ANSWER" + json.dumps({"names": names, "sources": sources, "text": text, "notes": len(found.notes)}))
"""


def test_discovery_and_sources_in_a_real_session(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _SESSION], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.partition("ANSWER")[2])
    assert answer["names"] == ["model", "optimizer", "history", "best_acc", "best_epoch"]
    assert answer["notes"] == 0
    assert answer["sources"]["Net"]["cell"] == 6
    assert answer["sources"]["Net"]["names"] == ["model"]
    (tmp_path / "extracted.py").write_text(answer["text"])
    code = "import torch, extracted; print(extracted.Net.version, extracted.Net()(torch.ones(1, 4)).shape)"
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert fresh.stdout.strip() == "2 torch.Size([1, 2])", answer["text"] + fresh.stderr
