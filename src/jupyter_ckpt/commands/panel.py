"""The verb panel: the widget for pages without the extension."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from jupyter_ckpt.commands.verb import Answer, Parser, Verb

if TYPE_CHECKING:
    from jupyter_ckpt.session.checkpointer import Checkpointer


def _options(parser: Parser) -> None:
    """None."""


def _panel(session: Checkpointer, args: argparse.Namespace) -> Answer:
    from jupyter_ckpt.widget import panel_of

    return Answer(value=panel_of(session))


VERBS = (
    Verb(
        "panel",
        "Runs, metric chart, checkpoints and actions as a widget, for VS Code, Colab and other pages.",
        [("", "needs ipywidgets")],
        _options,
        _panel,
        needs_kernel=True,
    ),
)
