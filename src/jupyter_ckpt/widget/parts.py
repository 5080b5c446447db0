"""The stock widgets that the panel is made of, and how they lie."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

_WIDE = {"width": "calc(100% - 4px)"}  # their margins come on top


class Parts:
    """All widgets of one panel; names say what they are for."""

    def __init__(self) -> None:
        self.storage = widgets.HTML()
        self.save_now = _button("Save now", "Save after the batch at hand", "save")
        self.stop = _button("Stop", "Save after the batch at hand, then end the cell", "stop")
        self.refresh = _button("Refresh", "Read the store again", "refresh")
        self.hint = widgets.HTML()
        self.status = widgets.HTML()
        self.run = widgets.Dropdown(description="Run", layout=_WIDE)
        self.metric = widgets.Dropdown(description="Metric", layout=_WIDE)
        self.chart = widgets.HTML()
        self.filter = widgets.Text(
            description="Filter", placeholder="words of name, run, note, tags", continuous_update=False, layout=_WIDE
        )
        self.rows = widgets.SelectMultiple(description="Training checkpoints", rows=12, layout=_WIDE)
        self.rows.style.description_width = "0"
        self.newer = _button("Newer", "The page before", "arrow-left")
        self.older = _button("Older", "The page after", "arrow-right")
        self.place = widgets.HTML()
        self.resume = _button("Resume", "Put the training back to the chosen checkpoint", "play")
        self.compare = _button("Compare", "What differs between the two that are chosen", "exchange")
        self.pin = _button("Pin", "Keep it whatever the policy; again: not any more", "thumb-tack")
        self.verify = _button("Verify", "Re-read every byte of the chosen ones", "check")
        self.delete = _button("Delete", "Move the chosen ones to the trash", "trash")
        self.undo = _button("Undo", "Bring back what was deleted last", "undo")
        self.words = widgets.Text(
            description="Words", placeholder="tags, a note, or a file to export to", layout=_WIDE
        )
        self.tag = _button("Tag", "Put the words on the chosen ones as tags", "tag")
        self.note = _button("Note", "Write the words as the note of the chosen one", "pencil")
        self.export = _button("Export", "Write a stand-alone file of the chosen one", "download")
        self.question = widgets.HTML()
        self.yes = _button("Yes", "Do it", "check")
        self.no = _button("No", "Leave it as it is", "times")
        self.ask = _row(self.question, self.yes, self.no)
        self.details = widgets.HTML()
        self.box = widgets.VBox(
            [
                self.storage,
                _row(self.save_now, self.stop, self.refresh),
                self.hint,
                self.run,
                self.metric,
                self.chart,
                self.filter,
                self.rows,
                _row(self.newer, self.older, self.place),
                _row(self.resume, self.compare, self.pin, self.verify, self.delete, self.undo),
                self.words,
                _row(self.tag, self.note, self.export),
                self.ask,
                self.status,
                self.details,
            ]
        )
        self.show(self.ask, False)
        self.show(self.undo, False)

    @property
    def every(self) -> list[Any]:
        """Each widget that messages may be sent to."""
        return [one for one in vars(self).values() if isinstance(one, widgets.Widget)]

    @staticmethod
    def show(widget: Any, wanted: bool) -> None:
        """Show it, or take it out of sight and out of the keyboard's way."""
        widget.layout.display = None if wanted else "none"

    def close(self) -> None:
        """Take all of them from the page."""
        for one in self.every:
            one.close()


def _button(text: str, what: str, icon: str) -> Any:
    return widgets.Button(description=text, tooltip=what, icon=icon, layout={"width": "auto"})


def _row(*parts: Any) -> Any:
    return widgets.HBox(list(parts), layout={"flex_flow": "row wrap", "align_items": "center"})
