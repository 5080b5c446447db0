"""A record torn by a crash, where a volume cannot rename, is collected; a damaged one never is."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkpoint_files import age, make, make_run

from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.store.prune import PruneReport, prune


def pruned(folder: Path) -> PruneReport:
    return prune(folder, KeepPolicy(), verify=lambda _: True)


@pytest.mark.parametrize("keep", [0, 1, 40])
@pytest.mark.parametrize(
    ("said", "collected"), [("saving", True), ("save_failed", True), ("saved", False), ("", False)]
)
def test_a_record_that_was_cut_off(tmp_path: Path, keep: int, said: str, collected: bool) -> None:
    folder = make_run(tmp_path)
    name = make(folder, 1)
    if said:
        Journal(folder).append(said, name=name)
    record = folder / f"{name}.json"
    record.write_bytes(record.read_bytes()[:keep])
    assert pruned(folder).collected == []
    for path in (record, folder / f"{name}.pt"):
        age(path, 2)
    report = pruned(folder)
    assert {leftover.path.name for leftover in report.collected} == (
        {f"{name}.pt", record.name} if collected else set()
    )
    assert record.exists() != collected
    assert (record in {path for path, _ in report.left}) != collected
    assert pruned(folder).collected == []


def test_a_record_with_damage_inside_is_left_for_people(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    name = make(folder, 1)
    Journal(folder).append("saving", name=name)
    record = folder / f"{name}.json"
    raw = bytearray(record.read_bytes())
    raw[20] ^= 1
    record.write_bytes(raw)
    for path in (record, folder / f"{name}.pt"):
        age(path, 2)
    assert pruned(folder).collected == []
    assert record.exists()


def test_a_whole_record_whose_save_was_in_doubt_stays(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    name = make(folder, 1)
    Journal(folder).append("save_failed", name=name)
    age(folder / f"{name}.json", 2)
    age(folder / f"{name}.pt", 2)
    assert pruned(folder).collected == []
    assert (folder / f"{name}.json").exists()
