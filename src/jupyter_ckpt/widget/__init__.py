"""The panel of training checkpoints as an ipywidgets widget: for VS Code, Colab and any page without the extension.

Only the stock widgets are used, so that it works wherever there are any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import UsageProblem

if TYPE_CHECKING:
    from jupyter_ckpt.widget.panel import Panel

_panels: list[Panel] = []


def panel_of(session: Any) -> Panel:
    """The panel of a session; made when first asked for.

    Raises
    ------
    UsageProblem
        When ipywidgets is not installed.
    """
    try:
        import ipywidgets  # noqa: F401
    except ImportError as error:
        raise UsageProblem(
            "the panel needs ipywidgets, which is not installed: `%pip install ipywidgets`, then restart the kernel"
            " and reload the page; `%ckpt list` shows the checkpoints without it"
        ) from error
    from jupyter_ckpt.widget.panel import Panel

    for panel in _panels:
        if panel.session is session and not panel.is_closed:
            return panel
    _panels[:] = [one for one in _panels if not one.is_closed]
    _panels.append(Panel(session))
    return _panels[-1]


def close_panels() -> None:
    """Close all of them; nothing of theirs listens any more."""
    for panel in _panels:
        panel.close()
    _panels.clear()


__all__ = ["close_panels", "panel_of"]
