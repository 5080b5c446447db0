"""A notebook with a kernel and an open page."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # what is imported here lies beside this

from opened import notebook, page

__all__ = ["notebook", "page"]
