"""The kernel's side of the wire to the page: what a notebook's page is told, and what it asks.

Nothing here is needed for saving or resuming, and nothing in it waits for a page or fails with one. Outside a kernel
nothing happens at all. Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_ckpt.page.hub import Hub

_hub: Hub | None = None


def open_page(shell: Any) -> None:
    """Begin to talk to the pages of this kernel; does nothing outside a kernel, or when it was done."""
    global _hub
    if _hub is not None or not hasattr(shell, "kernel"):
        return
    try:
        import comm  # noqa: F401 - kernels bring it
    except ImportError:
        return
    from jupyter_ckpt.page.hub import Hub

    _hub = Hub(shell)
    _hub.open()


def close_page() -> None:
    """Stop it; nothing of it is left running."""
    global _hub
    hub, _hub = _hub, None
    if hub is not None:
        hub.close()


def is_cell_running() -> bool:
    """True while this kernel executes a cell; as far as it is known."""
    return _hub is not None and _hub.is_running


__all__ = ["close_page", "is_cell_running", "open_page"]
