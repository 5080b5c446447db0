"""One verb of ``%ckpt`` and ``jupyter ckpt``: its options, its examples, and what it does with a session."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.store.catalog import close_matches

if TYPE_CHECKING:
    from jupyter_ckpt.display.view import View
    from jupyter_ckpt.session.background import InFlight


class HelpWanted(Exception):
    """``-h`` was given; ``str()`` of it is the help."""


@dataclass(frozen=True)
class Answer:
    """What a verb gives back.

    Parameters
    ----------
    view : View or None
        To be shown.
    value : Any
        What an assignment gets: ``start_epoch = %ckpt resume``.
    data : Any
        Plain JSON for ``--json``; None when the verb has none.
    failed : bool
        Something is wrong although the verb did its work (a verification found damage): the shell's exit code.
    in_flight : InFlight, optional
        What is still being written, and will have more to show.
    """

    view: View | None = None
    value: Any = None
    data: Any = None
    failed: bool = False
    in_flight: InFlight | None = None


@dataclass(frozen=True)
class Verb:
    """A verb.

    Parameters
    ----------
    name : str
        As typed.
    help : str
        One line.
    examples : sequence of (str, str)
        What to type after the verb, and what it does.
    options : callable
        Adds the options to a parser.
    run : callable
        Does the work on a session.
    needs_kernel : bool
        Works on live objects, so it is no subcommand of the shell.
    """

    name: str
    help: str
    examples: Sequence[tuple[str, str]]
    options: Callable[[Parser], None]
    run: Callable[[Any, argparse.Namespace], Answer]
    needs_kernel: bool = False

    def parser(self, prefix: str) -> Parser:
        """The parser of its arguments; ``prefix`` is ``%ckpt`` or ``jupyter ckpt``."""
        width = max((len(typed) for typed, _ in self.examples), default=0)
        lines = [f"  {prefix} {self.name} {typed.ljust(width)}   {what}".rstrip() for typed, what in self.examples]
        parser = Parser(
            prog=f"{prefix} {self.name}",
            description=self.help,
            epilog="examples:\n" + "\n".join(lines) if lines else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
        )
        parser.add_argument("-h", "--help", action=_Help, nargs=0, help="show this")
        self.options(parser)
        return parser


class Parser(argparse.ArgumentParser):
    """Raises instead of printing and leaving the process."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            message += self._near(message) or "; what has spaces needs quotes"
        raise UsageProblem(f"{self.prog}: {message} (`{self.prog} -h` has examples)")

    def _near(self, message: str) -> str:
        """What was probably meant by an option that does not exist."""
        unknown = [word for word in message.partition(": ")[2].split() if word.startswith("-")]
        flags = [flag for action in self._actions for flag in action.option_strings]
        return close_matches(unknown[0], flags) if unknown else ""

    def print_help(self, file: Any = None) -> NoReturn:
        raise HelpWanted(self.format_help())


class _Help(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        parser.print_help()


def key_values(words: Sequence[str], what: str) -> tuple[dict[str, str], list[str]]:
    """``["loss=0.3", "acc"]`` → values given, and names to be read.

    Raises
    ------
    UsageProblem
        For ``=0.3`` and ``loss=``.
    """
    given, names = {}, []
    for word in words:
        name, equals, value = word.partition("=")
        if not name or (equals and not value):
            raise UsageProblem(f"{what} {word!r}: write NAME=VALUE, or NAME to read a variable")
        if equals:
            given[name] = value
        else:
            names.append(name)
    return given, names
