"""The coercion table, for a column at a time. Its other half is `_fields.record`.

A column is converted as a whole where it is plain; each value that is not surely right goes
through the record's reader, so that both halves say the same of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from mlsm._fields import Field, FieldReader, Kind, Reading
from mlsm._fields.dtypes import dtype_of
from mlsm._result import Problem
from mlsm.engine.conversions import convert
from mlsm.engine.objects import objects_of

if TYPE_CHECKING:
    from mlsm.contracts import Column

__all__ = ["Checked", "check_column", "check_series", "series_of"]

T = TypeVar("T")

_EXACT: dict[str, type] = {"int": int, "float": float, "bool": bool}


@dataclass(slots=True)
class Checked:
    """A column that was read: good values, None in bad rows, and what is wrong there.

    Args:
        kind: what the values are.
        bad: problems by row.
        values: the values as Python objects, None where only `series` was made so far.
        series: the values as a polars Series, likewise.
    """

    kind: Kind
    bad: Mapping[int, tuple[Problem, ...]]
    values: Sequence[Any] | None = None
    series: pl.Series | None = None

    def as_list(self) -> Sequence[Any]:
        """Give Python objects, as the record's reader gives them."""
        if self.values is None:
            if self.series is None:
                raise AssertionError(self)
            values = self.series.to_list()
            if self.kind.name == "datetime":  # polars speaks of another UTC than `datetime.UTC`
                values = [value and value.replace(tzinfo=UTC) for value in values]
            self.values = values
        return self.values

    def as_series(self) -> pl.Series:
        """Give a Series of the kind's type."""
        if self.series is None:
            self.series = series_of(self.as_list(), self.kind)
        return self.series


def series_of(values: Sequence[Any], kind: Kind) -> pl.Series:
    """Make a Series of checked values; of Python objects where no type fits."""
    dtype = dtype_of(kind)
    return pl.Series(values=list(values), dtype=pl.Object() if dtype is None else dtype)


def check_column(field: Field, read: FieldReader, raw: Column | None, size: int, reading: Reading) -> Checked:
    """Read a raw column.

    Args:
        field: what it should hold.
        read: the field's reader for one value.
        raw: the column, None where the input has none of that name.
        size: the number of rows.
        reading: how the project spells values.
    """
    if raw is None:
        return _absent(field, read, size)
    if isinstance(raw, list):
        return _check_list(field, read, raw)
    return check_series({field.name: (field, read, raw)}, reading)[field.name]


def check_series(fields: Mapping[T, tuple[Field, FieldReader, pl.Series]], reading: Reading) -> dict[T, Checked]:
    """Read several columns that have a type; what can be converted is, in one step.

    Args:
        fields: by any name: the field, its reader for one value, the column.
        reading: how the project spells values.
    """
    found = convert({name: (_uncoded(raw), field.kind) for name, (field, _, raw) in fields.items()}, reading)
    return {name: _check_series(field, read, raw, found.get(name)) for name, (field, read, raw) in fields.items()}


def _absent(field: Field, read: FieldReader, size: int) -> Checked:
    if field.kind.mutable:
        return _each(field, read, [None] * size)
    problems: list[Problem] = []
    value = read(None, problems)
    bad = dict.fromkeys(range(size), tuple(problems)) if problems else {}
    return Checked(field.kind, bad, values=[value] * size)


def _check_list(field: Field, read: FieldReader, raw: list[Any]) -> Checked:
    types = list(map(type, raw))  # counting one of them takes half the time of making a set
    exact = _EXACT.get(field.kind.name)
    if exact is not None and raw and types.count(exact) == len(raw):
        whole = _within(field.kind, read, raw)
        if whole is not None:
            return Checked(field.kind, {}, values=raw, series=whole)
    kinds = set(types)
    if exact is not None and kinds == {exact, type(None)} and field.nullable:
        present = [value for value in raw if value is not None]
        if _within(field.kind, read, present) is not None:
            default = field.default
            values = raw if default is None else [default if value is None else value for value in raw]
            return Checked(field.kind, {}, values=values)
    if kinds <= {str, type(None)} and not field.kind.mutable:
        return _memorised(field, read, raw)
    return _each(field, read, raw)


def _within(kind: Kind, read: FieldReader, values: list[Any]) -> pl.Series | None:
    """Give numbers as a column if all satisfy the bounds, by looking at the least and the greatest."""
    try:
        numbers = pl.Series(values, dtype=dtype_of(kind))
    except TypeError:  # an int beyond 64 bits
        return None
    if kind.name == "bool":
        return numbers
    if kind.name == "float" and not math.isfinite(numbers.sum()):  # spoiled by NaN and infinity
        return None
    problems: list[Problem] = []
    read(numbers.min(), problems)
    read(numbers.max(), problems)
    return None if problems else numbers


def _memorised(field: Field, read: FieldReader, raw: Sequence[Any]) -> Checked:
    """Read each distinct value once; all values are of one type or None."""
    table: dict[Any, Any] = {}
    wrong: dict[Any, tuple[Problem, ...]] = {}
    for value in set(raw):
        problems: list[Problem] = []
        table[value] = read(value, problems)
        if problems:
            wrong[value] = tuple(problems)
    bad = {row: wrong[value] for row, value in enumerate(raw) if value in wrong} if wrong else {}
    same = all(value is read_as for value, read_as in table.items())
    return Checked(field.kind, bad, values=raw if same else list(map(table.__getitem__, raw)))


def _each(field: Field, read: FieldReader, raw: Sequence[Any]) -> Checked:
    values, bad = [], {}
    for row, value in enumerate(raw):
        problems: list[Problem] = []
        values.append(read(value, problems))
        if problems:
            bad[row] = tuple(problems)
    return Checked(field.kind, bad, values=values)


def _uncoded(raw: pl.Series) -> pl.Series:
    return raw.cast(pl.String) if isinstance(raw.dtype, (pl.Categorical, pl.Enum)) else raw


def _check_series(
    field: Field, read: FieldReader, raw: pl.Series, found: tuple[pl.Series, pl.Series] | None
) -> Checked:
    raw = _uncoded(raw)
    if found is None:
        values = objects_of(raw)
        if raw.dtype == pl.String and not field.kind.mutable:
            return _memorised(field, read, values)
        return _each(field, read, values)
    converted, sure = found
    if sure.all():
        return Checked(field.kind, {}, series=converted)
    return _patch(field, read, raw, converted, sure)


def _patch(field: Field, read: FieldReader, raw: pl.Series, converted: pl.Series, sure: pl.Series) -> Checked:
    """Put what the record's reader says into the rows that are not surely right."""
    rows = (~sure).arg_true().to_list()
    memory: dict[str, tuple[Any, tuple[Problem, ...]]] = {}
    changed, bad = {}, {}
    for row, value in zip(rows, objects_of(raw.filter(~sure)), strict=True):
        key = repr(value)  # tells -0.0 from 0.0, and NaN is itself
        if key not in memory:
            problems: list[Problem] = []
            memory[key] = read(value, problems), tuple(problems)
        found, wrong = memory[key]
        if wrong:
            bad[row] = wrong
        elif found is not None:
            changed[row] = found
    converted = converted.zip_with(sure, pl.repeat(None, len(raw), dtype=converted.dtype, eager=True))
    if not changed:
        return Checked(field.kind, bad, series=converted)
    values = list(Checked(field.kind, {}, series=converted).as_list())
    for row, value in changed.items():
        values[row] = value
    return Checked(field.kind, bad, values=values)
