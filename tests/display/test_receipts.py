"""A receipt: the essence first, then what needs a look, then what is simply fine."""

from __future__ import annotations

from shown import HOSTILE, check, checkpoint

from jupyter_ckpt.display.receipts import resume_view, save_view
from jupyter_ckpt.receipt import NOT_ASKED_FOR, Item, Outcome, ResumeReceipt, SaveReceipt

SAVED = [Item(name, "model", Outcome.SAVED) for name in ("model", "optimizer")]
SAVED += [Item(f"rng.{name}", "rng", Outcome.SAVED) for name in ("python", "torch", "numpy")]


def _saved(items: list[Item], warnings: list[str] | None = None) -> SaveReceipt:
    record = checkpoint(3, name="epoch-0003", storage={"durability": "persistent"}).record
    return SaveReceipt("/data/mnist/epoch-0003.pt", record, 1_234_567, 0.031, items, warnings or [])


def test_a_save_that_is_simply_fine() -> None:
    view = save_view(_saved(SAVED), width=100)
    assert view.text.split("\n") == [
        "saved epoch-0003 · 1.2 MB in 0.03 s · /data/mnist · volume: persistent",
        "saved: model, optimizer, rng (3)",
    ]
    page = check(view, 100)
    (details,) = page.all("details")
    assert "open" not in details
    assert "rng.numpy" in page.text


def test_what_was_not_saved_comes_first() -> None:
    items = [*SAVED, Item("history[3]", "value", Outcome.NOT_SAVED, "is a lambda")]
    view = save_view(_saved(items, ["the volume is not safe"]), width=100)
    lines = [line for line in view.text.split("\n") if line]
    assert lines[1] == "warning: the volume is not safe"
    assert lines[3].split() == ["not", "saved", "history[3]", "value", "is", "a", "lambda"]
    assert lines[-1].startswith("saved: model")
    page = check(view, 100)
    assert page.text.index("warning:") < page.text.index("history[3]") < page.text.index("rng.numpy")


def test_a_resume_says_what_came_back_and_where_it_goes_on() -> None:
    items = [
        Item("model", "model", Outcome.RESTORED, "12 tensors"),
        Item("old", "value", Outcome.EXTRA, "in the checkpoint, not tracked here"),
        Item("optimizer", "optimizer", Outcome.CONVERTED, "cuda:0 to cpu"),
        Item("rng.cuda:0", "rng", Outcome.NOT_EXACT, "no such device"),
        Item("ema", "ema", Outcome.MISSING, "left as it is"),
        Item("extra", "model", Outcome.SKIPPED, "head.weight: checkpoint 10×8, here 4×8"),
        Item("history", "value", Outcome.SKIPPED, NOT_ASKED_FOR),
        Item("scaler", "scaler", Outcome.SKIPPED, NOT_ASKED_FOR),
    ]
    view = resume_view(ResumeReceipt(4, 480, "mnist/epoch-0003", items, ["skipped a corrupt one"], True), width=120)
    lines = [line for line in view.text.split("\n") if line]
    assert lines[0] == (
        "resumed mnist/epoch-0003 · goes on with epoch 4 (inside it, from step 480)"
        " · 3 of 4 items restored, 1 not exactly"
    )
    assert lines[1] == "warning: skipped a corrupt one"
    starts = (
        "missing",
        "not exact",
        "extra",
        "converted",
        "skipped",
        "not asked for: history, scaler",
        "restored: model",
    )
    assert all(line.startswith(start) for line, start in zip(lines[3:], starts, strict=True))
    check(view, 120)
    assert {"jp-ckpt-whole jp-ckpt-warning"} < {str(td.get("class")) for td in check(view).all("td")}


def test_a_model_that_came_back_in_part_is_no_whole_one() -> None:
    items = [
        Item("model", "model", Outcome.RESTORED),
        Item("model", "model", Outcome.SKIPPED, "head.weight: checkpoint 10×8, model 5×8"),
        Item("history", "value", Outcome.RESTORED),
    ]
    assert "2 of 2 items restored, 1 in part" in resume_view(ResumeReceipt(0, None, "r/n", items), width=120).text


def test_batches_done_are_said() -> None:
    items = [Item("loader", "loader", Outcome.RESTORED, "after 37 of 100 batches")]
    text = resume_view(ResumeReceipt(4, 480, "r/n", items, mid_epoch=True), width=120).text
    assert "goes on with epoch 4 (inside it, after 37 of 100 batches) · 1 of 1 item restored" in text


def test_nothing_to_resume_is_one_calm_line() -> None:
    view = resume_view(ResumeReceipt(0))
    assert view.text == "nothing to resume: the training starts at epoch 0"
    check(view)


def test_many_and_hostile_items() -> None:
    items = [Item(f"{HOSTILE}{n}", "value", Outcome.NOT_SAVED, HOSTILE) for n in range(100)]
    view = save_view(_saved(items, [HOSTILE]))
    assert "and 76 more" in view.text
    check(view)
    check(resume_view(ResumeReceipt(1, None, HOSTILE, items, [HOSTILE])))
