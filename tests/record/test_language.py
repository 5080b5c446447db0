"""The language of a record."""

from __future__ import annotations

import pytest

from jupyter_ckpt.errors import UsageProblem
from jupyter_ckpt.record.language import default_language, language_named


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US", "JUPYTER_CKPT_LANGUAGE": "zh-Hans"}, "zh_CN"),
        ({"LANG": "zh_CN", "JUPYTER_CKPT_LANGUAGE": "en"}, "en"),
    ],
)
def test_setting_then_locale(environ: dict[str, str], language: str) -> None:
    assert default_language(environ) == language


def test_an_unknown_language_is_told() -> None:
    assert language_named("zh") == "zh_CN"
    with pytest.raises(UsageProblem, match="there are en and zh_CN"):
        language_named("fr")
