"""Which thread a click is handled in, and whether that can be while a cell trains.

JupyterLab (with a kernel that has subshells) asks for each widget's messages to be handled in a thread of their own.
ipykernel 7.4 does not do so for a widget that the kernel ever sent something: it hands its messages to the part of
the kernel that sent last, which for a widget made in a cell is the one that trains. A comm whose messages go where
the page asks undoes that (`let_page_choose`); where there is nothing to undo, nothing is touched.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

_ROUTE = "_reply_subshell_for"


def let_page_choose(comm: Any) -> bool:
    """Have a comm's messages handled where the page asks for it; True when something had to be done for that.

    Our widgets never wait for an answer of the page, which is what that routing is for.
    """
    if comm is None or not callable(getattr(comm, _ROUTE, None)):
        return False
    setattr(comm, _ROUTE, _as_asked)
    return True


def _as_asked(data: Any, default: str | None) -> str | None:
    return default


def works_while_training(shell: Any, namespace: Mapping[str, Any]) -> bool:
    """Whether clicks can be handled while a cell runs: the kernel has subshells, and the page is one that uses them.

    JupyterLab from 4.4 and Notebook from 7.4 do; VS Code and Colab do not.
    """
    kernel = getattr(shell, "kernel", None)
    if not getattr(kernel, "_supports_kernel_subshells", False):
        return False
    return "__vsc_ipynb_file__" not in namespace and "google.colab" not in sys.modules


def on_main_thread(shell: Any, do: Callable[[], None]) -> None:
    """Do something where cells are executed: now, or after the cell that runs."""
    loop = getattr(getattr(shell, "kernel", None), "io_loop", None)
    if threading.current_thread() is threading.main_thread() or loop is None:
        do()
    else:
        loop.add_callback(do)
