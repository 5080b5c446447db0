"""Trying a folder: what is reported, and that nothing is ever left behind."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from jupyter_ckpt.volumes import probe as probing
from jupyter_ckpt.volumes.probe import PREFIX, try_folder


def test_an_ordinary_folder(tmp_path):
    found = try_folder(str(tmp_path))
    assert (found.writable, found.rename, found.random_writes, found.problem) == (True, True, True, "")
    assert found.free_bytes is not None
    assert found.total_bytes is not None
    assert 0 < found.free_bytes <= found.total_bytes
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("call", ["write", "fsync", "rename", "unlink", "open", "lseek", "close"])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ENOSYS])
def test_nothing_is_left_behind_whatever_fails(tmp_path, monkeypatch, call, code):
    real = getattr(os, call)
    failed = []

    def fail(*args, **kwargs):
        # once: a second unlink must be able to clean up, as a second close must not be needed
        if not failed:
            failed.append(call)
            if call in ("close", "unlink"):
                real(*args, **kwargs)
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    monkeypatch.setattr(probing.os, call, fail)
    found = try_folder(str(tmp_path))
    monkeypatch.undo()
    assert os.listdir(tmp_path) == []
    if call in ("write", "open", "close") or (call == "fsync" and code != errno.ENOSYS):
        assert found.writable is False
        assert found.problem
    else:
        assert found.writable is True
    if call == "rename":
        assert found.rename is False
        assert found.random_writes is True
    if call == "lseek":
        assert found.random_writes is False


def test_a_write_that_lies_is_found_out(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(probing.os, "write", lambda handle, data: real(handle, bytes(len(data))))
    assert try_folder(str(tmp_path)).writable is False
    assert os.listdir(tmp_path) == []


def test_giving_up_stops_between_steps(tmp_path, monkeypatch):
    cancelled = threading.Event()
    real = os.fsync
    monkeypatch.setattr(probing.os, "fsync", lambda handle: (cancelled.set(), real(handle)))
    found = try_folder(str(tmp_path), cancelled)
    assert found.writable is None
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_and_a_file(tmp_path):
    assert try_folder(str(tmp_path / "no")).writable is False
    (tmp_path / "file").write_text("x")
    assert try_folder(str(tmp_path / "file")).writable is False


def test_names_tell_whose_they_are(tmp_path, monkeypatch):
    seen = []
    real = os.rename
    monkeypatch.setattr(probing.os, "rename", lambda a, b: (seen.append(os.path.basename(a)), real(a, b)))
    try_folder(str(tmp_path))
    assert seen[0].startswith(f"{PREFIX}{os.getpid()}-")


def test_someone_elses_file_is_never_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(probing.secrets, "token_hex", lambda n: "ab" * n)
    mine = tmp_path / f"{PREFIX}{os.getpid()}-{'ab' * 6}"
    mine.write_text("not a probe's")
    assert try_folder(str(tmp_path)).writable is False
    assert mine.read_text() == "not a probe's"
