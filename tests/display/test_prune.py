"""What goes and what stays, each with its reason."""

from __future__ import annotations

import datetime
from pathlib import Path

from shown import HOSTILE, NOW, check, checkpoint, several

from jupyter_ckpt.display.prune import plan_view, trash_view
from jupyter_ckpt.store.leftovers import Leftover
from jupyter_ckpt.store.preservation import KeepPolicy, plan
from jupyter_ckpt.store.prune import PruneReport
from jupyter_ckpt.store.trash_folder import TrashEntry


def test_a_plan_has_changed_nothing_and_says_so() -> None:
    shown = several(5)
    view = plan_view(plan(shown, KeepPolicy.parse(last=2)), now=NOW, width=120)
    assert view.text.startswith("dry run, nothing was changed: 3 checkpoints would go, freeing 135 MB; 2 would stay")
    gone, stay = view.text.split("Would stay")
    assert all(c.name in gone and c.name not in stay for c in shown[2:])
    assert all(c.name in stay and c.name not in gone for c in shown[:2])
    assert "no policy keeps it" in gone
    assert "the newest good one, among the last 2" in " ".join(stay.split())
    assert view.text.endswith("To do it, type the same without --dry-run")
    check(view, 120)


def test_what_was_done() -> None:
    one, two = several(2)
    report = PruneReport(
        False,
        kept=[(one, ["pinned"])],
        removed=[(two, "no policy keeps it")],
        collected=[Leftover(Path("/r/.x.tmp"), 1000, "delete", "a write that was cut off")],
        left=[(Path("/r/foreign.bin"), "not ours")],
        expired=[("epoch-0000", "its retention is over")],
        corrupt=["epoch-0009"],
        repaired=["epoch-0004"],
        trash_bytes=10**9,
        over=5 * 10**6,
    )
    view = plan_view(report, now=NOW, width=120)
    text = " ".join(view.text.split())
    for part in (
        "pruned: removed 1 checkpoint (45.1 MB), kept 1",
        "warning: 1 checkpoint did not verify: epoch-0009",
        "5.0 MB over the budget",
        "a write that was cut off",
        "foreign.bin not ours",
        "left the trash for good: epoch-0000 (its retention is over)",
        "finished a removal that was cut off: epoch-0004",
        "1.0 GB in the trash: %ckpt trash lists it",
    ):
        assert part in text, part
    assert "dry run" not in text
    assert "To do it" not in text
    check(view, 120)


def test_nothing_goes() -> None:
    view = plan_view(plan(several(1), KeepPolicy.parse(last=2)), now=NOW)
    assert "0 checkpoints would go" in view.text
    assert "To do it" not in view.text


def test_many_rows_are_cut() -> None:
    view = plan_view(plan(several(200), KeepPolicy.parse(last=1)), now=NOW, width=100)
    assert "and 149 more" in view.text
    check(view, 100)


def test_the_trash() -> None:
    assert trash_view([]).text == "The trash is empty."
    record = checkpoint(7).record
    then = (NOW - datetime.timedelta(hours=2)).timestamp()
    entries = [TrashEntry("mnist", "a", 1000, then, record), TrashEntry("mnist", HOSTILE, 2000, then, None)]
    view = trash_view(entries, now=NOW, width=120)
    assert "In the trash: 2 checkpoints, 3.0 kB" in view.text
    assert "2026-04-12 12:00" in view.text
    assert "its record is lost" in view.text
    assert view.text.endswith("To bring one back: %ckpt undo NAME")
    check(view, 120)
