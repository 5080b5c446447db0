"""The picture of the README, from the figures that `tables.py` wrote down.

``python tests/benchmarks/picture.py FIGURES.jsonl [notebooks/images/benchmarks.svg]``. It prints the text for those
who do not see it, and the same figures as a table in Markdown.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

_OURS, _OTHERS, _INK = "#0b6e4f", "#c4c9cf", "#24292f"
_SHORT = {
    "torch.save": "torch.save",
    "torch.save + fsync, training waits": "torch.save + fsync",
    "torch.save in a thread, no copy (may tear)": "torch.save in a thread*",
    "DCP async_save, DefaultStager": "DCP async_save, staged",
    "Lightning AsyncCheckpointIO": "Lightning async",
    "torchsnapshot async_take": "torchsnapshot async",
    "Orbax, asynchronous": "Orbax async",
    "torch.load(mmap) + load_state_dict, unverified": "torch.load, unverified",
    "jupyter-ckpt resume, every byte verified": "jupyter-ckpt, verified",
    "jupyter-ckpt save": "jupyter-ckpt",
}
_NOTE = (
    "GPT-2's 124 million parameters with AdamW, 1.5 GB, on two CPU cores; medians, less is better."
    "\nEvery file is made durable. * of the live tensors: what it writes may be torn."
)
_PANELS = (
    ("stall-M", "Training held up by a save", "s"),
    ("durable-M", "Until it is durable", "s"),
    ("added-matmul", "Time that a save adds to a training on both cores", "s"),
    ("longest-matmul", "Longest step meanwhile, the call of save included", "ms"),
    ("load-M-cold", "Loading, files not cached", "s"),
)
_CASES = {
    "stall-M": (
        "jupyter-ckpt save", "moonclip", "DCP async_save, DefaultStager", "DCP async_save",
        "Lightning AsyncCheckpointIO", "torchsnapshot async_take", "Orbax, asynchronous", "torch.save",
    ),
    "durable-M": (
        "jupyter-ckpt save", "moonclip", "DCP async_save, DefaultStager", "DCP async_save",
        "Lightning AsyncCheckpointIO", "torchsnapshot async_take", "Orbax, asynchronous", "torch.save",
    ),
}  # fmt: skip


def main() -> int:
    """Draw it."""
    tables: dict[str, Any] = {}
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        table = json.loads(line)
        tables[table["key"]] = table
    panels = [panel for panel in _PANELS if panel[0] in tables]
    found = {key: bars(tables[key], _CASES.get(key)) for key, _, _ in panels}
    if len(sys.argv) > 2:
        draw(panels, found, Path(sys.argv[2]))
    for key, title, unit in panels:
        print(f"{title}: " + ", ".join(f"{name} {text(value, unit)}" for name, value in found[key]) + ".")
    for key, title, unit in panels:
        print(f"\n| {title} | |\n|---|---:|")
        for name, value in found[key]:
            print(f"| {name} | {text(value, unit)} |")
    return 0


def bars(table: dict[str, Any], cases: tuple[str, ...] | None) -> list[tuple[str, float]]:
    """Name and median, the least first; what stands for a limit is not a bar."""
    limits = ("memcpy", "direct write", "plain read", "safetensors")
    chosen = cases or tuple(name for name in table["cases"] if not name.startswith(limits))
    found = [(_SHORT.get(name, name), table["cases"][name]["median"]) for name in chosen if name in table["cases"]]
    return sorted(found, key=lambda bar: bar[1])


def draw(panels: list[tuple[str, str, str]], found: dict[str, list[tuple[str, float]]], path: Path) -> None:
    """Bars in panels, ours in colour."""
    mpl.use("svg" if path.suffix == ".svg" else "agg")
    mpl.rcParams.update({"font.size": 9, "font.family": "DejaVu Sans", "svg.hashsalt": "jupyter-ckpt"})
    heights = [len(found[key]) for key, _, _ in panels]
    size = (7.2, 0.26 * sum(heights) + 0.62 * len(panels))
    figure, axes = plt.subplots(len(panels), 1, figsize=size, squeeze=False, height_ratios=heights)
    for axis, (key, title, unit) in zip(axes[:, 0], panels, strict=True):
        names, values = zip(*reversed(found[key]), strict=True)
        colours = [_OURS if name.startswith("jupyter-ckpt") else _OTHERS for name in names]
        axis.barh(names, values, color=colours, height=0.72)
        for number, (name, value) in enumerate(zip(names, values, strict=True)):
            weight = "bold" if name.startswith("jupyter-ckpt") else "normal"
            axis.text(value, number, f"  {text(value, unit)}", va="center", color=_INK, fontweight=weight)
        axis.set_title(title, loc="left", fontsize=10, fontweight="bold", color=_INK)
        axis.set_xlim(0, max(values) * 1.14)
        axis.xaxis.set_visible(False)
        axis.tick_params(axis="y", length=0, labelcolor=_INK)
        for side in axis.spines.values():
            side.set_visible(False)
    figure.text(0.01, 0.004, _NOTE, fontsize=7.5, color=_INK, va="bottom")
    figure.tight_layout(h_pad=0.9, rect=(0, 0.03, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, facecolor="white", metadata={"Date": None} if path.suffix == ".svg" else None)


def text(value: float, unit: str) -> str:
    """Two digits that count."""
    return f"{value:.0f} ms" if unit == "ms" else f"{value:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
