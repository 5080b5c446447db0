"""``jupyter ckpt`` (and ``jupyter-ckpt``): the verbs that need no live objects, from a shell. Imports no torch."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_ckpt.errors import CkptError

PREFIX = "jupyter ckpt"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments without the program's name.

    Returns
    -------
    int
        0 when all went well, 1 when something is wrong with a checkpoint, 2 for a user's mistake or a failure.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return _run(words)
    except CkptError as error:
        print(f"{PREFIX}: {_for_a_shell(str(error))}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `jupyter ckpt list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"{PREFIX}: stopped", file=sys.stderr)
        return 130


def _run(words: list[str]) -> int:
    from jupyter_ckpt.commands import HelpWanted, execute
    from jupyter_ckpt.errors import UsageProblem

    if words and words[0] in ("--version", "-V"):
        from jupyter_ckpt import __version__

        print(__version__)
        return 0
    if words and words[0] in ("enable", "disable"):
        from jupyter_ckpt.session.profile import disable, enable

        if len(words) > 1:
            raise UsageProblem(f"`{PREFIX} {words[0]}` takes no arguments")
        print(enable() if words[0] == "enable" else disable())
        return 0
    store, notebook, words = _where(words)
    try:
        answer, args = execute(_session(store, notebook), words, PREFIX, kernel=False)
    except HelpWanted as wanted:
        print(wanted)
        if not words or words[0] in ("-h", "--help", "help"):
            print(_MORE)
        return 0
    if getattr(args, "json", False):
        print(json.dumps(answer.data, indent=1, default=str, ensure_ascii=False))
    elif answer.view is not None:
        print(_for_a_shell(answer.view.text))
    return 1 if answer.failed else 0


def _for_a_shell(text: str) -> str:
    """Advice names the notebook's magic; here the same verb is typed otherwise."""
    return text.replace("%ckpt ", f"{PREFIX} ")


_MORE = f"""
Before the verb: --store PATH (default: the safest volume, as in the notebook), --notebook PATH (whose runs are meant;
default: all in the store). `{PREFIX} enable` loads the extension in every kernel of yours, `disable` undoes it."""


def _where(words: list[str]) -> tuple[str | None, str | None, list[str]]:
    """``--store`` and ``--notebook`` may stand anywhere."""
    parser = argparse.ArgumentParser(prog=PREFIX, add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--store")
    parser.add_argument("--notebook")
    try:
        args, rest = parser.parse_known_args(words)
    except (argparse.ArgumentError, SystemExit) as error:
        from jupyter_ckpt.errors import UsageProblem

        raise UsageProblem(f"{error}") from None
    return args.store, args.notebook, rest


def _session(store: str | None, notebook: str | None) -> Any:
    from jupyter_ckpt.errors import UnknownName
    from jupyter_ckpt.session.origin import Origin
    from jupyter_ckpt.session.shell import ShellSession

    if store is not None and not os.path.isdir(os.path.expanduser(store)):
        raise UnknownName(f"--store {store}: no such folder")
    origin = Origin("folder", os.getcwd())
    if notebook is not None:
        path = os.path.abspath(notebook)
        if not os.path.isfile(path):
            raise UnknownName(f"--notebook {notebook}: no such file")
        origin = Origin("notebook" if path.endswith(".ipynb") else "script", path)
    session = ShellSession(store, origin=origin)
    session.watch = _watch
    return session


@contextlib.contextmanager
def _watch(label: str, total: int) -> Iterator[Any]:
    from jupyter_ckpt.display.progress import Progress

    with Progress(label, total) as progress:
        yield progress


if __name__ == "__main__":
    raise SystemExit(main())
