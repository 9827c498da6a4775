"""Values as pieces of bytes, in an order that is the same in every process."""

from __future__ import annotations

import copyreg
import hashlib
import inspect
import sysconfig
import types
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mlsm._digest.source import attributes_of, reached_by, text_of
from mlsm._guard import Raised, attempt

__all__ = ["digest_of"]

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_INSTALLED = (
    *(str(Path(folder).resolve()) for key, folder in sysconfig.get_paths().items() if key.endswith(("lib", "stdlib"))),
    str(Path(__file__).resolve().parents[1]),  # mlsm itself, which a checkout does not hold among the packages
)
_GENERATED = "<string>"  # where dataclasses, named tuples and the like say that their methods stand
_REDUCE = 4  # the protocol of pickle by which an object of a package is asked for what it holds


def digest_of(parts: Mapping[str, Any]) -> str:
    """Hash named parts (text, numbers, containers, functions) into `sha256:<hex>`.

    Example:
        >>> digest_of({"name": "fit"}) == digest_of({"name": "fit"})
        True
    """
    hashed = hashlib.sha256()
    seen: dict[int, Any] = {}
    for name in sorted(parts):
        for piece in _pieces(parts[name], seen):
            hashed.update(f"{name}={len(piece)}:".encode())
            hashed.update(piece)
    return f"sha256:{hashed.hexdigest()}"


def _pieces(value: Any, seen: dict[int, Any]) -> Iterator[bytes]:
    if isinstance(value, _PLAIN):
        yield f"{type(value).__name__}:{value!r}".encode(errors="backslashreplace")
        return
    if id(value) in seen:
        return
    seen[id(value)] = value  # held, lest the next object be made at the same address
    for kinds, read in _READERS:
        if isinstance(value, kinds):
            yield from read(value, seen)
            return
    yield from _object(value, seen)


def _mapping(value: Mapping[Any, Any], seen: dict[int, Any]) -> Iterator[bytes]:
    for key in sorted(value, key=repr):
        yield repr(key).encode(errors="backslashreplace")
        yield from _pieces(value[key], seen)


def _sequence(value: Any, seen: dict[int, Any]) -> Iterator[bytes]:
    yield f"{len(value)} items".encode()
    for item in value:
        yield from _pieces(item, seen)


def _set(value: Any, seen: dict[int, Any]) -> Iterator[bytes]:  # noqa: ARG001 - one shape for all
    yield f"{len(value)} items".encode()
    yield from sorted(digest_of({"item": item}).encode() for item in value)


def _partial(value: partial[Any], seen: dict[int, Any]) -> Iterator[bytes]:
    yield from _pieces((value.func, value.args, value.keywords), seen)


def _method(value: types.MethodType, seen: dict[int, Any]) -> Iterator[bytes]:
    yield from _pieces((value.__func__, value.__self__), seen)


def _object(value: Any, seen: dict[int, Any]) -> Iterator[bytes]:
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}".encode()
    digested = getattr(value, "_digested", None) if _installed(kind) else None
    if digested is not None:  # a model that another one calls: all of it but its status
        yield from _pieces(digested(), seen)
    elif hasattr(value, "tobytes") and hasattr(value, "dtype") and value.dtype != object:
        yield f"{value.dtype}{getattr(value, 'shape', '')}".encode()
        yield value.tobytes()
    elif isinstance(getattr(value, "__wrapped__", None), types.FunctionType):  # functools.lru_cache
        yield from _pieces(value.__wrapped__, seen)
    else:
        if not _installed(kind):
            yield from _pieces(kind, seen)
        yield from _held(value, seen)


def _held(value: Any, seen: dict[int, Any]) -> Iterator[bytes]:
    """Say what an object holds: its attributes, or what it gives to be rebuilt from."""
    kind = type(value)
    if not _installed(kind) and hasattr(value, "__dict__") and not hasattr(kind, "__slots__"):
        yield from _pieces(vars(value), seen)
        return
    known = copyreg.dispatch_table.get(kind)  # compiled patterns are there, and numpy's functions
    reduced: Any = attempt(known, value) if known else attempt(value.__reduce_ex__, _REDUCE)
    if isinstance(reduced, tuple):
        state, items, pairs = (*reduced[2:5], None, None, None)[:3]
        yield from _pieces((reduced[1], state, list(items or ()), list(pairs or ())), seen)
    elif not isinstance(reduced, Raised):
        yield str(reduced).encode(errors="backslashreplace")


def _module(module: types.ModuleType, seen: dict[int, Any]) -> Iterator[bytes]:  # noqa: ARG001 - one shape for all
    file = getattr(module, "__file__", None)
    yield module.__name__.encode() if file is None or _within(file) else Path(file).read_bytes()


def _type(target: type, seen: dict[int, Any]) -> Iterator[bytes]:
    if _installed(target):
        yield f"{target.__module__}.{target.__qualname__}".encode()
        return
    yield text_of(target)
    yield from _pieces(target.__bases__, seen)
    for member in vars(target).values():
        held = getattr(member, "__func__", getattr(member, "fget", member))  # of a static method, of a property
        function = inspect.unwrap(held) if callable(held) else held
        if isinstance(function, types.FunctionType) and function.__code__.co_filename != _GENERATED:
            yield from _reached(function, seen)


def _function(target: types.FunctionType, seen: dict[int, Any]) -> Iterator[bytes]:
    if _installed(target):
        yield f"{target.__module__}.{target.__qualname__}".encode()
        return
    yield text_of(target)
    yield from _reached(target, seen)


def _reached(function: types.FunctionType, seen: dict[int, Any]) -> Iterator[bytes]:
    yield from _pieces((function.__defaults__, function.__kwdefaults__), seen)
    reached = reached_by(function)
    yield from _pieces(reached, seen)
    names = attributes_of(function)
    for module in [value for value in reached.values() if isinstance(value, types.ModuleType)]:
        yield from _followed(module, names, seen)


def _followed(module: types.ModuleType, names: set[str], seen: dict[int, Any]) -> Iterator[bytes]:
    """Go on to what a function names of a module of its project: it may come from yet another one."""
    file = getattr(module, "__file__", None)
    if file is None or _within(file):
        return
    for name in sorted(names & vars(module).keys()):
        value = vars(module)[name]
        known = id(value) in seen
        yield from _pieces(value, seen)
        if isinstance(value, types.ModuleType) and not known:
            yield from _followed(value, names, seen)


def _installed(target: Any) -> bool:
    """Tell whether a function or a class comes from an installed package or from Python itself."""
    module = inspect.getmodule(target)
    if getattr(target, "__module__", None) in ("__main__", None):
        return False
    return module is not None and _within(getattr(module, "__file__", None))


def _within(file: str | None) -> bool:
    return file is None or str(Path(file).resolve()).startswith(_INSTALLED)


_READERS: tuple[tuple[Any, Any], ...] = (
    (Mapping, _mapping),
    ((list, tuple), _sequence),
    ((set, frozenset), _set),
    (partial, _partial),
    (types.MethodType, _method),
    (types.FunctionType, _function),
    (type, _type),
    (types.ModuleType, _module),
)
