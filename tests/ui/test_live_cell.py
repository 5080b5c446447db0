"""The experiment's cell while a person works in the notebook: there, right, and never in the way."""

from __future__ import annotations

import time

import pytest
from training_notebook import training_notebook

UPDATE = 2.0  # at most every two seconds; JupyterLab renders Markdown a second after its last change


@pytest.fixture(scope="module")
def lab(serve):
    return serve()


@pytest.fixture
def digits(lab, visit, request):
    """A tab on a notebook of this test's own, with everything but the training done."""

    def open_digits(**options):
        name = f"{request.node.name.removeprefix('test_')}.ipynb"
        lab.write(name, training_notebook(**options))
        page = visit(lab, name)
        page.run("load", "setup")
        return page

    yield open_digits
    lab.end_kernels()


def under_training(page):
    ids = [cell.id for cell in page.cells()]
    return ids.index(page.records()[0].id) - ids.index("train")


def no_dialog(page):
    return page.page.locator(".jp-Dialog").count() == 0 and not page.dialogs


def test_appears_while_the_cell_trains(digits):
    page = digits(epochs=10)
    began = time.monotonic()
    training = page.start("train")
    record = page.wait_for_record(containing="DigitNet")
    print(f"the cell appeared {time.monotonic() - began:.1f} s after the start of the training")
    assert not page.ran(training), "it trains still"
    assert under_training(page) == 1
    assert record.rendered
    assert "64" in record.source
    assert "48" in record.source
    texts = set()
    while not page.ran(training):
        texts.update(cell.source for cell in page.records())
        assert len(page.records()) <= 1
        page.page.wait_for_timeout(100)
    assert len(texts) >= 3, "it is updated while the cell trains"
    done = page.wait_for_record(epoch=9, timeout=5)
    assert done.id == record.id
    for word in ("AdamW", "lr", "0.01", "CrossEntropyLoss", "32", "acc"):
        assert word in done.source, word
    page.wait(lambda: "epoch 9" in page.cell(done.id).text, "the rendered text to follow", 5)
    assert page.cell(done.id).rendered
    assert no_dialog(page)
    assert not page.noise


def test_stop_and_go_on(digits):
    page = digits(epochs=12)
    training = page.start("train")
    page.wait_for_record(epoch=2)
    page.command("notebook:interrupt-kernel")
    page.wait_for_end(training)
    page.wait(lambda: page.status() == "idle", "an idle kernel")
    (record,) = page.records()
    page.run("train")
    done = page.wait_for_record(epoch=11)
    assert done.id == record.id
    assert len(page.records()) == 1
    assert "resumed once" in done.source
    assert page.cells()[-1].id == "after1", "nothing moved"


def test_restart_and_run_all_makes_no_second_cell(digits):
    page = digits(epochs=3)
    page.run("train")
    first = page.wait_for_record(epoch=2)
    run = page.start_command("notebook:restart-run-all")
    page.page.locator(".jp-Dialog .jp-mod-accept").click()
    page.wait_for_end(run)
    page.wait(lambda: page.status() == "idle" and page.cell("after1").count, "all cells to run", 60)
    assert page.cell("train").count == 3, "it ran again"
    page.settle()
    assert [cell.id for cell in page.records()] == [first.id]
    assert under_training(page) == 1


def test_training_anew_after_a_restart_stays_in_the_same_cell(digits):
    page = digits(epochs=3)
    page.run("train")
    first = page.wait_for_record(epoch=2)
    page.restart()
    page.edit("train", page.cell("train").source.replace("range(start_epoch, 3)", "range(start_epoch, 6)"))
    page.run("load", "setup", "train")
    done = page.wait_for_record(epoch=5)
    assert done.id == first.id
    assert len(page.records()) == 1


def test_tab_closed_and_opened_again_while_it_trains(digits, visit, lab):
    page = digits(epochs=14)
    name = page.name
    page.start("train")
    page.wait_for_record(epoch=1)
    page.close()
    again = visit(lab, name)
    record = again.wait_for_record(containing="DigitNet", timeout=20)
    assert len(again.records()) == 1
    assert record.rendered
    assert under_training(again) == 1
    done = again.wait_for_record(epoch=13, timeout=30)
    assert done.id == record.id
    assert len(again.records()) == 1


