"""The verb record: what a person reads about an experiment, here or as cells of a notebook."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ckpt.commands.looking import json_option
from jupyter_ckpt.commands.verb import Answer, Parser, Verb
from jupyter_ckpt.errors import UnknownName, UsageProblem

if TYPE_CHECKING:
    from jupyter_ckpt.record.language import Language
    from jupyter_ckpt.record.template import Template
    from jupyter_ckpt.session.store_reader import StoreReader


def _options(parser: Parser) -> None:
    parser.add_argument("file", nargs="?", metavar="NOTEBOOK", help="write into this closed notebook instead")
    parser.add_argument("--run", metavar="RUN", help="the run (its beginning is enough; default: the present one)")
    parser.add_argument("--language", metavar="LANG", help="en or zh_CN (default: JUPYTER_CKPT_LANGUAGE, the locale)")
    parser.add_argument("--template", metavar="FILE", help="what it looks like; --template default shows ours")
    parser.add_argument("--text", action="store_true", help="the Markdown itself, to be copied")
    parser.add_argument("--all", action="store_true", help="all runs of NOTEBOOK, not only the newest")
    parser.add_argument("--dry-run", action="store_true", help="show what would change in NOTEBOOK, change nothing")
    parser.add_argument("--force", action="store_true", help="also when it cannot be known that NOTEBOOK is closed")
    json_option(parser)


def _record(session: StoreReader, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.record.language import default_language, language_named

    language = language_named(args.language) if args.language else default_language()
    if args.template == "default":
        from jupyter_ckpt.record.phrases import TEMPLATES

        text = TEMPLATES[language].rstrip("\n")
        return Answer(
            _as_code("jupyter_ckpt/record-template.md in the Jupyter configuration folder", text), data=text
        )
    template = _template(args.template)
    if args.file is not None:
        return _write(session, args, language, template)
    if args.dry_run or args.force or args.all:
        raise UsageProblem("--dry-run, --force and --all are for a notebook: which one? As in `record train.ipynb`")
    return _show(session, args, language, template)


def _show(session: StoreReader, args: argparse.Namespace, language: Language, template: Template | None) -> Answer:
    from jupyter_ckpt.display.record import record_view
    from jupyter_ckpt.record.experiment import read_experiment
    from jupyter_ckpt.record.markdown import lines_of, text_of

    experiment = read_experiment(_folder(session, args.run))
    lines = lines_of(experiment, language, template)
    text = text_of(lines)
    data = {
        "run": experiment.run,
        "rev": experiment.rev,
        "lines": [{"key": line.key, "text": line.text} for line in lines],
        "markdown": text,
    }
    return Answer(_as_code(experiment.run, text) if args.text else record_view(text), data=data)


def _write(session: StoreReader, args: argparse.Namespace, language: Language, template: Template | None) -> Answer:
    from jupyter_ckpt.display.record import recorded_view
    from jupyter_ckpt.record.notebook import record_notebook
    from jupyter_ckpt.record.notebook_file import read_notebook
    from jupyter_ckpt.session.recording import runs_of_notebook

    path = Path(os.path.expanduser(args.file))
    given = session.choice.path if session.choice.how == "given" else None
    found = runs_of_notebook(read_notebook(path), given, run=args.run, every=args.all)
    done = record_notebook(
        path,
        found.experiments,
        language=language,
        template=template,
        dry_run=args.dry_run,
        force=args.force,
        bring_back=args.run is not None,
    )
    data = {
        "path": str(done.path),
        "added": done.added,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "kept_away": done.kept_away,
        "dry_run": args.dry_run,
    }
    return Answer(recorded_view(done, [str(store) for store in found.stores], dry_run=args.dry_run), data=data)


def _folder(session: StoreReader, run: str | None) -> Path:
    """The run that is meant: named, the present one, else the newest."""
    if run is not None:
        return session.folder_of(run)
    if session.run_id is not None:
        return session.folder_of(session.run_id)
    runs = session.runs()
    if not runs:
        raise UnknownName(f"there is no run yet in {session.store}: the record begins with the first save")
    return runs[0].folder


def _template(given: str | None) -> Template | None:
    from jupyter_ckpt.record.template import load_template
    from jupyter_ckpt.record.values import VALUE_NAMES

    return None if given is None else load_template(Path(os.path.expanduser(given)), VALUE_NAMES)


def _as_code(caption: str, text: str) -> Any:
    from jupyter_ckpt.display.blocks import Code
    from jupyter_ckpt.display.view import render

    return render([Code(caption, text)])


VERBS = (
    Verb(
        "record",
        "What a person reads about the experiment: model, settings, results, as Markdown.",
        [
            ("", "of the present run"),
            ("--language zh_CN", "in Chinese"),
            ("--text", "the Markdown, to be copied"),
            ("train.ipynb --dry-run", "show what would be written into a closed notebook"),
            ("train.ipynb", "one cell per run under the cell that trains; your own words in it stay"),
            ("--template default", "what a template looks like"),
        ],
        _options,
        _record,
    ),
)
