"""``%ckpt`` in IPython: thin, every verb is in `jupyter_ckpt.commands`. Loading it imports no torch."""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.utils.process import arg_split  # type: ignore[attr-defined]

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.receipt import Item, SaveReceipt

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import DisplayHandle

    from jupyter_ckpt.session.checkpointer import Checkpointer
    from jupyter_ckpt.session.unattended import Event

_OURS = re.compile(r"^\s*(?:[\w.,\s]+=\s*)?%ckpt(?:\s|$)")
PREFIX = "%ckpt"


@magics_class
class CkptMagics(Magics):
    """The ``%ckpt`` line magic.

    Parameters
    ----------
    shell : InteractiveShell
        Its ``user_ns`` is what is saved and restored.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._shown: tuple[int, Any] = (-1, None)

    @property
    def session(self) -> Checkpointer:
        """The notebook's session; made when first needed."""
        from jupyter_ckpt.session.current import current

        return current()

    def attend(self, session: Checkpointer) -> None:
        """Show what a session does: its progress, and what the loops save and resume by themselves."""
        session.watch = self._watch
        session.tell = self._tell

    @line_magic
    def ckpt(self, line: str) -> Any:
        """Training checkpoints that survive the container.

        Examples::

            %ckpt                                    where saves go, how safe that is, the last save
            start_epoch = %ckpt resume               0 the first time, the next epoch afterwards
            %ckpt save --metric loss acc             epoch and step are read from the notebook
            %ckpt list                               checkpoints with their metrics
            %ckpt keep --last 3 --best 1 --metric acc
            %ckpt storage                            every volume, and what it survives

        ``%ckpt -h`` lists all verbs, ``%ckpt VERB -h`` has options and examples.
        """
        from jupyter_ckpt.commands import HelpWanted, execute

        try:
            words = arg_split(line, posix=True, strict=False)
            answer, args = execute(self.session, words, PREFIX, kernel=True)
        except HelpWanted as wanted:
            print(wanted)
            return None
        except CkptError as error:
            raise UsageError(str(error)) from None
        if getattr(args, "json", False) and answer.data is not None:
            return answer.data
        if answer.view is not None:
            shown = self._show(answer.view, keep=not line.lstrip().startswith("save"))
            if shown is not None and answer.in_flight is not None:
                answer.in_flight.when_done(functools.partial(_show_outcome, shown))
        return answer.value

    def _show(self, view: Any, *, keep: bool) -> DisplayHandle | None:
        """Show a result; the saves of one cell share one place, so that a loop of thirty does not fill the page."""
        from IPython.display import display

        if self.shell is None:
            return None
        count = self.shell.execution_count
        if keep or not hasattr(self.shell, "kernel"):
            display(view)  # type: ignore[no-untyped-call]
            return None
        if self._shown[0] == count and self._shown[1] is not None:
            self._shown[1].update(view)
        else:
            self._shown = (count, display(view, display_id=True))  # type: ignore[no-untyped-call]
        handle: DisplayHandle | None = self._shown[1]
        return handle

    def _tell(self, event: Event) -> None:
        from jupyter_ckpt.display.notice import notice_view
        from jupyter_ckpt.display.receipts import resume_view, save_view
        from jupyter_ckpt.session.unattended import sentence

        if isinstance(event, CkptError):
            self._show(notice_view(f"warning: {event}"), keep=True)
        elif isinstance(event, Item):
            self._show(notice_view(f"warning: {sentence(event)}"), keep=True)
        elif isinstance(event, SaveReceipt):
            self._show(save_view(event), keep=False)
        else:
            self._show(resume_view(event), keep=True)

    @contextlib.contextmanager
    def _watch(self, label: str, total: int) -> Iterator[Any]:
        from jupyter_ckpt.display.progress import Progress

        with Progress(label, total) as progress:
            yield progress


def _show_outcome(shown: DisplayHandle, outcome: SaveReceipt | CkptError) -> None:
    """In the place where the save was announced."""
    from jupyter_ckpt.display.notice import notice_view
    from jupyter_ckpt.display.receipts import save_view

    view = save_view(outcome) if isinstance(outcome, SaveReceipt) else notice_view(f"warning: {outcome}")
    shown.update(view)  # type: ignore[no-untyped-call]


def complete(shell: InteractiveShell, event: Any) -> list[str]:
    """Tab after ``%ckpt``: verbs, options, runs, checkpoints, names of variables."""
    from jupyter_ckpt.commands.completion import completions
    from jupyter_ckpt.session.current import current

    text = event.text_until_cursor
    if not _OURS.match(text):
        return []
    try:
        found = completions(current(), text[text.index(PREFIX) + len(PREFIX) :])
        # IPython takes what follows a colon for a word of its own: of best:loss it wants loss
        before = text[: len(text) - len(event.symbol)] if text.endswith(event.symbol) else text
        known = len(re.split(r"\s", before)[-1])
        return [word[known:] for word in found]
    except (CkptError, OSError):
        return []  # a store that cannot be read has no names to offer


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext jupyter_ckpt``: the magic, its completion, and one line when the folder is not safe."""
    from jupyter_ckpt.page import open_page
    from jupyter_ckpt.session.current import attend_with
    from jupyter_ckpt.session.startup import storage_notice

    if "ckpt" in shell.magics_manager.magics["line"]:
        return
    magics = CkptMagics(shell)
    shell.register_magics(magics)
    attend_with(magics.attend)
    open_page(shell)
    shell.set_hook("complete_command", complete, re_key=_OURS.pattern)  # type: ignore[no-untyped-call]
    notice = storage_notice(shell.user_ns)
    if notice:
        print(notice, file=sys.stderr if not hasattr(shell, "kernel") else sys.stdout)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext jupyter_ckpt``: takes the magic away and lets go of the run."""
    from jupyter_ckpt.page import close_page
    from jupyter_ckpt.session.current import forget

    close_page()
    if "jupyter_ckpt.widget" in sys.modules:
        sys.modules["jupyter_ckpt.widget"].close_panels()
    shell.magics_manager.magics["line"].pop("ckpt", None)
    forget()
