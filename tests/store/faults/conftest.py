"""Shared by the fault tests; the modules that lie beside them are found through here."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
