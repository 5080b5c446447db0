"""The list says what there is, what is best, what is wrong, and what to type."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from shown import HOSTILE, NOW, check, checkpoint, several

from jupyter_ckpt.display.checkpoints import list_view, short_names
from jupyter_ckpt.display.columns import display_width
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.checkpoint import Best, Run


def _rows(text: str) -> dict[str, str]:
    return {line.split()[0]: line for line in text.split("\n") if line.startswith("epoch-")}


def test_newest_first_with_what_was_measured() -> None:
    view = list_view(several(3), now=NOW, width=140)
    rows = list(_rows(view.text).values())
    assert [row.split("_")[0] for row in rows] == ["epoch-0003", "epoch-0002", "epoch-0001"]
    assert rows[0].split()[1:] == ["3", "300", "0.25", "16", "h", "ago", "45.1", "MB", "best"]
    assert "mnist · 3 checkpoints · 135 MB · last 16 h ago" in view.text
    assert view.text.endswith("3 checkpoints, 135 MB")
    page = check(view, 140)
    assert any(td.get("title") == "2026-04-04 21:50:00 UTC" for td in page.all("td"))


def test_badges_are_words() -> None:
    shown = [
        checkpoint(5, verified="corrupt"),
        checkpoint(4, verified="ok", pinned=True, tags=("paper",)),
        checkpoint(3, storage={"durability": "ephemeral"}, mid_epoch=True),
        checkpoint(2, own=False, storage={"durability": "unknown"}),
        checkpoint(1, metrics={"val_loss": 0.01}, storage={"durability": "persistent"}),
    ]
    view = list_view(shown, current=shown[1].ref, now=NOW, width=160)
    rows = list(_rows(view.text).values())
    assert rows[0].endswith("  corrupt")
    assert rows[1].endswith("  current, pinned, verified, #paper")
    assert rows[2].endswith("  not safe: ephemeral, mid-epoch")
    assert rows[3].endswith("  safety unknown, copied")
    assert rows[4].endswith("  best")
    text = check(view, 160).text
    for word in ("corrupt", "current", "pinned", "verified", "#paper", "not safe: ephemeral", "best"):
        assert word in text


def test_the_best_one_can_be_said() -> None:
    shown = several(3)
    rows = _rows(list_view(shown, best=shown[2].ref, now=NOW, width=140).text)
    assert [name for name, row in rows.items() if row.endswith("best")] == [shown[2].name]
    shown = several(3, metrics={"speed": 2.0})
    assert "best" not in list_view(shown, now=NOW, width=140).text
    assert "best" in list_view(shown, metric="speed", mode="max", now=NOW, width=140).text


def test_metrics_that_are_nan_or_missing() -> None:
    shown = [
        checkpoint(3, metrics={"val_loss": math.nan}),
        checkpoint(2, metrics={}),
        checkpoint(1, metrics={"val_loss": math.inf}),
        checkpoint(0, metrics={"val_loss": 2.0}),
    ]
    view = list_view(shown, now=NOW, width=140)
    rows = list(_rows(view.text).values())
    assert rows[0].split()[3] == "nan"
    assert rows[1].split()[3] == "16"
    assert rows[3].endswith("best")
    assert not check(view).all("svg")


def test_a_picture_with_a_point_for_each_checkpoint() -> None:
    view = list_view(several(12), now=NOW, limit=5, width=100)
    page = check(view, 100)
    assert len(page.all("circle")) == 12
    assert str(page.all("svg")[0]["aria-label"]).startswith("val_loss over 12 checkpoints, from 0.5 at epoch 1")
    assert "val_loss  █▅▄▃▂▂▁▁▁▁▁▁  0.5 → 0.07692" in view.text


def test_several_checkpoints_of_an_epoch_are_drawn_over_steps() -> None:
    shown = [checkpoint(1, name=f"s{n}", step=n, metrics={"loss": n / 2}) for n in range(9, 0, -1)]
    label = str(check(list_view(shown, now=NOW)).all("svg")[0]["aria-label"])
    assert "at step 1 to 4.5 at step 9" in label


def test_chosen_metrics() -> None:
    shown = several(2, metrics={"loss": 1.0, "acc": 0.5, "lr": 0.1, "gradient": 3.0})
    assert "gradient" not in list_view(shown, now=NOW, width=160).text
    text = list_view(shown, metric=["gradient", "lr"], now=NOW, width=160).text
    assert "gradient" in text
    assert "acc" not in text


def test_runs_have_headlines() -> None:
    runs = [
        Run("b", Path("/x/b"), {"origin": {"path": "/n/b.ipynb"}, "parent": "a/epoch-1"}, 2, 9, None),
        Run("a", Path("/x/a"), {"origin": "hostile"}, 2, 9, None, {"loss": Best(0.125, "min", "n")}),
    ]
    view = list_view([*several(2, "b"), *several(2, "a")], runs=runs, now=NOW, width=120)
    assert "b · 2 checkpoints · 90.2 MB · last 16 h ago · b.ipynb · went on from a/epoch-1" in view.text
    assert "best loss 0.125" in view.text
    assert view.text.endswith("4 checkpoints in 2 runs, 180 MB")
    captions = [word for word in check(view, 120).words if word.startswith("Training checkpoints of")]
    assert captions == ["Training checkpoints of b, newest first", "Training checkpoints of a, newest first"]


def test_nothing_yet_says_what_to_type() -> None:
    view = list_view([], width=80)
    assert view.text.startswith("No training checkpoints yet.")
    assert "%ckpt save" in view.text
    assert "%ckpt save" in check(view, 80).text
    shell = list_view([], command="jupyter ckpt").text
    assert "jupyter ckpt storage" in shell
    assert "save" not in shell, "there is nothing live to save"


def test_what_files_hold_is_harmless() -> None:
    shown = [checkpoint(n, note=HOSTILE, tags=(HOSTILE,), metrics={HOSTILE: 1.0 / (n + 1)}) for n in (3, 2, 1)]
    page = check(list_view(shown, runs=[Run("mnist", Path("/x"), {"origin": {"path": HOSTILE}})], now=NOW))
    assert page.text.count("<script>alert(1)</script>") >= 6


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_it_fits_and_is_aligned(width: int) -> None:
    shown = [
        checkpoint(n, note="学习率 was halved here, see the issue", tags=("好的", "b"), metrics={"loss": 0.5})
        for n in (120, 7)
    ]
    view = list_view(shown, now=NOW, width=width)
    check(view, width)
    rows = list(_rows(view.text).values())
    assert len({display_width(row[: row.index("0.5")]) for row in rows}) <= 1
    assert "学习率 was halved" in " ".join(view.text.split())


def test_a_narrow_terminal_gets_names_that_still_find_the_checkpoint(tmp_path: Path) -> None:
    names = [c.name for c in several(12)] + ["epoch-0001_step-00000100_20990101-000000", "epoch-00011_x", "best"]
    short = short_names(names)
    assert short["epoch-0012_step-00001200_" + names[0].split("_")[2]] == "epoch-0012"
    for name, start in short.items():
        assert [n for n in names if n.startswith(start)] == [name]
    assert Catalog(tmp_path).checkpoints() == []
    assert "epoch-0012  " in list_view(several(12), now=NOW, width=80).text


def test_older_ones_are_counted() -> None:
    view = list_view(several(60), now=NOW)
    assert len(_rows(view.text)) == 50
    assert "… and 10 older: %ckpt list --limit 60  (60 checkpoints, 2.7 GB)" in view.text
    view = list_view(several(5), total=100, now=NOW, limit=None, more="--all")
    assert "… and 95 older: %ckpt list --all  (100 checkpoints)" in view.text


def test_of_ten_thousand_as_many_as_wanted_are_shown() -> None:
    shown = several(10_000)
    for limit, rows in ((50, 50), (None, 10_000)):
        view = list_view(shown, now=NOW, limit=limit)
        assert len(_rows(view.text)) == rows
    assert "… and 9950 older: %ckpt list --limit 10000" in list_view(shown, now=NOW).text
