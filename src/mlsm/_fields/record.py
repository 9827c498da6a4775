"""The coercion table, for one value at a time. Its other half is `engine.columns`."""

from __future__ import annotations

from typing import Any

from mlsm._fields.containers import FieldReader, container_reader
from mlsm._fields.declare import Field
from mlsm._fields.kinds import Kind, Reading
from mlsm._fields.problems import UnreadableError, is_missing, missing, problem_of
from mlsm._fields.scalars import cast_of, check_of, plain_range
from mlsm._result import Problem

__all__ = ["FieldReader", "field_reader"]


def field_reader(field: Field, reading: Reading) -> FieldReader:
    """Compile a field into a function that reads one raw value.

    Example:
        >>> from mlsm._fields import fields_of_mapping
        >>> read = field_reader(fields_of_mapping({"age": int})["age"], Reading())
        >>> problems = []
        >>> read(" 42 ", problems), read("x", problems), [str(problem) for problem in problems]
        (42, None, ["age: wrong type, expected int, got 'x'"])
    """
    return _reader(field.kind, field.column, field.nullable, field.default, reading)


def _reader(kind: Kind, path: str, nullable: bool, default: Any, reading: Reading) -> FieldReader:
    if kind.name in ("list", "object"):
        return container_reader(kind, path, nullable, default, reading, _reader)
    read = _scalar_reader(kind, path, nullable, default, reading)
    return _plain_text_first(read, reading.null) if kind.name == "str" and not kind.constrained else read


def _scalar_reader(kind: Kind, path: str, nullable: bool, default: Any, reading: Reading) -> FieldReader:
    cast = cast_of(kind, reading)
    check = check_of(kind) if kind.constrained else None
    null = reading.null
    plain, low, high = plain_range(kind)

    def read(value: Any, problems: list[Problem]) -> Any:
        if type(value) is plain and low <= value <= high:
            return value
        if is_missing(value, null):
            if nullable:
                return default
            problems.append(missing(path, kind))
            return None
        try:
            result = cast(value)
            if check is not None:
                check(result)
        except UnreadableError as error:
            problems.append(problem_of(path, kind, error.problem, value))
            return None
        return result

    return read


def _plain_text_first(read: FieldReader, null: frozenset[str]) -> FieldReader:
    """Let text of ASCII pass that begins and ends beyond the blanks, which sort up to the space."""

    def read_text(value: Any, problems: list[Problem]) -> Any:
        if type(value) is str and value[:1] > " " and value[-1] > " " and value.isascii() and value not in null:
            return value
        return read(value, problems)

    return read_text
