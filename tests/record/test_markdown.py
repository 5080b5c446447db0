"""The record as a person reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rendered import shown
from written import WrittenRun

from jupyter_ckpt.record.experiment import read_experiment
from jupyter_ckpt.record.markdown import lines_of, text_of
from jupyter_ckpt.record.numbers import bars, measured
from jupyter_ckpt.record.phrases import TEMPLATES
from jupyter_ckpt.record.template import Template
from jupyter_ckpt.record.values import VALUE_NAMES

NET = {
    "models": [{"name": "model", "class": "SimpleNet", "text": "SimpleNet (fc1: 784→128)", "parameters": 101_770}],
    "losses": [{"name": "criterion", "text": "CrossEntropyLoss"}],
    "optimizers": [{"name": "optimizer", "text": "Adam (lr 0.001)"}],
    "loaders": [
        {"name": "train_loader", "role": "train", "dataset": "MNIST", "size": 60_000, "batch_size": 64},
        {"name": "test_loader", "role": "test", "dataset": "MNIST", "size": 10_000},
    ],
    "transforms": [{"name": "train", "text": "RandomCrop(28, padding 4) → ToTensor"}],
    "batch_size": 64,
    "epochs": 30,
    "devices": ["cuda:0 NVIDIA H200"],
    "seeds": [["seed", 42]],
    "environment": {"python": "3.12.1", "packages": {"torch": "2.13.0"}, "git": {"commit": "a" * 40, "dirty": True}},
}


@pytest.fixture
def run(tmp_path: Path) -> WrittenRun:
    return WrittenRun(tmp_path / "store")


def record(run: WrittenRun, language: str = "en") -> str:
    return text_of(lines_of(read_experiment(run.folder), language))  # type: ignore[arg-type]


def test_english(run: WrittenRun) -> None:
    run.described("a", **NET)
    for epoch, acc in enumerate([0.7, 0.9, 0.95, 0.982, 0.979]):
        run.save(epoch, val_acc=acc, loss=0.5)
    text = record(run)
    assert text.split("\n")[:6] == [
        "### SimpleNet · 2026-04-05 14:23",
        "",
        "**98.2 % val_acc @ epoch 3** ▁▆███ · last: epoch 4 (5 of 30), val_acc 97.9 %, loss 0.5",
        "",
        "| Model | SimpleNet (fc1: 784→128) · 101,770 parameters |",
        "|:--|:--|",
    ]
    assert "| Data | MNIST: 60,000 train, 10,000 test · batch size 64 |" in text
    assert "| Time | 5 min 0 s |" in text
    assert "epoch-0003.pt` · persistent storage |" in text
    assert "git `aaaaaaaaaa` (with uncommitted changes)" in text


def test_chinese(run: WrittenRun) -> None:
    text = record(run.described("a", **NET).save(0, val_acc=0.9), "zh_CN")
    assert "**90.0 % val_acc @ 第 0 轮**" in text
    assert "| 模型 | SimpleNet (fc1: 784→128) · 101,770 个参数 |" in text
    assert "MNIST：训练 60,000，测试 10,000 · 批大小 64" in text  # noqa: RUF001
    assert "Model" not in text


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_it_renders_as_one_table_with_collapsed_details(run: WrittenRun, language: str) -> None:
    page = shown(record(run.described("a", **NET).save(0, val_acc=0.9, note="a | b"), language))
    assert page.tags.count("table") == page.tags.count("details") == page.tags.count("h3") == 1
    assert len(page.cells) % 2 == 0
    assert "**" not in page.text


def test_both_languages_say_the_same() -> None:
    names = [Template.parse(text, VALUE_NAMES) for text in TEMPLATES.values()]
    keys = [[line.key for line in one.render(dict.fromkeys(VALUE_NAMES, "x"))] for one in names]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == len(keys[0])
    used = "".join(TEMPLATES["en"])
    assert {name for name in VALUE_NAMES if f"${name}" not in used} == {"name", "when"}


def test_keys_stay_while_lines_come_and_go(run: WrittenRun) -> None:
    few = {line.key for line in lines_of(read_experiment(run.save(0).folder))}
    many = {line.key for line in lines_of(read_experiment(run.described("a", **NET).save(1, acc=0.5).folder))}
    assert few - many == {"last_path"}, "the best one is the last one"
    assert {"title", "model"} <= few


def test_a_run_that_the_user_named_is_called_so(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path, "base_line").described("a", **NET).save(0)
    assert record(run).startswith("### base_line · ")


def test_two_models_are_told_apart(run: WrittenRun) -> None:
    nets = [{"name": name, "class": name, "text": name, "parameters": 10} for name in ("Generator", "Critic")]
    text = record(run.described("a", models=nets).save(0))
    assert "### Generator + Critic" in text
    assert "Generator: Generator · 10 parameters<br>Critic: Critic · 10 parameters" in text


def test_nothing_from_outside_is_markup(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script> [x](javascript:alert(1)) | `a` $x$ **b** @you"
    described = {
        "models": [{"name": nasty, "class": nasty, "text": nasty, "parameters": 1, "wrapped": [nasty]}] * 2,
        **{kind: [{"name": nasty, "text": nasty}] for kind in ("losses", "optimizers", "schedulers", "transforms")},
        "loaders": [{"name": nasty, "role": nasty, "dataset": nasty, "size": 1}],
        "devices": [nasty],
        "precision": nasty,
        "seeds": [[nasty, nasty]],
        "environment": {"python": nasty, "packages": {nasty: nasty}, "git": {"commit": nasty, "branch": nasty}},
    }
    run = WrittenRun(tmp_path).described("a", **described)
    for epoch in range(5):
        run.save(epoch, note=nasty, **{nasty + "loss": float(epoch)})
    for language in ("en", "zh_CN"):
        text = record(run, language)
        page = shown(text)
        assert not {"script", "img", "em"} & set(page.tags)
        assert page.tags.count("a") == 1, "nbconvert's own, to the heading"
        assert page.tags.count("strong") <= 1
        assert page.tags.count("table") == 1
        assert "$" not in text
        assert "@you" not in text
        assert all("\n" not in line.text for line in lines_of(read_experiment(run.folder)))


@pytest.mark.parametrize(
    ("name", "value", "unit", "text"),
    [
        ("val_acc", 0.982, True, "98.2 %"),
        ("test/top1", 76.13, False, "76.1 %"),
        ("valAccuracy", 1.0, True, "100.0 %"),
        ("acc", 0.99971, True, "99.97 %"),
        ("acc", 250.0, False, "250"),
        ("acc", float("nan"), True, "nan"),
        ("loss", 0.123456, True, "0.1235"),
        ("f1", 0.91, True, "0.91"),
        ("vacc_size", 0.5, True, "0.5"),
    ],
)
def test_values_by_their_names(name: str, value: float, unit: bool, text: str) -> None:
    assert measured(name, value, unit=unit) == text


def test_bars() -> None:
    assert bars([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert bars([1, 2, 3]) == bars([2, 2, 2, 2]) == bars([]) == ""
    assert len(bars(list(range(1000)))) == 16
    assert bars([float("nan"), 1, 2, 3, float("inf"), 4])[-1] == "█"
    assert bars([-1.7e308, 1.7e308, 0, 1, 2]) == ""


TEMPLATE_ERRORS = [
    ("$tilte", "line 1: there is no $tilte: did you mean title"),
    ("just text", "has no values"),
    ("$title\n" * 400, "too many"),
]


@pytest.mark.parametrize(("text", "says"), TEMPLATE_ERRORS)
def test_a_wrong_template_is_one_line_and_ours_is_used(
    run: WrittenRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    file = tmp_path / "mine.md"
    file.write_text(text, "utf-8")
    monkeypatch.setenv("JUPYTER_CKPT_RECORD_TEMPLATE", str(file))
    lines = lines_of(read_experiment(run.described("a", **NET).save(0).folder))
    assert lines[0].key == "title"
    assert lines[-1].key == "problem"
    assert says in shown(lines[-1].text).text


def test_a_persons_template(run: WrittenRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "jupyter-config" / "jupyter_ckpt"
    folder.mkdir(parents=True)
    (folder / "record-template.md").write_text(
        "## $name costs $$5\r\n\r\n\r\n$scheduler\r\nLoss: ${loss} · seed $seeds · $notes\r\n* $model\n", "utf-8"
    )
    run.described("a", **NET).save(0)
    lines = lines_of(read_experiment(run.folder))
    assert text_of(lines) == "## SimpleNet costs $5\n\nLoss: CrossEntropyLoss · seed 42\n* SimpleNet (fc1: 784→128)"
    assert [line.key for line in lines] == ["name", "gap1", "loss", "model"]
    (folder / "record-template.zh_CN.md").write_text("名称 $name", "utf-8")
    assert text_of(lines_of(read_experiment(run.folder), "zh_CN")) == "名称 SimpleNet"
    monkeypatch.setenv("JUPYTER_CKPT_RECORD_TEMPLATE", str(tmp_path / "nowhere.md"))
    assert "no such file" in lines_of(read_experiment(run.folder))[-1].text
