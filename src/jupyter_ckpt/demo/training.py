"""The training of the demonstration: handwritten digits (scikit-learn's, which ship with it) and a small network.

This is an ordinary script; the lines with ``ckpt`` are all that it takes.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from jupyter_ckpt import Checkpointer


class DigitNet(nn.Module):
    """Two convolutions and a dropout for 8×8 pictures of ten digits."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(32 * 2 * 2, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scores of shape (batch, 10) for pictures of shape (batch, 1, 8, 8)."""
        scores: torch.Tensor = self.head(self.dropout(self.features(pictures).flatten(1)))
        return scores


def load_digits() -> tuple[TensorDataset, TensorDataset]:
    """1,437 pictures to learn from and 360 to test on, (1, 8, 8) float32 in [0, 1]."""
    from sklearn.datasets import load_digits as load
    from sklearn.model_selection import train_test_split

    pictures, digits = load(return_X_y=True)
    parts = train_test_split(pictures / 16.0, digits, test_size=360, random_state=0, stratify=digits)
    learn_x, test_x, learn_y, test_y = parts

    def tensors(x: Any, y: Any) -> TensorDataset:
        return TensorDataset(torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8), torch.tensor(y))

    return tensors(learn_x, learn_y), tensors(test_x, test_y)


def accuracy(model: nn.Module, data: TensorDataset) -> float:
    """Share of pictures that are recognised."""
    model.eval()
    with torch.no_grad():
        pictures, digits = data.tensors
        share: float = (model(pictures).argmax(1) == digits).float().mean().item()
    model.train()
    return share


def fingerprint(model: nn.Module, optimizer: torch.optim.Optimizer) -> str:
    """A digest of every weight and of the optimizer's state."""
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    for state in optimizer.state_dict()["state"].values():
        for tensor in state.values():
            digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()[:32]


def train(store: str, epochs: int) -> None:
    """Train, going on where an earlier call was killed."""
    random.seed(1)
    torch.manual_seed(1)
    learn, test = load_digits()
    loader = DataLoader(learn, batch_size=32, shuffle=True)
    model = DigitNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    history: list[float] = []

    ckpt = Checkpointer(store)
    ckpt.track(model=model, optimizer=optimizer, scheduler=scheduler, history=history)
    receipt = ckpt.resume()
    from jupyter_ckpt.display.receipts import resume_view

    print(resume_view(receipt), flush=True)
    for epoch in ckpt.epochs(epochs):
        for pictures, digits in ckpt.batches(loader, save_every=15):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(pictures), digits)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        scheduler.step()
        acc = accuracy(model, test)
        history.append(acc)
        ckpt.log(loss=loss, acc=acc)
        print(f"epoch {epoch}: loss {loss.item():.4f}, {acc:.1%} of the test digits right", flush=True)
    print(f"weights and optimizer: {fingerprint(model, optimizer)}", flush=True)


def main() -> int:
    """Train in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("--epochs", type=int, default=6)
    args = parser.parse_args()
    torch.set_num_threads(1)
    train(args.store, args.epochs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
