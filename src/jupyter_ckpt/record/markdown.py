"""An experiment as lines of Markdown, by the user's template or ours."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.record.escaping import plain
from jupyter_ckpt.record.experiment import Experiment
from jupyter_ckpt.record.language import Language
from jupyter_ckpt.record.merge import Line
from jupyter_ckpt.record.phrases import TEMPLATES, Words
from jupyter_ckpt.record.template import Template, read_template
from jupyter_ckpt.record.values import VALUE_NAMES, values_of

__all__ = ["Line", "lines_of", "text_of"]


def lines_of(experiment: Experiment, language: Language = "en", template: Template | None = None) -> list[Line]:
    """The record of an experiment.

    Parameters
    ----------
    experiment : Experiment
        What is known of it.
    language : {"en", "zh_CN"}
        Of our words.
    template : Template, optional
        By default the user's own, else ours. When the user's is wrong, ours is used and the last line says why.

    Returns
    -------
    list of Line
        Each with a key that is its own in the record and stays the same from one version to the next.
    """
    words = Words(language)
    problem = ""
    if template is None:
        try:
            template = read_template(language, VALUE_NAMES)
        except UsageProblem as error:
            problem = str(error)
    if template is None:
        template = Template.parse(TEMPLATES[language], VALUE_NAMES)
    lines = template.render(values_of(experiment, words))
    if problem:
        lines += [Line("problem_gap", ""), Line("problem", f"*{words('problem', why=plain(problem))}*")]
    return lines


def text_of(lines: Iterable[Line]) -> str:
    """The lines as one text."""
    return "\n".join(line.text for line in lines)
