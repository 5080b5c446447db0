"""The names that a user has defined: the notebook's, or those of the script that runs."""

from __future__ import annotations

import sys
from typing import Any


def user_namespace() -> dict[str, Any]:
    """The live dict of the user's names; changing it changes theirs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is not None:
        names: dict[str, Any] = shell.user_ns
        return names
    return vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}
