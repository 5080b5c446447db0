"""Requests to a running training, left beside its checkpoints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_ckpt.errors import StoreError, UsageProblem
from jupyter_ckpt.store.mailbox import MAILBOX, Mailbox, Request


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "store" / "run-1"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    return folder


def put(run: Path, name: str, text: str | bytes) -> Path:
    """A file of a stranger's in the mailbox."""
    (run / MAILBOX).mkdir(exist_ok=True)
    path = run / MAILBOX / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_request_is_taken_once_and_answered_once(run: Path) -> None:
    asker, training = Mailbox(run), Mailbox(run)
    id = asker.post("save")
    assert asker.answer_of(id) is None
    assert training.take(at_once=True) == [Request(id, "save")]
    assert training.take(at_once=True) == []
    training.answer(id, True, "saved epoch-0001")
    training.answer(id, False, "something else")
    answer = asker.answer_of(id)
    assert answer is not None
    assert (answer.ok, answer.text) == (True, "saved epoch-0001")
    assert asker.post("save", id) == id, "known: not asked again"
    assert Mailbox(run).take(at_once=True) == [], "another kernel does not do it again"


def test_the_same_id_twice_is_one_request_and_the_order_is_that_of_asking(run: Path) -> None:
    asker = Mailbox(run)
    first = asker.post("stop", "ffffffff-0001")
    time.sleep(0.02)
    second = asker.post("save", "00000000-0002")
    assert asker.post("stop", first) == first
    assert [one.id for one in Mailbox(run).take(at_once=True)] == [first, second]


def test_taking_at_every_step_costs_nothing_and_makes_nothing(run: Path) -> None:
    training = Mailbox(run)
    assert training.take() == []
    assert not (run / MAILBOX).exists()
    started = time.perf_counter()
    for _ in range(10_000):
        training.take()
    assert time.perf_counter() - started < 0.5
    id = training.post("save")
    deadline = time.monotonic() + 5
    found: list[Request] = []
    while not found and time.monotonic() < deadline:
        found = training.take()
        time.sleep(0.01)
    assert found == [Request(id, "save")]
    assert deadline - time.monotonic() > 3.5, "seen after about half a second"


@pytest.mark.parametrize(
    "id", ["", "short", "../../../etc/x", "A" * 12, "a" * 65, "abcdefgh/..", "abcdefgh\n", "é" * 9]
)
def test_an_id_that_could_be_a_path_is_refused(run: Path, id: str) -> None:
    box = Mailbox(run)
    for call in (lambda: box.post("save", id), lambda: box.answer(id, True, ""), lambda: box.answer_of(id)):
        with pytest.raises(UsageProblem, match="request's id"):
            call()
    with pytest.raises(UsageProblem, match="cannot be asked"):
        box.post("rm -rf")


def test_hostile_files_are_as_if_they_were_not_there(run: Path, tmp_path: Path) -> None:
    id = Mailbox(run).post("save")
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"id": "aaaaaaaa", "verb": "stop", "ok": True, "text": "secret"}))
    put(run, "bbbbbbbb.request.json", "[" * 100_000)
    put(run, "cccccccc.request.json", b"\xff\x00")
    put(run, "dddddddd.request.json", json.dumps({"id": "dddddddd", "verb": "delete"}))
    put(run, "eeeeeeee.request.json", json.dumps({"id": "other-id-9", "verb": "stop"}))
    put(run, "ffffffff.request.json", json.dumps({"id": "ffffffff", "verb": "stop", "pad": "x" * 10_000}))
    put(run, "11111111.request.json", json.dumps({"id": "11111111", "verb": ["stop"]}).replace('["stop"]', "[[]]"))
    put(run, "..request.json", "{}")
    put(run, "22222222.answer.json", json.dumps({"ok": "yes", "text": {}}))
    for kind in ("request", "answer"):
        (run / MAILBOX / f"aaaaaaaa.{kind}.json").symlink_to(secret)
    (run / MAILBOX / "99999999.request.json").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(run / MAILBOX / "88888888.request.json")
    box = Mailbox(run)
    assert box.take(at_once=True) == [Request(id, "save")]
    assert box.answer_of("aaaaaaaa") is None
    assert box.answer_of("22222222") is None
    assert secret.exists()


def test_a_mailbox_that_is_a_link_is_not_followed(run: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "aaaaaaaa.request.json").write_text(json.dumps({"id": "aaaaaaaa", "verb": "stop"}))
    (run / MAILBOX).symlink_to(elsewhere)
    box = Mailbox(run)
    assert box.take(at_once=True) == []
    with pytest.raises(StoreError, match="cannot be used"):
        box.post("save")
    with pytest.raises(StoreError, match="cannot be used"):
        box.answer("aaaaaaaa", True, "")
    assert [one.name for one in elsewhere.iterdir()] == ["aaaaaaaa.request.json"]


def test_a_run_that_is_a_link_or_away_is_refused(run: Path) -> None:
    link = run.parent / "run-2"
    link.symlink_to(run)
    for folder in (link, run.parent / "gone"):
        with pytest.raises(StoreError):
            Mailbox(folder).post("save")
        assert Mailbox(folder).take(at_once=True) == []
    assert not (run.parent / "gone").exists()


def test_old_requests_are_not_obeyed_and_old_answers_not_kept(run: Path) -> None:
    asker = Mailbox(run)
    id = asker.post("stop")
    request = run / MAILBOX / f"{id}.request.json"
    old = time.time() - 601
    os.utime(request, (old, old))
    assert Mailbox(run).take(at_once=True) == []
    assert not request.exists()
    answer = put(run, "aaaaaaaa.answer.json", json.dumps({"ok": True, "text": ""}))
    os.utime(answer, (old, old))
    theirs = put(run, "their-file.txt", "x")
    os.utime(theirs, (old, old))
    asker.post("save")
    assert not answer.exists()
    assert theirs.exists(), "not ours"


def test_a_request_can_be_taken_back(run: Path) -> None:
    box = Mailbox(run)
    id = box.post("stop")
    assert box.withdraw(id)
    assert Mailbox(run).take(at_once=True) == []
    done = box.post("save")
    box.answer(done, True, "saved")
    assert not box.withdraw(done), "too late: it was answered"


def test_no_request_is_ever_seen_half_written(run: Path) -> None:
    posting = (
        "import sys; from pathlib import Path; from jupyter_ckpt.store.mailbox import Mailbox\n"
        "box = Mailbox(Path(sys.argv[1]))\n"
        "for _ in range(200): box.post('save')\n"
    )
    (run / MAILBOX).mkdir()
    with subprocess.Popen([sys.executable, "-c", posting, str(run)]) as poster:
        training, found = Mailbox(run), 0
        while poster.poll() is None or found < 200:
            found += len(training.take(at_once=True))
            if poster.poll() not in (None, 0):
                break
    assert found == 200
    assert not [one for one in (run / MAILBOX).iterdir() if one.suffix == ".tmp"]


def test_it_needs_no_torch() -> None:
    code = "import sys, jupyter_ckpt.store.mailbox; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