def test_tab_closed_while_it_trains_and_opened_after_its_end(digits, visit, lab):
    page = digits(epochs=5)
    name = page.name
    page.start("train")
    page.wait_for_record()
    page.save()
    page.close()
    lab.wait_for_checkpoint(name, "epoch-0004")
    again = visit(lab, name)
    again.wait_for_record(epoch=4, timeout=20)
    again.settle()
    assert len(again.records()) == 1
    assert under_training(again) == 1
    again.save()
    again.reload()
    again.settle()
    assert len(again.records()) == 1
    assert no_dialog(again)


def test_reload_without_saving_brings_it_back(digits):
    page = digits(epochs=3)
    page.save()
    page.run("train")
    page.wait_for_record(epoch=2)
    page.reload()
    page.wait_for_record(epoch=2)
    page.settle()
    assert len(page.records()) == 1
    assert under_training(page) == 1


def test_two_tabs_without_collaboration(digits, visit, lab):
    page = digits(epochs=6)
    other = visit(lab, page.name, profile=page)
    page.run("train")
    page.wait_for_record(epoch=5)
    other.settle()
    assert len(page.records()) == 1
    assert len(other.records()) <= 1
    page.save()
    other.reload()
    other.settle()
    assert [cell.source for cell in other.records()] == [cell.source for cell in page.records()]
    assert no_dialog(page)
    assert no_dialog(other)


def test_renamed_while_it_trains(digits, lab):
    page = digits(epochs=10)
    training = page.start("train")
    record = page.wait_for_record()
    page.rename("renamed digits.ipynb")
    page.wait_for_end(training)
    done = page.wait_for_record(epoch=9)
    assert done.id == record.id
    page.edit("train", page.cell("train").source.replace(", 10)", ", 12)"))
    page.run("train")
    again = page.wait_for_record(epoch=11)
    assert again.id == record.id
    assert len(page.records()) == 1
    runs = lab.get("jupyter-ckpt/runs?notebook=renamed%20digits.ipynb")["runs"]
    assert [run["id"] for run in runs if run["mine"]] == [record.run]
    page.save()
    assert no_dialog(page)
    page.reload()
    page.settle()
    assert len(page.records()) == 1


def test_moved_by_a_person(digits):
    page = digits(epochs=9)
    training = page.start("train")
    record = page.wait_for_record()
    page.activate(record.id)
    page.command("notebook:move-cell-up")
    page.command("notebook:move-cell-up")
    before = [cell.id for cell in page.cells()]
    assert before.index(record.id) == before.index("train") - 2
    page.wait_for_end(training)
    page.wait_for_record(epoch=8)
    assert [cell.id for cell in page.cells()] == before


def test_deleted_by_a_person_stays_away(digits, lab):
    page = digits(epochs=9)
    training = page.start("train")
    record = page.wait_for_record()
    page.activate(record.id)
    page.command("notebook:delete-cell")
    page.wait_for_end(training)
    page.settle()
    assert page.records() == []
    page.save()
    page.reload()
    page.settle()
    assert page.records() == []
    page.edit("train", page.cell("train").source.replace(", 9)", ", 11)"))
    page.run("train")
    page.settle()
    assert page.records() == []
    assert record.run in lab.read(page.name).metadata["jupyter_ckpt"]["removed"]


def test_deleted_and_brought_back_by_undo(digits):
    page = digits(epochs=10)
    training = page.start("train")
    record = page.wait_for_record(epoch=1)
    page.activate(record.id)
    page.command("notebook:delete-cell")
    assert page.records() == []
    page.command("notebook:undo-cell-action")
    page.wait_for_record()
    page.wait_for_end(training)
    page.wait_for_record(epoch=9)
    assert len(page.records()) == 1


def test_undo_is_the_persons_own(digits):
    page = digits(epochs=6, after=2)
    page.activate("after2")
    page.command("notebook:delete-cell")
    training = page.start("train")
    record = page.wait_for_record(epoch=1)
    page.command("notebook:undo-cell-action")
    ids = [cell.id for cell in page.cells()]
    assert "after2" in ids, "what the person deleted is back"
    assert record.id in ids
    page.command("notebook:redo-cell-action")
    ids = [cell.id for cell in page.cells()]
    assert "after2" not in ids
    assert record.id in ids
    page.wait_for_end(training)
    assert page.wait_for_record(epoch=5).id == record.id


