"""axe-core on our own parts of the page."""

from __future__ import annotations

from pathlib import Path

from jupyter_page import JupyterPage

OURS = ["#jp-ckpt-panel", ".jp-ckpt-Status", ".jp-ckpt-Record", ".jp-ckpt-Dialog"]
_RUN = """
async parts => {
  const include = parts.filter(part => document.querySelector(part)).map(part => [part]);
  const found = await Promise.race([
    window.axe.run({ include }, { resultTypes: ['violations'] }),
    new Promise((_, fail) => setTimeout(() => fail(new Error('axe: nothing after 60 s')), 60000))
  ]);
  return found.violations.flatMap(one => one.nodes.map(node =>
    [one.impact, one.id, one.help, node.html.slice(0, 200), (node.any[0] || node.all[0] || {}).message || '']));
}
"""


def findings(page: JupyterPage, axe: Path, *parts: str) -> list[str]:
    """What axe-core finds in our parts (or those given), serious and critical first; one line each."""
    if not page.page.evaluate("() => !!window.axe"):
        page.page.add_script_tag(content=axe.read_text())
    found = page.page.evaluate(_RUN, list(parts or OURS))
    order = ["critical", "serious", "moderate", "minor"]
    found.sort(key=lambda one: order.index(one[0]))
    return [" | ".join(str(part) for part in one) for one in found]


def grave(lines: list[str]) -> list[str]:
    """Those that must not be."""
    return [line for line in lines if line.startswith(("critical", "serious"))]
