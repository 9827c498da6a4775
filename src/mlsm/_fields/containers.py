"""The coercion table's lists and objects: each item and member by its own kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

import msgspec

from mlsm._fields.kinds import UNSET, Kind, Reading
from mlsm._fields.problems import UnreadableError, is_missing, missing, problem_of
from mlsm._fields.scalars import cast_of, check_of
from mlsm._guard import Raised, attempt
from mlsm._result import Problem

__all__ = ["FieldReader", "MakeReader", "container_reader"]

FieldReader: TypeAlias = Callable[[Any, list[Problem]], Any]
"""Reads one raw value; appends what is wrong to the list, and then returns None."""

Fill: TypeAlias = Callable[[Any, list[Problem]], Any]

MakeReader: TypeAlias = Callable[[Kind, str, bool, Any, Reading], FieldReader]


def container_reader(
    kind: Kind, path: str, nullable: bool, default: Any, reading: Reading, reader: MakeReader
) -> FieldReader:
    """Compile a list or object into a function that reads one raw value.

    Args:
        kind: what it is.
        path: where it stands in the record.
        nullable: whether it may be missing.
        default: what is then handed over.
        reading: how the project spells values.
        reader: compiles the kinds within.
    """
    fill = (
        _list_filler(kind, path, reading, reader)
        if kind.name == "list"
        else _object_filler(kind, path, reading, reader)
    )
    expected = (list, tuple) if kind.name == "list" else Mapping

    def read(value: Any, problems: list[Problem]) -> Any:
        if is_missing(value, reading.null):
            if nullable:
                return deepcopy(default)  # a model may change what it is handed
            problems.append(missing(path, kind))
            return None
        found = _opened(value)
        if not isinstance(found, expected):
            problems.append(problem_of(path, kind, "wrong type", value))
            return None
        before = len(problems)
        filled = fill(found, problems)
        return filled if len(problems) == before else None

    return read


def _opened(value: Any) -> Any:
    """Give what JSON text or an array holds; anything else as it is."""
    if isinstance(value, str):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return _as_python_writes(value)
        except (UnicodeEncodeError, RecursionError):
            return UNSET
    for convert in ("to_list", "tolist"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    return value


def _as_python_writes(text: str) -> Any:
    """Read what msgspec refuses but Python's json writes (NaN, any size of number): a matter of its item."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNSET


def _list_filler(kind: Kind, path: str, reading: Reading, reader: MakeReader) -> Fill:
    if kind.item is None:
        raise AssertionError(kind)
    read = reader(kind.item, f"{path}[]", kind.item_nullable, None, reading)
    check = check_of(kind) if kind.constrained else None

    def fill(items: Any, problems: list[Problem]) -> Any:
        values = []
        for place, item in enumerate(items):
            inner: list[Problem] = []
            values.append(read(item, inner))
            problems.extend(
                msgspec.structs.replace(problem, path=problem.path.replace(f"{path}[]", f"{path}[{place}]", 1))
                for problem in inner
            )
        if check is not None:
            try:
                check(values)
            except UnreadableError as error:
                problems.append(problem_of(path, kind, error.problem, items))
        return values

    return fill


def _object_filler(kind: Kind, path: str, reading: Reading, reader: MakeReader) -> Fill:
    if kind.members is None:
        return _mapping_filler(kind, path, reading, reader)
    readers = [
        (member, reader(member.kind, f"{path}.{member.column}", member.nullable, member.default, reading))
        for member in kind.members
    ]
    build = kind.build or dict

    def fill(value: Any, problems: list[Problem]) -> Any:
        before = len(problems)
        members = {member.name: read(value.get(member.column, UNSET), problems) for member, read in readers}
        if len(problems) > before:
            return None
        built = attempt(lambda: build(**members))
        if isinstance(built, Raised):  # a stranger's class may check its members
            problems.append(problem_of(path, kind, f"refused by {build.__name__} ({built.failure.type})", value))
            return None
        return built

    return fill


def _mapping_filler(kind: Kind, path: str, reading: Reading, reader: MakeReader) -> Fill:
    if kind.item is None:
        raise AssertionError(kind)
    item, nullable = kind.item, kind.item_nullable
    as_text = cast_of(Kind(name="str"), reading)

    def fill(value: Any, problems: list[Problem]) -> Any:
        filled = {}
        for key, inner in value.items():
            try:
                name = as_text(key)
            except UnreadableError as error:
                problems.append(problem_of(path, kind, f"a key is {error.problem}", key))
                continue
            filled[name] = reader(item, f"{path}.{name}", nullable, None, reading)(inner, problems)
        return filled

    return fill
