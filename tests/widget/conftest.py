"""The page of `tests/page`, for clicks on widgets."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "page"))

from opened import notebook, page

__all__ = ["notebook", "page"]
