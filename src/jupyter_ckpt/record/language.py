"""The language of a record: a setting, else the locale."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, get_args

from jupyter_ckpt.errors import UsageProblem

Language = Literal["en", "zh_CN"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
VARIABLE = "JUPYTER_CKPT_LANGUAGE"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def default_language(environ: Mapping[str, str] | None = None) -> Language:
    """What ``JUPYTER_CKPT_LANGUAGE`` says, else the locale; English for any other language.

    Parameters
    ----------
    environ : mapping, optional
        The process's own by default.
    """
    environ = os.environ if environ is None else environ
    for name in (VARIABLE, *_LOCALE):
        text = environ.get(name, "")
        if text:  # the first that is set decides, as in POSIX
            return known_language(text) or "en"
    return "en"


def known_language(text: str | None) -> Language | None:
    """``zh_CN.UTF-8``, ``zh-Hans``, ``zh`` → ``zh_CN``; ``en_GB`` → ``en``; None for other languages."""
    plain = (text or "").partition(".")[0].partition("@")[0].replace("-", "_").lower()
    if plain.startswith("zh") and not plain.startswith(("zh_tw", "zh_hk", "zh_mo", "zh_hant")):
        return "zh_CN"
    return "en" if plain.partition("_")[0] == "en" else None


def language_named(text: str) -> Language:
    """The language that a user typed.

    Raises
    ------
    UsageProblem
        When it is none of ours.
    """
    found = known_language(text)
    if found is None:
        raise UsageProblem(f"--language {text[:40]}: there are {' and '.join(LANGUAGES)}")
    return found
