"""Which folder becomes the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.session.origin import Origin
from jupyter_ckpt.session.store_choice import DEFAULT_FOLDER, StoreChoice, choose_store
from jupyter_ckpt.session.store_memory import POINTER_FILE, forget, recall, remember, user_file


@pytest.fixture
def notebook(tmp_path: Path) -> Origin:
    return Origin("notebook", str(tmp_path / "work" / "train.ipynb"))


def test_what_is_given_is_taken(notebook: Origin, tmp_path: Path) -> None:
    choice = choose_store(tmp_path / "mine", notebook, {"JUPYTER_CKPT_STORE": str(tmp_path / "other")})
    assert choice.path == tmp_path / "mine"
    assert choice.how == "given"


def test_a_relative_folder_is_meant_from_the_notebook(notebook: Origin, tmp_path: Path) -> None:
    assert choose_store("saves", notebook, {}).path == tmp_path / "work" / "saves"


def test_the_environment_says_it_for_all_notebooks(notebook: Origin, tmp_path: Path) -> None:
    choice = choose_store(None, notebook, {"JUPYTER_CKPT_STORE": str(tmp_path / "env")})
    assert (choice.path, choice.how) == (tmp_path / "env", "environment")


def test_a_choice_is_remembered_for_the_notebook_and_its_folder(notebook: Origin, tmp_path: Path) -> None:
    store = tmp_path / "chosen"
    store.mkdir()
    remember(notebook, store)
    assert choose_store(None, notebook, {}).path == store
    renamed = Origin("notebook", str(tmp_path / "work" / "train-v2.ipynb"))
    assert choose_store(None, renamed, {}).path == store
    assert choose_store(None, Origin("folder", str(tmp_path / "work")), {}).path == store, "the shell"
    other = Origin("notebook", str(tmp_path / "other.ipynb"))
    assert choose_store(None, other, {}).path != store
    forget(notebook)
    assert recall(notebook) is None


def test_a_remembered_store_that_is_not_there_is_said(notebook: Origin, tmp_path: Path) -> None:
    gone = tmp_path / "volume" / "store"
    gone.mkdir(parents=True)
    remember(notebook, gone)
    gone.rmdir()
    choice = choose_store(None, notebook, {})
    assert choice.path != gone
    assert any(str(gone) in line and "mounted" in line for line in choice.warnings)


def test_the_volume_itself_remembers_when_the_users_folder_is_gone(notebook: Origin, tmp_path: Path) -> None:
    store = tmp_path / "chosen"
    store.mkdir()
    (tmp_path / POINTER_FILE).write_text(
        '{"format": 1, "stores": {"notebook:%s": "chosen"}}' % notebook.path  # noqa: UP031
    )
    assert not user_file().exists()
    assert recall(notebook, [tmp_path]) == store


@pytest.mark.parametrize("text", ["../outside", "/etc", "not-there", 7, None])
def test_a_pointer_file_leads_nowhere_but_into_its_volume(notebook: Origin, tmp_path: Path, text: object) -> None:
    import json

    (tmp_path / "outside").mkdir()
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / POINTER_FILE).write_text(json.dumps({"stores": {f"notebook:{notebook.path}": text}}))
    assert recall(notebook, [volume]) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"stores": []}', "\x00"])
def test_a_damaged_memory_is_no_memory(notebook: Origin, content: str) -> None:
    user_file().parent.mkdir(parents=True)
    user_file().write_text(content)
    assert recall(notebook) is None


def test_a_file_is_no_store(notebook: Origin, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageProblem, match="is a file"):
        choose_store(tmp_path / "file", notebook)


def test_an_address_is_no_store(notebook: Origin) -> None:
    with pytest.raises(UsageProblem, match="a store is a folder"):
        choose_store("s3://bucket/x", notebook)


def test_without_a_word_something_is_found_and_its_safety_is_told(notebook: Origin, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    choice = choose_store(None, notebook, {})
    assert isinstance(choice, StoreChoice)
    assert choice.path.name == DEFAULT_FOLDER
    assert choice.is_safe or choice.warnings, "what is not safe must be said"


def test_a_volume_that_gives_no_answer_is_not_written_to() -> None:
    from jupyter_ckpt.session.store_choice import _best
    from jupyter_ckpt.volumes import Assessment, Candidate, Durability

    def volume(path: str, durability: Durability, writable: bool | None) -> Candidate:
        about = Assessment(path, durability, path, "nfs4", "server:/x", False, "why")
        return Candidate(path, about, 1, 1, 1, True, writable, None, None, "why")

    hanging = volume("/hangs", Durability.PERSISTENT, None)
    local = volume("/local", Durability.EPHEMERAL, True)
    assert _best([hanging, local]) is local
    assert _best([hanging]) is hanging
    assert _best([volume("/ro", Durability.PERSISTENT, False)]) is None
