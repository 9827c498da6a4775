"""The digest: a hash of what makes a model answer as it does.

For a function that is the text of the function (without its decorators, since a status
is no part of the answer) and of every function and class of the same project that it
reaches through its globals, and the values of the plain constants it reads; modules from
installed packages count by name only. A comment inside a function counts: the text is
hashed, since bytecode differs between versions of Python.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sysconfig
import textwrap
import types
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

__all__ = ["digest_of"]

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_INSTALLED = tuple(
    str(Path(folder).resolve()) for key, folder in sysconfig.get_paths().items() if key.endswith(("lib", "stdlib"))
)


def digest_of(parts: Mapping[str, Any]) -> str:
    """Hash named parts (text, numbers, containers, functions) into `sha256:<hex>`.

    Example:
        >>> digest_of({"name": "fit"}) == digest_of({"name": "fit"})
        True
    """
    hashed = hashlib.sha256()
    seen: set[int] = set()
    for name in sorted(parts):
        for piece in _pieces(parts[name], seen):
            hashed.update(f"{name}={len(piece)}:".encode())
            hashed.update(piece)
    return f"sha256:{hashed.hexdigest()}"


def _pieces(value: Any, seen: set[int]) -> Iterator[bytes]:
    if isinstance(value, _PLAIN):
        yield f"{type(value).__name__}:{value!r}".encode(errors="backslashreplace")
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    for kinds, read in _READERS:
        if isinstance(value, kinds):
            yield from read(value, seen)
            return
    yield from _object(value, seen)


def _mapping(value: Mapping[Any, Any], seen: set[int]) -> Iterator[bytes]:
    for key in sorted(value, key=repr):
        yield repr(key).encode(errors="backslashreplace")
        yield from _pieces(value[key], seen)


def _sequence(value: Any, seen: set[int]) -> Iterator[bytes]:
    yield f"{len(value)} items".encode()
    for item in sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value:
        yield from _pieces(item, seen)


def _partial(value: partial[Any], seen: set[int]) -> Iterator[bytes]:
    yield from _pieces((value.func, value.args, value.keywords), seen)


def _method(value: types.MethodType, seen: set[int]) -> Iterator[bytes]:
    yield from _pieces((value.__func__, value.__self__), seen)


def _object(value: Any, seen: set[int]) -> Iterator[bytes]:
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}".encode()
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        yield f"{value.dtype}{getattr(value, 'shape', '')}".encode()
        yield value.tobytes()
    elif _installed(getattr(inspect.getmodule(kind), "__file__", None)):
        return
    elif hasattr(value, "__dict__"):
        yield from _pieces(kind, seen)
        yield from _pieces(vars(value), seen)


def _module(module: types.ModuleType, seen: set[int]) -> Iterator[bytes]:  # noqa: ARG001 - one shape for all
    file = getattr(module, "__file__", None)
    yield module.__name__.encode() if file is None or _installed(file) else Path(file).read_bytes()


def _installed(file: str | None) -> bool:
    return file is None or str(Path(file).resolve()).startswith(_INSTALLED)


def _code(target: Any, seen: set[int]) -> Iterator[bytes]:
    if _installed(getattr(inspect.getmodule(target), "__file__", None)) and not _interactive(target):
        yield f"{target.__module__}.{target.__qualname__}".encode()
        return
    yield _source(target)
    if isinstance(target, type):
        return
    yield from _pieces(target.__defaults__ or (), seen)
    yield from _pieces(target.__kwdefaults__ or {}, seen)
    reached = inspect.getclosurevars(target)
    yield from _pieces({**reached.globals, **reached.nonlocals}, seen)


def _interactive(target: Any) -> bool:
    return getattr(target, "__module__", None) in ("__main__", None) or not hasattr(
        inspect.getmodule(target), "__file__"
    )


def _source(target: Any) -> bytes:
    """Give the text from `def` or `class` on, or the code object where there is no text."""
    try:
        text = textwrap.dedent(inspect.getsource(target))
        tree = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        code = getattr(target, "__code__", None)
        if code is None:
            return repr(getattr(target, "__qualname__", target)).encode()
        constants = [constant for constant in code.co_consts if isinstance(constant, _PLAIN)]
        return bytes(code.co_code) + repr((code.co_names, constants)).encode()
    lines = text.splitlines()
    if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        lines = lines[tree.lineno - 1 : tree.end_lineno]
    return "\n".join(line.rstrip() for line in lines).encode(errors="backslashreplace")


_READERS: tuple[tuple[Any, Any], ...] = (
    (Mapping, _mapping),
    ((list, tuple, set, frozenset), _sequence),
    (partial, _partial),
    (types.MethodType, _method),
    ((types.FunctionType, type), _code),
    (types.ModuleType, _module),
)