def test_a_persons_words_stay(digits):
    page = digits(epochs=12)
    training = page.start("train")
    record = page.wait_for_record(epoch=1)
    lines = record.source.split("\n")
    mine = "**Mine:** the seed is a *lucky* one."
    page.edit(record.id, "\n".join([lines[0], "", mine, *lines[1:], "", "And a last word."]))
    page.wait_for_end(training)
    done = page.wait_for_record(epoch=11)
    assert done.id == record.id
    assert done.source.count(mine) == 1
    assert done.source.split("\n").index(mine) < 4, "where it was written"
    assert done.source.count("And a last word.") == 1
    assert done.source.count("AdamW") == record.source.count("AdamW")
    page.wait(lambda: "lucky" in page.cell(done.id).text, "the words to be shown")


def test_a_line_that_a_person_changed_is_not_written_again(digits):
    page = digits(epochs=10)
    training = page.start("train")
    record = page.wait_for_record(epoch=1)
    changed = next(line for line in record.source.split("\n") if "AdamW" in line)
    page.edit(record.id, record.source.replace(changed, "- Optimizer: the usual one"))
    page.wait_for_end(training)
    done = page.wait_for_record(epoch=9)
    assert "- Optimizer: the usual one" in done.source
    assert changed not in done.source


def test_no_focus_or_scroll_jump(digits):
    page = digits(epochs=8, after=120)
    training = page.start("train")
    page.activate("after100")
    page.command("notebook:enter-edit-mode")
    page.page.keyboard.press("End")
    page.settle_scroll("after100")
    place, typed = page.place("after100"), ""
    assert not page.records(), "the first save is still to come"
    while not page.records() or len(typed) < 40:
        letter = "abcdefghij"[len(typed) % 10]
        page.page.keyboard.type(letter)
        typed += letter
        page.page.wait_for_timeout(60)
        assert len(typed) < 400, "no record appeared"
    assert page.cell("after100").source.endswith(typed), "no letter was lost"
    assert page.active() == "after100"
    assert page.mode() == "edit"
    assert abs(page.place("after100") - place) < 2, "the cell stands where it stood"
    page.wait_for_end(training)
    page.wait_for_record(epoch=7)
    assert page.active() == "after100"
    assert abs(page.place("after100") - place) < 2


def test_saving_shows_no_dialog(digits, lab):
    page = digits(epochs=10)
    training = page.start("train")
    page.wait_for_record()
    for _ in range(3):
        page.save()
        assert no_dialog(page)
        page.page.wait_for_timeout(700)
    page.wait_for_end(training)
    page.wait_for_record(epoch=9)
    page.save()
    assert no_dialog(page)
    assert page.page.get_by_text("File Changed").count() == 0
    ours = [cell for cell in lab.read(page.name).cells if "jupyter_ckpt" in cell.metadata]
    assert len(ours) == 1
    assert "epoch 9" in ours[0].source


def test_a_pasted_copy_is_an_ordinary_cell(digits):
    page = digits(epochs=10)
    training = page.start("train")
    record = page.wait_for_record(epoch=1)
    page.activate(record.id)
    page.command("notebook:copy-cell")
    page.activate("after1")
    page.command("notebook:paste-cell-below")
    copy = page.cells()[-1]
    assert copy.id != record.id
    page.wait_for_end(training)
    page.wait(lambda: "epoch 9" in page.cell(record.id).source, "the cell to be updated")
    assert page.cell(copy.id).source == copy.source, "the copy stays as it was pasted"
    assert len(page.records()) <= 2


def test_two_trainings_in_one_notebook_have_a_cell_each(digits):
    page = digits(epochs=3, after=2)
    page.run("train")
    first = page.wait_for_record(epoch=2)
    page.edit("after1", "%ckpt run second --new\nlr = 0.02")
    page.edit("after2", page.cell("train").source)
    page.run("setup", "after1", "after2")
    page.wait(lambda: len(page.records()) == 2, "a second record")
    ids = [cell.id for cell in page.cells()]
    second = next(cell for cell in page.records() if cell.id != first.id)
    assert ids.index(first.id) == ids.index("train") + 1
    assert ids.index(second.id) == ids.index("after2") + 1
    assert second.run != first.run
