"""Typical values of declared fields, the same every time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from mlsm._fields import Field, Kind
from mlsm.checks.pattern import example_of

__all__ = ["TYPICAL_ROWS", "raw_value", "typical_values"]

TYPICAL_ROWS = 64
_HOLE_EVERY = 7
_EXAMPLES = 20
_SPAN = 1_000.0
_WORDS = ("alpha", "Beta GmbH", "c", "delta-4", "42", "ABC123", "a@example.com", "2026", "x y")


def typical_values(fields: Sequence[Field], rows: int = TYPICAL_ROWS) -> list[tuple[Any, ...]]:
    """Make checked values for records that satisfy the fields.

    Args:
        fields: what the records hold.
        rows: how many records.

    Returns:
        A tuple a record, in the order of the fields; [] where no value can be found for a
        field, as with a pattern that is not understood.

    Example:
        >>> from mlsm._fields import fields_of_mapping
        >>> typical_values(fields_of_mapping({"age": int}), rows=3)
        [(0,), (333,), (667,)]
    """
    columns = [_column(field, rows) for field in fields]
    if not columns:
        return [()] * rows
    found = [column for column in columns if column is not None]
    return list(zip(*found, strict=True)) if len(found) == len(columns) else []


def raw_value(kind: Kind, row: int, rows: int = TYPICAL_ROWS) -> Any:
    """Give the value of a row as a record would hold it: plain, by column; None where there is none.

    Example:
        >>> from mlsm._fields import Kind
        >>> raw_value(Kind(name="literal", values=("a", "b")), 1)
        'b'
    """
    return _as_given(kind, _value(kind, row, rows))


def _as_given(kind: Kind, value: Any) -> Any:
    if isinstance(value, list) and kind.item is not None:
        return [_as_given(kind.item, item) for item in value]
    if kind.name != "object" or value is None:
        return value
    if kind.members is None:
        return {key: value[key] if kind.item is None else _as_given(kind.item, value[key]) for key in value}
    read = value.get if isinstance(value, dict) else partial(getattr, value)
    return {member.column: _as_given(member.kind, read(member.name)) for member in kind.members}


def _column(field: Field, rows: int) -> list[Any] | None:
    values = [_value(field.kind, row, rows) for row in range(rows)]
    if any(value is None for value in values):
        return None
    if field.nullable:
        values = [field.default if row % _HOLE_EVERY == _HOLE_EVERY - 1 else v for row, v in enumerate(values)]
    return values


def _value(kind: Kind, row: int, rows: int) -> Any:
    """Give the value of a row, None where there is none to be found."""
    makers: dict[str, Callable[[], Any]] = {
        "int": lambda: round(_number(kind, row, rows)),
        "float": lambda: _number(kind, row, rows),
        "bool": lambda: row % 2 == 0,
        "str": lambda: _word(kind, row),
        "date": lambda: date(2020, 1, 1) + timedelta(days=row * 31),
        "datetime": lambda: datetime(2020, 1, 1, 12, tzinfo=UTC) + timedelta(days=row * 31),
        "literal": lambda: kind.values[row % len(kind.values)],
        "list": lambda: _list(kind, row, rows),
        "object": lambda: _object(kind, row, rows),
    }
    return makers[kind.name]()


def _number(kind: Kind, row: int, rows: int) -> float:
    step = 1.0 if kind.name == "int" else 1e-6
    lows = [bound for bound in (kind.ge, None if kind.gt is None else kind.gt + step) if bound is not None]
    highs = [bound for bound in (kind.le, None if kind.lt is None else kind.lt - step) if bound is not None]
    if lows:
        low = max(lows)
        high = min(highs, default=low + _SPAN)
    else:
        high = min(highs, default=_SPAN)
        low = min(0.0, high - _SPAN)
    value = low + (high - low) * row / rows
    return min(max(value, math.ceil(low)), math.floor(high)) if kind.name == "int" else value


def _word(kind: Kind, row: int) -> str | None:
    for attempt in range(len(_WORDS)):
        word = _WORDS[(row + attempt) % len(_WORDS)]
        word = (word * (kind.min_length or 1))[: kind.max_length] if kind.min_length else word[: kind.max_length]
        if kind.pattern is None or re.search(kind.pattern, word):
            return word
    examples = (example_of(kind.pattern or "", row + rows_on) for rows_on in range(_EXAMPLES))
    return next((word for word in examples if word is not None and _fits(word, kind)), None)


def _fits(word: str, kind: Kind) -> bool:
    longest = math.inf if kind.max_length is None else kind.max_length
    return (kind.min_length or 0) <= len(word) <= longest and bool(re.search(kind.pattern or "", word))


def _list(kind: Kind, row: int, rows: int) -> list[Any] | None:
    if kind.item is None:
        return None
    size = max(kind.min_length or 0, min(row % 4, 3 if kind.max_length is None else kind.max_length))
    items = [_value(kind.item, row + place, rows + size) for place in range(size)]
    return None if any(item is None for item in items) else items


def _object(kind: Kind, row: int, rows: int) -> Any:
    if kind.members is None:
        return {} if kind.item is None else {"key": _value(kind.item, row, rows)}
    members = {member.name: _value(member.kind, row, rows) for member in kind.members}
    if any(value is None for value in members.values()):
        return None
    return members if kind.build is None else kind.build(**members)
