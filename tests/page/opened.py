"""A notebook with a kernel and an open page, for `tests/page` and for the clicks of `tests/widget`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from trained import SETUP, Notebook

from page import Page


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    made = Notebook(tmp_path / "root")
    yield made
    made.close()


@pytest.fixture
def page(notebook: Notebook) -> Iterator[Page]:
    """Its page, with the extension loaded and a model made."""
    with Page(notebook.kernel) as opened:
        opened.run(SETUP, "cell-0")
        opened.seen.clear()
        yield opened
