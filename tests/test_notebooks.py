"""The notebooks that we ship run from top to bottom, each in a fresh kernel."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.mark.slow
def test_quickstart_tells_its_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_CKPT_STORE", str(tmp_path / "store"))
    notebook = nbformat.read(NOTEBOOKS / "quickstart.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "kept without outputs"
    for expected in (0, 6):  # the first time, and Restart & Run All
        client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
        client.execute()
        text = "\n".join(_text(cell) for cell in notebook.cells if cell.cell_type == "code")
        assert "error" not in text.lower().replace("errors", "")
        assert ("nothing to resume" in text) == (expected == 0)
        assert "every byte" in text
        assert "dry run" in text
        resumed = [line for line in text.splitlines() if line.startswith("accuracy: ")]
        assert resumed[0].endswith(f"goes on with epoch {3 if expected == 0 else 6}")


def _text(cell: nbformat.NotebookNode) -> str:
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        elif "data" in output:
            parts.append(output.data.get("text/plain", ""))
    return "\n".join(parts)
