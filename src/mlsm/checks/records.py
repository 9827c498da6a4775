"""Records to ask a model about: typical ones, and one hostile value after another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlsm._fields import UNSET, Field, FieldReader, Reading, field_reader
from mlsm._result import Outcome, Problem
from mlsm.checks.hostile import hostile_values
from mlsm.checks.typical import TYPICAL_ROWS, raw_value

__all__ = ["USABLE", "Probe", "Reader", "probes", "satisfying", "typical_records"]

USABLE = (Outcome.OK, Outcome.ABSTAINED)
_HOLE_EVERY = 5
_MIXED_ROWS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A record, what is special about it, and the outcomes that are right for it.

    `single` tells that one thing alone is special, so that it is the cause of what follows.
    """

    record: Mapping[str, Any]
    what: str
    expected: tuple[Outcome, ...]
    single: bool = False

    @property
    def fits(self) -> bool:
        """Tell whether the record satisfies the fields."""
        return self.expected != (Outcome.INVALID,)


class Reader:
    """Reads records by a model's fields, one value at a time.

    Example:
        >>> from mlsm._fields import Reading, fields_of_mapping
        >>> reader = Reader(fields_of_mapping({"age": int}), Reading())
        >>> reader.read({"age": "42"}), reader.read({"age": "x"})
        ([42], None)
    """

    def __init__(self, fields: Sequence[Field], reading: Reading) -> None:
        self._readers: list[tuple[str, FieldReader]] = [(f.column, field_reader(f, reading)) for f in fields]

    def read(self, record: Mapping[str, Any]) -> list[Any] | None:
        """Give the values that a model is handed, None where the record does not satisfy the fields."""
        problems: list[Problem] = []
        values = [read(record.get(column, UNSET), problems) for column, read in self._readers]
        return None if problems else values


def probes(
    fields: Sequence[Field], reading: Reading, *, base: Mapping[str, Any] | None = None, seed: int = 0
) -> list[Probe]:
    """Make typical and hostile records for the fields of a model, the same for the same seed.

    Each hostile value stands in an otherwise typical record, so that what it does is seen by
    itself; then hostile values that satisfy their fields are mixed.

    Args:
        fields: the declared inputs.
        reading: how the data spells values.
        base: the record in which hostile values stand; a typical one unless given.
        seed: another one mixes other values.

    Example:
        >>> from mlsm._fields import fields_of_mapping
        >>> made = probes(fields_of_mapping({"age": int}), Reading())
        >>> made[0].record, made[0].expected[0].value
        ({'age': 0}, 'ok')
    """
    reader = Reader(fields, reading)
    typical = typical_records(fields)
    chosen = satisfying(typical, reader) if base is None else dict(base)
    records = [("a typical record", record, False) for record in typical]
    if chosen is not None:
        records += [(what, record, True) for what, record in _one_by_one(fields, chosen)]
        mixed = _mixed(fields, reading, chosen, random.Random(seed))  # noqa: S311 - a seed is wanted
        records += [("several rare values", record, False) for record in mixed]
    return [
        Probe(
            record=record,
            what=what,
            expected=(Outcome.INVALID,) if reader.read(record) is None else USABLE,
            single=single,
        )
        for what, record, single in records
    ]


def typical_records(fields: Sequence[Field], rows: int = TYPICAL_ROWS) -> list[dict[str, Any]]:
    """Make records that satisfy the fields, with holes where values may be missing."""
    records = []
    for row in range(rows):
        record = {field.column: raw_value(field.kind, row, rows) for field in fields}
        for place, field in enumerate(fields):
            if field.nullable and (row + place) % _HOLE_EVERY == _HOLE_EVERY - 1:
                record[field.column] = None
        records.append(record)
    return records


def satisfying(records: Sequence[dict[str, Any]], reader: Reader) -> dict[str, Any] | None:
    """Give the fullest record that satisfies the fields, None where there is none.

    Of several it is one from the middle: the first hold the least values.
    """
    fitting = [record for record in records if reader.read(record) is not None]
    middle = len(fitting) // 2
    from_middle = fitting[middle:] + fitting[:middle]
    return max(from_middle, key=lambda record: sum(value is not None for value in record.values()), default=None)


def _one_by_one(fields: Sequence[Field], base: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "a column that nobody reads", {**base, "a column that nobody reads": "x"}
    yield "an empty record", {}
    yield "every field null", dict.fromkeys(base)
    optional = {field.column for field in fields if field.nullable}
    yield "every optional field null", {name: None if name in optional else value for name, value in base.items()}
    yield "every optional field missing", {name: value for name, value in base.items() if name not in optional}
    for field in fields:
        without = {name: value for name, value in base.items() if name != field.column}
        yield f"{field.column!r} missing", without
        for what, value in hostile_values(field.kind):
            yield f"{field.column!r} {what}", {**base, field.column: value}


def _mixed(
    fields: Sequence[Field], reading: Reading, base: dict[str, Any], chance: random.Random
) -> Iterator[dict[str, Any]]:
    choices = {field.column: _taken(field, reading, base[field.column]) for field in fields}
    if not choices:
        return
    for _ in range(_MIXED_ROWS):
        yield {column: chance.choice(values) for column, values in choices.items()}


def _taken(field: Field, reading: Reading, typical: Any) -> list[Any]:
    """Give the hostile values that a field takes, beside a typical one."""
    reader = Reader([field], reading)
    values = [value for _, value in hostile_values(field.kind) if reader.read({field.column: value}) is not None]
    return [typical, *values]
