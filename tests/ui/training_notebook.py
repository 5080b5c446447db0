"""A notebook that trains something small and real on the CPU, slowly enough to be watched."""

from __future__ import annotations

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SETUP = """\
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
pictures = torch.rand(512, 64)
classes = (pictures @ torch.randn(64, 10)).argmax(1)
train_set = TensorDataset(pictures[:384], classes[:384])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 48)
        self.fc2 = nn.Linear(48, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


lr = 0.01
model = DigitNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
criterion = nn.CrossEntropyLoss()
history = []"""

TRAIN = """\
start_epoch = %ckpt resume
for epoch in range(start_epoch, {epochs}):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        time.sleep({pause})
    with torch.no_grad():
        acc = (model(pictures[384:]).argmax(1) == classes[384:]).float().mean().item()
    history.append(acc)
    %ckpt save --metric loss acc"""


def training_notebook(
    *, epochs: int = 6, pause: float = 0.04, train: str = TRAIN, after: int = 1
) -> nbformat.NotebookNode:
    """Cells with the ids ``load``, ``setup``, ``train`` and ``after1``…

    Parameters
    ----------
    epochs, pause
        An epoch has 12 steps and sleeps ``pause`` seconds in each, so that the cores are left to the browser.
    train
        The cell that trains, with ``{epochs}`` and ``{pause}`` in it.
    after
        How many cells follow it.
    """
    cells = [
        new_markdown_cell("# Digits", id="title"),
        new_code_cell("%load_ext jupyter_ckpt", id="load"),
        new_code_cell(SETUP, id="setup"),
        new_code_cell(train.replace("{epochs}", str(epochs)).replace("{pause}", str(pause)), id="train"),
        *(
            new_code_cell(f"# cell {number} below the training", id=f"after{number}")
            for number in range(1, after + 1)
        ),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
