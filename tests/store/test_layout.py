"""Names on disk are readable, sort by age, and are safe on every file system."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jupyter_ckpt.store.layout import checkpoint_name, plain, run_id
from jupyter_ckpt.store.record import is_safe_name
from jupyter_ckpt.store.temporary import parse_temporary, temporary_name

MOMENT = datetime.datetime(2026, 4, 5, 14, 23, 1)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60), st.lists(st.integers())
)


def test_names_that_people_read() -> None:
    assert checkpoint_name(8, 12500, MOMENT) == "epoch-0008_step-00012500_20260405-142301"
    assert checkpoint_name(None, 7, MOMENT) == "step-00000007_20260405-142301"
    assert checkpoint_name(None, None, MOMENT) == "20260405-142301"
    given_ = {"learning_rate": 1e-3, "batch_size": 64, "nesterov": True, "betas": [0.9, 0.99]}
    assert run_id("ResNet18", given_, MOMENT) == "resnet18_lr0.001_bs64_nesterovon_20260405-142301"
    assert run_id("", {}, MOMENT) == "run_20260405-142301"
    assert plain("../a b/ü:c") == "a-b-c"


@given(st.none() | st.integers(0, 10**9), st.none() | st.integers(0, 10**15), st.datetimes())
def test_checkpoint_names_are_safe(epoch: int | None, step: int | None, moment: datetime.datetime) -> None:
    assert is_safe_name(checkpoint_name(epoch, step, moment.replace(year=max(moment.year, 1970))))


@given(st.text(max_size=300), st.dictionaries(st.text(max_size=40), VALUES, max_size=8))
def test_run_ids_are_safe_whatever_the_user_calls_things(title: str, hyperparameters: dict[str, Any]) -> None:
    name = run_id(title, hyperparameters, MOMENT)
    assert is_safe_name(name)
    assert len(name) <= 110


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,60}", fullmatch=True))
def test_temporary_names_are_recognised_and_never_taken_for_checkpoints(name: str) -> None:
    made = temporary_name(name)
    parsed = parse_temporary(made)
    assert parsed is not None
    assert parsed[0] == name
    assert not is_safe_name(made)
    assert made != temporary_name(name)
    assert parse_temporary(f"{name}.tmp") is None
