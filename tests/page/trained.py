"""A notebook with a kernel, and the cells of its training."""

from __future__ import annotations

from pathlib import Path

from kernel import Kernel

SETUP = """
%load_ext jupyter_ckpt
import torch, time, jupyter_ckpt
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
loader = DataLoader(TensorDataset(torch.arange(40.).view(10, 4)), shuffle=True)
seen = []
"""


class Notebook:
    """``train.ipynb`` in a folder that is the server's root."""

    def __init__(self, folder: Path, **env: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.path = folder / "train.ipynb"
        self.path.write_text("{}")
        self.store = folder / "store"
        every = {"JPY_SESSION_NAME": str(self.path), "JUPYTER_CKPT_STORE": str(self.store), "JUPYTER_CKPT_QUIET": "1"}
        self.kernel = Kernel(folder, **{**every, "LC_ALL": "C", "JUPYTER_CKPT_LANGUAGE": "", **env})

    @property
    def run(self) -> Path:
        """The folder of the only run."""
        (found,) = [one for one in self.store.iterdir() if (one / "run.json").is_file()]
        return found

    def close(self) -> None:
        """End the kernel."""
        self.kernel.__exit__(None, None, None)


def training(epochs: int, pause: float = 0.02, batches: bool = True) -> str:
    """The cell that trains."""
    loader = "jupyter_ckpt.batches(loader)" if batches else "loader"
    return f"""
for epoch in jupyter_ckpt.epochs({epochs}):
    for (x,) in {loader}:
        seen.append(x.sum().item()); time.sleep({pause})
        loss = model(x).square().mean(); optimizer.zero_grad(); loss.backward(); optimizer.step()
    jupyter_ckpt.log(loss=loss)
"""
