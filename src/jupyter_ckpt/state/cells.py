"""A notebook's cells as Python statements: what each defines and what it needs.

A kernel's history is the only place where the source of a notebook's classes surely is: `inspect` finds none for a
class of ``__main__``, or an older one.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Definition = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_ALIAS: Any = getattr(ast, "TypeAlias", ast.ClassDef)  # Python 3.12 has it
_BINDING = (*Definition, _ALIAS, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.Try, ast.If)
_OTHER_LANGUAGES = frozenset(("bash", "sh", "script", "html", "javascript", "js", "latex", "markdown", "svg", "perl",
                              "ruby", "writefile", "file", "cmd", "sql", "R", "system", "sx"))  # fmt: skip


_PYTHONS_OWN = frozenset(dir(builtins))


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell that gives names to things.

    Parameters
    ----------
    cell : int
        Number of its cell: ``In[cell]``.
    text : str
        Its source, with decorators.
    node : ast.stmt
        The same, parsed.
    binds : frozenset of str
        Names that it defines.
    now : frozenset of str
        Names that must exist when it runs: bases, decorators, defaults, the right side of an assignment.
    later : frozenset of str
        Further names that its functions use when they are called.
    patches : frozenset of str
        Classes that it changes: ``Net.forward = forward``, ``@add_to_class(Net)``.
    """

    cell: int
    text: str
    node: ast.stmt
    binds: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]
    patches: frozenset[str]


def history(cells: Sequence[str] | None) -> Sequence[str]:
    """The cells as given, or those that IPython remembers; empty outside of it."""
    if cells is not None:
        return cells
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return [] if shell is None else list(shell.user_ns.get("In", ()))


def parse_cells(cells: Sequence[str]) -> list[Statement]:
    """The defining statements of all cells, in order of execution. A cell that is no Python is passed over."""
    postponed = "annotations" in future_imports(cells)
    return [statement for number, cell in enumerate(cells) for statement in _statements(number, cell, postponed)]


def future_imports(cells: Sequence[str]) -> list[str]:
    """Names from ``__future__``: they hold for every later cell of a notebook."""
    names: dict[str, None] = {}
    for cell in cells:
        if "__future__" in cell:
            for node in _parse(plain_python(cell)):
                if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                    names |= dict.fromkeys(alias.name for alias in node.names)
    return list(names)


def plain_python(cell: str) -> str:
    """The cell without magics: ``%%time`` and its like give their body, other languages nothing."""
    head, _, body = cell.lstrip().partition("\n")
    if head.startswith("%%"):
        name = (head[2:].split() or [""])[0]
        return "" if name in _OTHER_LANGUAGES else plain_python(body)
    if not any(mark in cell for mark in "%!?"):
        return cell
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in cell.splitlines())
    try:
        return str(TransformerManager().transform_cell(cell))  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError):  # it never ran
        return ""


def _parse(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return []


def _statements(number: int, cell: str, postponed: bool) -> Iterator[Statement]:
    source = plain_python(cell)
    lines = source.splitlines(keepends=True)
    for node in _parse(source):
        if not isinstance(node, _BINDING) or _is_main_block(node):
            continue
        text = _text(source, lines, node)
        binds, patches = frozenset(_bound(node)), frozenset(_patched(node))
        if not text or not (binds or patches) or "get_ipython()" in text.partition("\n")[0]:
            continue
        now, later = _needed(text, node, postponed)
        yield Statement(number, text, node, binds, now, later, patches)


def _text(source: str, lines: list[str], node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", None)
    if decorators:
        return "".join(lines[decorators[0].lineno - 1 : node.end_lineno]).rstrip("\n")
    return ast.get_source_segment(source, node) or ""


def _is_main_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}


def _bound(node: ast.stmt) -> Iterator[str]:
    """Names that a statement binds in the notebook's namespace."""
    if isinstance(node, Definition):
        yield node.name
    elif isinstance(node, _ALIAS):
        yield node.name.id
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None and isinstance(node.target, ast.Name):
            yield node.target.id
    elif isinstance(node, ast.Assign):
        names = (n for target in node.targets for n in ast.walk(target))
        yield from (n.id for n in names if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    elif isinstance(node, (ast.Try, ast.If)):
        for child in ast.iter_child_nodes(node):
            for statement in child.body if isinstance(child, ast.ExceptHandler) else [child]:
                if isinstance(statement, ast.stmt):
                    yield from _bound(statement)


def _patched(node: ast.stmt) -> Iterator[str]:
    """Classes (or whatever has that name) that a statement adds something to."""
    if isinstance(node, ast.Assign):
        places = [target.value for target in node.targets if isinstance(target, ast.Attribute)]
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        places = [arg for call in node.decorator_list if isinstance(call, ast.Call) for arg in call.args]
    else:
        return
    yield from (place.id for place in places if isinstance(place, ast.Name))


def _needed(text: str, node: ast.stmt, postponed: bool) -> tuple[frozenset[str], frozenset[str]]:
    """``now`` and ``later`` of a statement; see `Statement`. Python's own names are left out."""
    future = "from __future__ import annotations\n" if postponed else ""
    try:
        table = symtable.symtable(future + text, "<cell>", "exec")
    except SyntaxError:
        return frozenset(), frozenset()
    now = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    later: set[str] = _annotation_names(node)
    for child in table.get_children():
        _walk_scope(child, now, later, deferred=_runs_later(child))
    now, later = ({name for name in names if name.isidentifier()} - _PYTHONS_OWN for names in (now, later))
    return frozenset(now), frozenset(later - now)


def _walk_scope(table: symtable.SymbolTable, now: set[str], later: set[str], *, deferred: bool) -> None:
    into = later if deferred else now
    into |= {
        s.get_name() for s in table.get_symbols() if s.is_global() and (s.is_referenced() or s.is_declared_global())
    }
    for child in table.get_children():
        _walk_scope(child, now, later, deferred=deferred or _runs_later(child))


def _runs_later(table: symtable.SymbolTable) -> bool:
    """True for functions, and for annotations where Python postpones them."""
    kind = str(table.get_type())
    return kind == "annotation" or (kind == "function" and table.get_name() not in _RUN_AT_ONCE)


_RUN_AT_ONCE = frozenset(("listcomp", "setcomp", "dictcomp", "genexpr", "<listcomp>", "<genexpr>"))


def _annotation_names(node: ast.stmt) -> set[str]:
    """Names in annotations, also in those written as text: dataclasses and type hints look them up."""
    found: set[str] = set()
    pending: list[ast.AST] = []
    for part in ast.walk(node):
        for name in ("annotation", "returns"):
            if isinstance(note := getattr(part, name, None), ast.AST):
                pending.append(note)
    for note in pending:
        for part in ast.walk(note):
            if isinstance(part, ast.Name):
                found.add(part.id)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                try:
                    inner = ast.parse(part.value, mode="eval")
                except (SyntaxError, ValueError):
                    continue
                found |= {n.id for n in ast.walk(inner) if isinstance(n, ast.Name)}
    return found
