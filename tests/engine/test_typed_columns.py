"""A typed column is read as a whole, and says of each value what the coercion table says."""

import math
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from mlsm import Reading
from mlsm._fields import field_reader, fields_of_mapping
from mlsm.engine.columns import check_column

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TOKYO = pl.Series([NOON]).dt.convert_time_zone("Asia/Tokyo")
FAR = pl.Series([2**62, 0, None, -(2**62)])
NINES = Reading(null=frozenset({"99"}))

READ: dict[str, tuple[Any, pl.Series, list[Any], dict[int, str]]] = {
    "floats as int": (int, pl.Series([1.0, 1.5, math.nan, None]), [1, None, None, None],
        {1: "not a whole number", 2: "missing", 3: "missing"}),
    "floats as float": (float | None, pl.Series([1.5, math.nan, math.inf, None, -0.0]), [1.5, None, None, None, -0.0],
        {2: "not finite"}),
    "large unsigned as int": (int, pl.Series([1, 2**64 - 1], dtype=pl.UInt64), [1, None], {1: "beyond 64 bits"}),
    "wide as int": (int, pl.Series([7, 2**70], dtype=pl.Int128), [7, None], {1: "beyond 64 bits"}),
    "ints as text": (str, pl.Series([7, None]), ["7", None], {1: "missing"}),
    "blank text": (str | None, pl.Series([" a ", " ", "", None]), [" a ", None, None, None], {}),
    "text as int": (int, pl.Series(["007", "1.0", "1.5", "9" * 18, "9" * 19]), [7, 1, None, 10**18 - 1, None],
        {2: "wrong type", 4: "beyond 64 bits"}),
    "categories": (float, pl.Series(["1.5", "x"], dtype=pl.Categorical), [1.5, None], {1: "wrong type"}),
    "flags": (bool, pl.Series([True, None]), [True, None], {1: "missing"}),
    "another zone": (datetime, TOKYO, [NOON], {}),
    "nanoseconds": (datetime, pl.Series([-1]).cast(pl.Datetime("ns")),
        [datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)], {}),
    "days as moments": (datetime, pl.Series([date(2026, 1, 31)]), [datetime(2026, 1, 31, tzinfo=UTC)], {}),
    "moments as days": (date, pl.Series([NOON, NOON.replace(hour=0)]), [None, date(2026, 1, 31)],
        {0: "has a time of day"}),
    "far moments": (datetime | None, FAR.cast(pl.Datetime("ms")), [None, datetime(1970, 1, 1, tzinfo=UTC), None, None],
        {0: "wrong type", 3: "wrong type"}),
    "far days": (date | None, (FAR // 2**32).cast(pl.Int32).cast(pl.Date), [None, date(1970, 1, 1), None, None],
        {0: "wrong type", 3: "wrong type"}),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_a_column_reads_as_the_table_says(case: str) -> None:
    """Good values have their kind's type, wrong ones their problem, at their own rows."""
    annotation, column, values, problems = READ[case]
    (field,) = fields_of_mapping({"x": annotation})
    found = check_column(field, field_reader(field, Reading()), column, len(column), Reading())
    assert problems == {row: wrong[0].problem for row, wrong in found.bad.items()}
    assert list(map(repr, values)) == [repr(None if row in found.bad else v) for row, v in enumerate(found.as_list())]


@pytest.mark.parametrize("values", [["99", "7"], [" 99 ", "7"]], ids=repr)
def test_a_null_spelling_may_look_like_a_number(values: list[str]) -> None:
    """Where a project says that 99 is no value, it is none in a column either."""
    (field,) = fields_of_mapping({"x": int | None})
    found = check_column(field, field_reader(field, NINES), pl.Series(values), 2, NINES)
    assert ([None, 7], {}) == (list(found.as_list()), dict(found.bad))


@pytest.mark.parametrize(
    ("annotation", "raw", "expected"), [(int, 1, 1), (float, 1.5, 1.5), (bool, True, True), (str, "a", "a")], ids=repr
)
def test_a_hole_in_a_list_is_missing_at_its_row(annotation: Any, raw: Any, expected: Any) -> None:
    """A list of exact values with a hole: a problem where the field is required, else None."""
    (required,) = fields_of_mapping({"x": annotation})
    found = check_column(required, field_reader(required, Reading()), [raw, None, raw], 3, Reading())
    assert {1: "missing"} == {row: wrong[0].problem for row, wrong in found.bad.items()}
    (optional,) = fields_of_mapping({"x": annotation | None})
    found = check_column(optional, field_reader(optional, Reading()), [raw, None, raw], 3, Reading())
    assert ([expected, None, expected], {}) == (list(found.as_list()), dict(found.bad))
