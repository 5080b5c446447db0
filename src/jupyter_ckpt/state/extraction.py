"""An importable module out of a notebook: some of its classes and functions with everything that they need."""

from __future__ import annotations

import ast
import difflib
import math
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jupyter_ckpt.errors import UnknownName
from jupyter_ckpt.state.cells import Definition, Statement, future_imports, history, parse_cells

_LITERALS = (type(None), bool, int, str, bytes)
_LONGEST_LITERAL = 4000


def extract_module(names: Iterable[str], cells: Sequence[str] | None, namespace: Mapping[str, Any]) -> str:
    """Text of a module that defines ``names``, taken from a notebook's cells.

    With them come the imports, constants, functions and classes that they use, found by their free names, each in
    its newest definition and in an order in which they can be defined. What no cell defines (a star import, a name
    that a script put there) is taken from the namespace when it is a plain constant or can be imported.

    Parameters
    ----------
    names : iterable of str
        Classes or functions (or constants) that cells define.
    cells : sequence of str or None
        See `class_sources`.
    namespace : mapping
        The notebook's.

    Raises
    ------
    UnknownName
        No cell defines a name; close ones are suggested.
    """
    cells = history(cells)
    names = list(dict.fromkeys(names))
    book = _Book(parse_cells(cells), namespace)
    for name in names:
        if name not in book.defined:
            close = difflib.get_close_matches(name, book.defined, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else "run the cell that defines it first"
            raise UnknownName(f"{name}: no cell defines it: {hint}")
    for name in names:
        book.want(name)
    lines = [f'"""From a notebook: {", ".join(names)}."""']
    future = future_imports(cells)
    if future:
        lines.append(f"from __future__ import {', '.join(future)}")
    parts = ["\n\n".join(lines)]
    if book.imports or book.found:
        parts.append("\n".join(dict.fromkeys([*book.import_lines(), *book.found.values()])))
    if book.unknown:
        parts.append(f"# Not found in the notebook: {', '.join(sorted(book.unknown))}")
    parts += [f"# In [{one.cell}]\n{one.text}" for one in book.ordered()]
    return "\n\n\n".join(parts) + "\n"


class _Book:
    """The statements of a notebook, and the ones among them that are wanted."""

    def __init__(self, statements: list[Statement], namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._by_name: dict[str, list[int]] = {}
        self._all = statements
        self._patches: dict[str, list[int]] = {}
        self._stars: list[int] = []
        self._wanted: dict[int, dict[str, int]] = {}
        self.imports: dict[int, set[str]] = {}
        self.found: dict[str, str] = {}
        self.unknown: set[str] = set()
        for number, statement in enumerate(statements):
            for name in statement.binds:
                self._by_name.setdefault(name, []).append(number)
            for name in statement.patches:
                self._patches.setdefault(name, []).append(number)
            if "*" in statement.binds:
                self._stars.append(number)

    @property
    def defined(self) -> list[str]:
        """Names that some cell defines."""
        return [name for name in self._by_name if name != "*"]

    def want(self, name: str, reader: int | None = None) -> int | None:
        """Take the definition of ``name``, and all that it needs; its number, None for an import or nothing.

        ``reader`` is the statement that needs it. One that redefines a name it needs (``Net = compile(Net)``) needs
        the definition before it; every other one gets the newest.
        """
        places = self._by_name.get(name, [])
        if reader is not None and reader in places:
            places = [number for number in places if number < reader]
        if not places:
            self._want_from_namespace(name)
            return None
        number = places[-1]
        node = self._all[number].node
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for place in places if isinstance(node, ast.Import) else places[-1:]:  # import a.b; import a.c
                if type(self._all[place].node) is type(node):
                    self.imports.setdefault(place, set()).add(name)
            return None
        self._take(number)
        if isinstance(node, ast.ClassDef):
            for patch in self._patches.get(name, ()):
                if patch > number:
                    self._take(patch)
        return number

    def _take(self, number: int) -> None:
        if number in self._wanted:
            return
        needs: dict[str, int] = {}
        self._wanted[number] = needs
        for need in sorted(self._all[number].now | self._all[number].later):
            target = self.want(need, number)
            if target is not None:
                needs[need] = target

    def _want_from_namespace(self, name: str) -> None:
        """A name that no cell defines: from a star import, or put there by other means."""
        if name in self.found or name.startswith("__") or name == "get_ipython":
            return
        line = _line_for(name, self._namespace[name]) if name in self._namespace else ""
        if line:
            self.found[name] = line
        elif self._stars:
            for number in self._stars:
                self.imports.setdefault(number, set()).add("*")
        else:
            self.unknown.add(name)

    def import_lines(self) -> list[str]:
        """One line for each wanted name of the wanted imports, in their order."""
        lines = []
        for number in sorted(self.imports):
            node, names = self._all[number].node, self.imports[number]
            wanted = [a for a in _aliases(node) if (a.asname or a.name.partition(".")[0]) in names]
            texts = [f"{a.name} as {a.asname}" if a.asname else a.name for a in wanted]
            if isinstance(node, ast.ImportFrom):
                lines.append(f"from {'.' * node.level}{node.module or ''} import {', '.join(texts)}")
            else:
                lines += [f"import {text}" for text in texts]
        return lines

    def ordered(self) -> list[Statement]:
        """The wanted statements: each after what must exist when it runs, else in the notebook's order."""
        done: dict[int, None] = {}
        open_: set[int] = set()

        def emit(number: int) -> None:
            if number in done or number in open_:
                return
            open_.add(number)
            for target in self._first(number):
                emit(target)
            open_.discard(number)
            done[number] = None

        for number in sorted(self._wanted):
            emit(number)
        return [self._all[number] for number in done]

    def _first(self, number: int) -> list[int]:
        """What must be there when a statement runs: what it names, and what these need when they are called."""
        statement, needs = self._all[number], self._wanted[number]
        is_code = isinstance(statement.node, Definition)
        pending = sorted(target for name, target in needs.items() if name in statement.now or not is_code)
        found = dict.fromkeys(pending)
        while pending:
            for target in sorted(self._wanted[pending.pop()].values()):
                if target not in found:
                    found[target] = None
                    pending.append(target)
        return sorted(found)


def _aliases(node: ast.stmt) -> list[ast.alias]:
    return node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else []


def _line_for(name: str, value: Any) -> str:
    """A line that makes the value; empty when there is none."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__}" if value.__name__ == name else f"import {value.__name__} as {name}"
    if _is_literal(value):
        text = repr(value)
        return f"{name} = {text}" if len(text) <= _LONGEST_LITERAL else ""
    module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(module, str) and isinstance(qualname, str) and module != "__main__" and qualname.isidentifier():
        return f"from {module} import {qualname}" + ("" if qualname == name else f" as {name}")
    return ""


def _is_literal(value: Any) -> bool:
    if type(value) in (list, tuple, set):
        return bool(value) and all(map(_is_literal, value))
    if type(value) is dict:
        return all(_is_literal(key) and _is_literal(child) for key, child in value.items())
    return math.isfinite(value) if type(value) is float else type(value) in _LITERALS
