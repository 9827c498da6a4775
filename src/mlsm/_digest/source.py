"""What a function says and what it names: its own text, without what a decorator adds."""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import textwrap
import types
from collections.abc import Iterator
from typing import Any

__all__ = ["attributes_of", "reached_by", "text_of"]

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")


def text_of(target: types.FunctionType | type) -> bytes:
    """Give the text from `def`, `lambda` or `class` on, or the code object where there is no text."""
    code = target.__code__ if isinstance(target, types.FunctionType) else None
    try:
        if code is not None and target.__name__ == "<lambda>":
            return _lambda(code)
        # The code's, since that of a function would be that of what it wraps.
        text = textwrap.dedent(inspect.getsource(target) if code is None else _block(code))
        tree = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return repr(target.__qualname__).encode() if code is None else _compiled(code)
    lines = text.splitlines()
    if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        lines = lines[tree.lineno - 1 : tree.end_lineno]
    return "\n".join(line.rstrip() for line in lines).encode(errors="backslashreplace")


def _block(code: types.CodeType) -> str:
    """Give the lines that a code object was made of, without asking every module whether they are its own."""
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    return "".join(inspect.getblock(lines[code.co_firstlineno - 1 :])) if lines else inspect.getsource(code)


def _lambda(code: types.CodeType) -> bytes:
    """Give the one lambda of its file that the code was made of; its lines hold other things too."""
    tree = ast.parse("".join(inspect.findsource(code)[0]))
    places = {(line, column) for line, _, column, _ in code.co_positions() if line and column}
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda) and any(_within(place, node.body) for place in places)
    ]
    innermost = max(found, key=lambda node: (node.lineno, node.col_offset), default=None)
    return _compiled(code) if innermost is None else ast.unparse(innermost).encode(errors="backslashreplace")


def _within(place: tuple[int, int], node: ast.expr) -> bool:
    end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
    return (node.lineno, node.col_offset) <= place < end


def _compiled(code: types.CodeType) -> bytes:
    inner = [_compiled(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    plain = [const for const in code.co_consts if isinstance(const, _PLAIN)]
    return code.co_code + repr((code.co_names, plain, inner)).encode(errors="backslashreplace")


def reached_by(function: types.FunctionType) -> dict[str, Any]:
    """Give what a function, and the functions, lambdas and comprehensions in it, name from outside."""
    names = {
        instruction.argval
        for code in _codes(function.__code__)
        for instruction in dis.get_instructions(code)
        if instruction.opname in _GLOBAL
    }
    reached = {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        try:
            reached[f"nonlocal {name}"] = cell.cell_contents
        except ValueError:  # a name that is not bound yet
            continue
    return reached


def attributes_of(function: types.FunctionType) -> set[str]:
    """Give every name that stands in a function, those behind a dot too."""
    return {name for code in _codes(function.__code__) for name in code.co_names}


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _codes(const)
