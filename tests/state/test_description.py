"""A training in short, asked of nobody."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from jupyter_ckpt.state.description import describe
from jupyter_ckpt.state.description_data import transform_text
from jupyter_ckpt.state.description_model import describe_model, model_text
from jupyter_ckpt.state.description_training import describe_loss, describe_optimizer, describe_scheduler
from jupyter_ckpt.state.discover import survey
from jupyter_ckpt.state.tracked import Kind, Tracked


class SimpleNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(128, 10)


class Bottleneck(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(8, 8, 1)
        self.bn1 = nn.BatchNorm2d(8)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, padding=3)
        self.bn1 = nn.BatchNorm2d(64)
        for number, blocks in enumerate((3, 4, 6, 3), 1):
            self.add_module(f"layer{number}", nn.Sequential(*[Bottleneck() for _ in range(blocks)]))
        self.fc = nn.Linear(2048, 1000)


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(1000, 64)
        self.lstm = nn.LSTM(64, 128, 2, bidirectional=True)
        self.out = nn.Linear(256, 9)


class Wide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for number in range(60):
            self.add_module(f"layer_{number}_{'abc'[number % 3]}", nn.Linear(number + 1, number + 2))


MODELS = [
    (SimpleNet, "SimpleNet (fc1: 784→128, fc2: 128→10)"),
    (ResNet, "ResNet (conv1: 3→64 7×7, layer1…4: 16 Bottleneck, fc: 2048→1000)"),
    (Tagger, "Tagger (emb: 1000×64, lstm: LSTM 64→128 ×2, bidirectional, out: 256→9)"),
    (lambda: nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)), "Sequential (2→8, 8→1)"),
    (lambda: nn.Sequential(nn.LazyLinear(10), nn.LazyConv2d(4, 3)), "Sequential (?→10, ?→4 3×3)"),
    (lambda: nn.Linear(3, 2), "Linear (3→2)"),
    (lambda: nn.TransformerEncoderLayer(64, 4), "TransformerEncoderLayer (d 64, 4 heads, ff 2048)"),
    (lambda: nn.Sequential(nn.MultiheadAttention(64, 4)), "Sequential (attention 64, 4 heads)"),
    (lambda: nn.ReLU(), "ReLU"),
]


@pytest.mark.parametrize(("make", "text"), MODELS, ids=[text[:20] for _, text in MODELS])
def test_models_on_one_line(make: Any, text: str) -> None:
    assert model_text(make()) == text


def test_a_wide_model_stays_one_readable_line() -> None:
    text = model_text(Wide())
    assert len(text) < 200
    assert "…" in text
    assert text.endswith("layer_59_c: 60→61)")


def test_parameters_are_counted_once() -> None:
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    net[1].weight = net[0].weight
    found = describe_model("net", net)
    assert (found["parameters"], found["frozen"], found["tied"]) == (16, 0, True)
    net[0].weight.requires_grad = False
    assert describe_model("net", net)["frozen"] == 16


def test_wrappers_lazy_and_meta() -> None:
    assert describe_model("m", nn.DataParallel(SimpleNet()))["wrapped"] == ["DataParallel"]
    compiled = describe_model("m", torch.compile(SimpleNet()))
    assert (compiled["class"], compiled["wrapped"]) == ("SimpleNet", ["compiled"])
    lazy = describe_model("m", nn.Sequential(nn.LazyLinear(3)))
    assert lazy["lazy"] is True
    assert "parameters" not in lazy
    with torch.device("meta"):
        assert describe_model("m", SimpleNet())["devices"] == ["meta"]
    averaged = torch.optim.swa_utils.AveragedModel(SimpleNet())
    assert describe_model("ema", averaged)["class"] == "SimpleNet"


def one() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(1))]


def test_optimizers_tell_what_matters() -> None:
    def text(optimizer: Any) -> str:
        return str(describe_optimizer("o", optimizer)["text"])

    assert text(torch.optim.Adam(one())) == "Adam (lr 0.001)"
    assert (
        text(torch.optim.AdamW(one(), betas=(0.9, 0.95))) == "AdamW (lr 0.001, weight_decay 0.01, betas (0.9, 0.95))"
    )
    assert (
        text(torch.optim.SGD(one(), 0.1, momentum=0.9, nesterov=True)) == "SGD (lr 0.1, momentum 0.9, nesterov True)"
    )
    groups = [{"params": one(), "lr": 0.01}, {"params": one()}]
    assert text(torch.optim.SGD(groups, 0.1)) == "SGD (lr 0.01 / 0.1, 2 groups)"
    scheduled = torch.optim.SGD(one(), 0.1)
    stepping = lr_scheduler.ExponentialLR(scheduled, 0.5)
    scheduled.step()
    stepping.step()
    assert text(scheduled) == "SGD (lr 0.1)", "the one that was given"


def test_schedulers() -> None:
    def text(make: Any) -> str:
        return str(describe_scheduler("s", make(torch.optim.SGD(one(), 0.1, momentum=0.9)))["text"])

    assert text(lambda o: lr_scheduler.StepLR(o, 5, 0.5)) == "StepLR (step_size 5, gamma 0.5)"
    assert text(lambda o: lr_scheduler.MultiStepLR(o, [5, 3])) == "MultiStepLR (milestones (3, 5))"
    assert text(lambda o: lr_scheduler.OneCycleLR(o, 0.5, total_steps=9)) == "OneCycleLR (max_lr 0.5, total_steps 9)"
    assert text(lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 1)) == "LambdaLR (lambda)"
    warm = lambda o: lr_scheduler.SequentialLR(  # noqa: E731
        o, [lr_scheduler.LinearLR(o, 0.1), lr_scheduler.CosineAnnealingLR(o, 25)], [5]
    )
    assert text(warm) == "LinearLR (start_factor 0.1) → CosineAnnealingLR (T_max 25) at step 5"


def test_losses_as_objects_and_in_code() -> None:
    loss = nn.CrossEntropyLoss(weight=torch.ones(3), label_smoothing=0.1)
    assert describe_loss("c", loss)["text"] == "CrossEntropyLoss (label_smoothing 0.1, weight of 3 classes)"
    names = {"model": SimpleNet(), "loss_fn": nn.functional.mse_loss}
    assert described(names)["losses"] == [{"name": "loss_fn", "text": "mse_loss"}]
    cells = ["loss = F.l1_loss(x, y)", "loss = F.cross_entropy(model(x), y)", "plot()"]
    assert described({"model": SimpleNet()}, cells)["losses"][0]["text"] == "cross_entropy"


class Pictures(Dataset[int]):
    def __init__(self, transform: Any = None) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return 50_000

    def __getitem__(self, place: int) -> int:
        raise AssertionError("nothing is read")


class Stream(IterableDataset[int]):
    def __len__(self) -> int:
        raise AssertionError("not asked")

    def __iter__(self) -> Iterator[int]:
        raise AssertionError("nothing is drawn")


class Crop:
    def __init__(self, size: int, padding: int = 0) -> None:
        self.size, self.padding = size, padding


class Flip:
    def __init__(self, p: float = 0.5) -> None:
        self.p = p


class Compose:
    def __init__(self, transforms: list[Any]) -> None:
        self.transforms = transforms


class RandomApply(Compose):
    def __init__(self, transforms: list[Any], p: float = 0.5) -> None:
        super().__init__(transforms)
        self.p = p


def to_gray(picture: Any) -> Any:
    return picture


def test_data_and_transforms() -> None:
    train = Compose([Crop(28, padding=4), Flip(), RandomApply([to_gray], p=0.2), lambda picture: picture])
    data = Pictures(train)
    names = {
        "model": SimpleNet(),
        "train_loader": DataLoader(Subset(data, range(40_000)), batch_size=64, shuffle=True),
        "val_loader": DataLoader(Subset(data, range(1_000)), batch_size=256),
        "test_dl": DataLoader(TensorDataset(torch.zeros(7, 2)), batch_size=5),
        "stream": DataLoader(Stream(), batch_size=3),
        "accumulation_steps": 4,
        "EPOCHS": 12,
        "SEED": 7,
    }
    found = described(names, ["np.random.seed(3)", "with torch.autocast('cuda', dtype=torch.bfloat16):\n    pass"])
    loaders = {one["name"]: one for one in found["loaders"]}
    assert (loaders["train_loader"]["dataset"], loaders["train_loader"]["size"]) == ("Pictures", 40_000)
    assert [one["role"] for one in found["loaders"]] == ["train", "val", "test", ""]
    assert loaders["test_dl"]["size"] == 7
    assert loaders["stream"]["stream"] is True
    text = "Crop(28, padding 4) → Flip → RandomApply(to_gray; p 0.2) → lambda"
    assert found["transforms"] == [{"name": "train, val", "text": text}]
    assert (found["batch_size"], found["accumulation"], found["epochs"]) == (64, 4, 12)
    assert found["precision"] == "AMP bfloat16"
    assert found["seeds"][:2] == [["SEED", 7], ["np.random.seed", 3]]
    assert found["devices"] == ["cpu"]
    assert transform_text(nn.Sequential(nn.Identity(), nn.Dropout(0.2))) == "Identity → Dropout(0.2)"


class Hostile:
    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name != "__dict__":
            return object.__getattribute__(self, name)
        raise RuntimeError("do not ask")

    def __len__(self) -> int:
        raise RuntimeError("do not count")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not compare")

    __hash__ = None  # type: ignore[assignment]


class HostileNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 1)
        self.fc.in_features = Hostile()  # type: ignore[assignment]

    @property
    def expensive(self) -> int:
        raise AssertionError("a property was asked for")

    def parameters(self, recurse: bool = True) -> Any:
        raise AssertionError("a method was called")

    modules = named_parameters = named_modules = children = parameters  # type: ignore[assignment]


class Restless(Dataset[int]):
    def __len__(self) -> int:
        return int(random.random() * 0 + torch.rand(1).item() * 0 + 5)

    def __getitem__(self, place: int) -> int:
        return place


def test_strange_objects_are_passed_over_and_nothing_of_the_users_is_called() -> None:
    strange = DataLoader(Pictures(Hostile()))
    strange.batch_size_ = Hostile()  # type: ignore[attr-defined]
    names = {"criterion": Hostile(), "seed": Hostile(), "epochs": Hostile(), "train_loader": strange, "x": Hostile()}
    tracked = [
        Tracked("model", HostileNet(), Kind.MODEL),
        Tracked("optimizer", Hostile(), Kind.OPTIMIZER),
        Tracked("scheduler", Hostile(), Kind.SCHEDULER),
        Tracked("gone", None, Kind.MODEL, fetch=lambda: {}["gone"]),
    ]
    found = describe(tracked, names, ["F.cross_entropy(", None, "autocast("])  # type: ignore[list-item]
    json.dumps(found)
    assert found["models"][0]["parameters"] == 3


def test_random_states_are_as_before() -> None:
    names = {"model": SimpleNet(), "train_loader": DataLoader(Restless(), batch_size=2)}
    before = torch.get_rng_state(), random.getstate()
    assert described(names)["loaders"][0]["size"] == 5
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


def test_it_is_quick() -> None:
    names = {"model": ResNet(), "train_loader": DataLoader(Pictures(), batch_size=2), "criterion": nn.MSELoss()}
    tracked = survey(names).tracked
    took = []
    for _ in range(20):
        started = time.perf_counter()
        describe(tracked, names, ["x = 1"] * 50)
        took.append(time.perf_counter() - started)
    assert sorted(took)[10] < 0.01


def described(names: dict[str, Any], cells: list[str] | None = None) -> dict[str, Any]:
    return describe(survey(names).tracked, names, cells)
