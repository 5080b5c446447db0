"""What the panel's buttons do, each through the session, as the verbs of ``%ckpt`` do."""

from __future__ import annotations

import re
import shlex
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import UnknownName, UsageProblem
from jupyter_ckpt.page import is_cell_running
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.sizes import size_text
from jupyter_ckpt.widget.rows import status_html
from jupyter_ckpt.widget.threads import on_main_thread

if TYPE_CHECKING:
    from jupyter_ckpt.widget.panel import Panel

_RESUMES = re.compile(r"^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*%ckpt[ \t]+resume\b", re.MULTILINE)
_BUSY = "a cell is running: resume when it has ended, or press Stop first"


class Actions:
    """The buttons of one panel.

    Parameters
    ----------
    panel : Panel
        Theirs.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._asked: Callable[[], None] | None = None
        self._deleted: list[str] = []

    def wire(self) -> None:
        """Let each button do what it says."""
        parts = self._panel.parts
        for button, do in (
            (parts.save_now, self._save_now),
            (parts.stop, self._stop),
            (parts.resume, self._resume),
            (parts.compare, self._compare),
            (parts.pin, self._pin),
            (parts.verify, self._verify),
            (parts.delete, self._delete),
            (parts.undo, self._undo),
            (parts.tag, self._tag),
            (parts.note, self._note),
            (parts.export, self._export),
            (parts.yes, self._yes),
            (parts.no, self._no),
        ):
            button.on_click(lambda _, do=do: self._panel.guarded(do))

    @property
    def _session(self) -> Any:
        return self._panel.session

    # -- while it trains -----------------------------------------------------------------------------------------

    def _save_now(self) -> None:
        if self._ask_training("save"):
            return

        def save() -> None:
            if is_cell_running():  # one began meanwhile
                self._ask_training("save")
                return
            receipt = self._session.save()
            self._panel.refresh()
            self._panel.say(f"Saved {receipt.record.ref}.")

        self._on_main_thread(save)

    def _stop(self) -> None:
        if not self._ask_training("stop"):
            self._panel.say("No cell is running, so there is nothing to stop.")

    def _ask_training(self, verb: str) -> bool:
        """Ask the cell that runs; False when none does."""
        if not is_cell_running():
            return False
        self._panel.say("Asked: it is done at the next boundary of the training.")
        self._session.requests.ask(verb, uuid.uuid4().hex, lambda ok, text: self._panel.say(_sentence(text)))
        return True

    # -- resume --------------------------------------------------------------------------------------------------

    def _resume(self) -> None:
        one = self._one("Resume")
        if is_cell_running():
            raise UsageProblem(_BUSY)
        undone = self._session.would_undo()
        held = next((c for c in self._panel.found if c.ref == self._session.held), None)
        if held is not None and held.time > one.time:
            undone = [*undone, f"in memory is {held.ref}, which is newer (it stays on disk)"]
        if undone:
            self._ask(f"Resume {one.ref}? {'; '.join(undone)}.", lambda: self._resume_now(one))
        else:
            self._resume_now(one)

    def _resume_now(self, one: Checkpoint) -> None:
        def resume() -> None:
            from jupyter_ckpt.display.receipts import resume_view

            if is_cell_running():
                raise UsageProblem(_BUSY)
            receipt = self._session.resume(one.ref)
            name = _epoch_variable(self._session.namespace)
            self._session.namespace[name] = receipt.next_epoch
            self._panel.refresh()
            self._panel.say(f"Resumed {one.ref}: the training goes on with epoch {receipt.next_epoch} ({name}).")
            self._panel.parts.details.value = resume_view(receipt).html

        self._on_main_thread(resume)

    def _on_main_thread(self, do: Callable[[], None]) -> None:
        """Live objects are touched only where cells are executed."""
        on_main_thread(self._panel.shell, lambda: self._panel.guarded(do))

    # -- the others ----------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        from jupyter_ckpt.display.diff import diff_view

        chosen = self._panel.chosen
        if len(chosen) != 2:
            raise UsageProblem("Compare: choose two rows (Ctrl or Cmd and a click)")
        found = self._session.diff(chosen[1].ref, chosen[0].ref)
        self._panel.parts.details.value = diff_view(found).html
        self._panel.say(f"{chosen[1].ref} and {chosen[0].ref}, compared.")

    def _pin(self) -> None:
        chosen = self._some("Pin")
        pinned = all(one.pinned for one in chosen)
        for one in chosen:
            self._session.unpin(one.ref) if pinned else self._session.pin(one.ref)
        self._done("Unpinned" if pinned else "Pinned", chosen)

    def _verify(self) -> None:
        chosen = self._some("Verify")
        bad = [(one, why) for each in chosen for one, why in self._session.verify(each.ref) if why]
        self._panel.refresh()
        problems = "; ".join(f"{one.ref} is damaged: {', '.join(why)}" for one, why in bad)
        self._panel.say(problems or f"Verified {_names(chosen)}: every byte is as it was saved.")

    def _tag(self) -> None:
        chosen, words = self._some("Tag"), _split(self._words("Tag"))
        for one in chosen:
            self._session.tag(one.ref, *words)
        self._done("Tagged", chosen)

    def _note(self) -> None:
        one, words = self._one("Note"), self._words("Note")
        self._session.note(one.ref, words)
        self._done("Wrote the note of", [one])

    def _export(self) -> None:
        one, words = self._one("Export"), self._words("Export")
        done = self._session.export(one.ref, words)
        self._panel.say(f"Wrote {done.path} ({size_text(done.bytes)}) from {one.ref}.")

    def _delete(self) -> None:
        chosen = self._some("Delete")
        size = size_text(sum(one.size for one in chosen))
        self._ask(f"Delete {_names(chosen)} ({size})? Undo brings it back.", lambda: self._delete_now(chosen))

    def _delete_now(self, chosen: Sequence[Checkpoint]) -> None:
        self._deleted = []
        try:
            for one in chosen:
                self._session.rm(one.ref)
                self._deleted.append(one.ref)
        finally:
            self._panel.refresh()
            self._panel.parts.show(self._panel.parts.undo, bool(self._deleted))
        self._panel.say(f"Deleted {_names(chosen)}.")

    def _undo(self) -> None:
        back = [self._session.undo(ref) for ref in self._deleted]
        self._deleted = []
        self._panel.parts.show(self._panel.parts.undo, False)
        self._done("Brought back", back)

    # -- questions -----------------------------------------------------------------------------------------------

    def _ask(self, question: str, then: Callable[[], None]) -> None:
        self._asked = then
        self._panel.parts.question.value = status_html(question)
        self._panel.parts.show(self._panel.parts.ask, True)

    def _yes(self) -> None:
        then = self._asked
        self._no()
        if then is not None:
            then()

    def _no(self) -> None:
        self._asked = None
        self._panel.parts.show(self._panel.parts.ask, False)

    def _done(self, what: str, chosen: Sequence[Checkpoint]) -> None:
        self._panel.refresh()
        self._panel.say(f"{what} {_names(chosen)}.")

    def _some(self, what: str) -> list[Checkpoint]:
        chosen = self._panel.chosen
        if not chosen:
            raise UsageProblem(f"{what}: choose a row first")
        return chosen

    def _one(self, what: str) -> Checkpoint:
        chosen = self._some(what)
        if len(chosen) > 1:
            raise UsageProblem(f"{what}: choose one row only")
        return chosen[0]

    def _words(self, what: str) -> str:
        words = str(self._panel.parts.words.value).strip()
        if not words:
            raise UnknownName(f"{what}: type into Words first")
        return words


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text.replace(",", " "))
    except ValueError:  # an open quote
        return text.split()


def _names(chosen: Sequence[Checkpoint]) -> str:
    return chosen[0].ref if len(chosen) == 1 else f"{len(chosen)} training checkpoints"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _epoch_variable(names: Mapping[str, Any]) -> str:
    """The name that this notebook's cells give to the epoch to go on with, as in ``begin = %ckpt resume``."""
    cells = names.get("In")
    for cell in reversed(cells if isinstance(cells, list) else []):
        found = _RESUMES.search(cell) if isinstance(cell, str) else None
        if found:
            return found[1]
    return "start_epoch"
