"""The style of every view in a page.

Text and lines take the page's own colour, so that they can be read wherever JupyterLab's variables are not known
(VS Code, Colab, a converted file). Selectors name the element too: Lab's own rules for tables are as specific.
"""

from __future__ import annotations

ROOT = "jp-ckpt-View"

_RULES = {
    "": """
        color: var(--jp-ui-font-color1, var(--vscode-editor-foreground, inherit));
        font-family: var(--jp-ui-font-family, var(--vscode-font-family, system-ui, sans-serif));
        font-size: var(--jp-ui-font-size1, 13px); line-height: 1.45; overflow-x: auto;
        --ckpt-line: var(--jp-border-color2, rgba(128, 128, 128, .35));
        --ckpt-good: var(--jp-success-color1, #388e3c);
        --ckpt-warning: var(--jp-warn-color1, #d9730d);
        --ckpt-error: var(--jp-error-color1, #d32f2f);
        --ckpt-brand: var(--jp-brand-color1, #1976d2);""",
    "p.jp-ckpt-Line": "margin: 2px 0; overflow-wrap: anywhere; unicode-bidi: isolate;",
    ".jp-ckpt-strong": "font-weight: 600;",
    ".jp-ckpt-muted": "opacity: .75;",
    "p.jp-ckpt-good": "border-left: 3px solid var(--ckpt-good); padding-left: 8px;",
    "p.jp-ckpt-warning": "border-left: 3px solid var(--ckpt-warning); padding-left: 8px;",
    "p.jp-ckpt-error": "border-left: 3px solid var(--ckpt-error); padding-left: 8px;",
    "table.jp-ckpt-Table": """
        table-layout: auto; border-collapse: collapse; margin: 6px 0; width: auto; font-size: inherit;""",
    "table.jp-ckpt-Table caption": """
        caption-side: top; text-align: left; font-weight: 600; padding: 2px 0; color: inherit;""",
    "table.jp-ckpt-Table :is(th, td)": """
        text-align: left; vertical-align: top; padding: 3px 14px 3px 0; border: 0;
        border-bottom: 1px solid var(--ckpt-line); background: none; color: inherit; max-width: 44em;
        overflow-wrap: break-word; unicode-bidi: isolate; white-space: normal;""",
    "table.jp-ckpt-Table thead th": "font-weight: 600; opacity: .8;",
    "table.jp-ckpt-Table tbody th": "font-weight: 500;",
    "table.jp-ckpt-Table :is(th, td).jp-ckpt-right": """
        text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;""",
    "table.jp-ckpt-Table :is(th, td).jp-ckpt-whole": "white-space: nowrap;",
    "table.jp-ckpt-Table td.jp-ckpt-long": "min-width: 15em;",
    "table.jp-ckpt-Table td:is(.jp-ckpt-warning, .jp-ckpt-error)": "font-weight: 600;",
    ".jp-ckpt-Badge": """
        display: inline-block; border: 1px solid var(--ckpt-line); border-radius: 9px; padding: 0 7px;
        margin: 0 2px 1px 0; font-size: .9em; line-height: 1.4; white-space: nowrap; max-width: 22em;
        overflow: hidden; text-overflow: ellipsis; vertical-align: middle;""",
    ".jp-ckpt-Badge.jp-ckpt-good": "border-color: var(--ckpt-good);",
    ".jp-ckpt-Badge.jp-ckpt-warning": "border: 2px solid var(--ckpt-warning);",
    ".jp-ckpt-Badge.jp-ckpt-error": "border: 2px solid var(--ckpt-error); font-weight: 600;",
    "pre.jp-ckpt-Code": """
        margin: 2px 0 6px; padding: 6px 8px; border: 1px solid var(--ckpt-line); border-radius: 3px;
        background: none; color: inherit; overflow: auto; max-height: 32em; white-space: pre; unicode-bidi: isolate;
        font-family: var(--jp-code-font-family, var(--vscode-editor-font-family, monospace));
        font-size: var(--jp-code-font-size, 12px);""",
    "pre.jp-ckpt-Code code": "background: none; color: inherit; padding: 0; font: inherit;",
    "details.jp-ckpt-Details": "margin: 4px 0;",
    "details.jp-ckpt-Details > summary": "cursor: pointer;",
    "figure.jp-ckpt-Figure": "margin: 4px 0; max-width: 420px;",
    "figure.jp-ckpt-Figure figcaption": "font-weight: 600;",
    "svg.jp-ckpt-Chart": "display: block; max-width: 100%; height: auto;",
    "svg.jp-ckpt-Chart text": "fill: currentColor; font-size: 10px; opacity: .8;",
    ".jp-ckpt-axis": "stroke: currentColor; stroke-opacity: .25;",
    ".jp-ckpt-curve": "fill: none; stroke: var(--ckpt-brand); stroke-width: 1.5; stroke-linejoin: round;",
    ".jp-ckpt-dot": "fill: var(--ckpt-brand);",
    ".jp-ckpt-best": "fill: none; stroke: var(--ckpt-good); stroke-width: 2;",
}

STYLE = "\n".join(f".{ROOT} {name}".rstrip() + f" {{{' '.join(body.split())}}}" for name, body in _RULES.items())
