"""The coercion table has two implementations that say the same: a value at a time, a column at a time."""

import json
import math
import tempfile
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing.parametric import series
from tests.laws.dice import Dice
from tests.laws.effort import effort
from tests.laws.values import ABSENT, KINDS, READINGS, declared_field, raw_value

from mlsm import Problem, Reading
from mlsm._fields import Field, field_reader, fields_of_mapping
from mlsm.engine.columns import Checked, check_column
from mlsm.readers import open_reader

KIND = pytest.mark.parametrize("kind", KINDS)
READING = st.sampled_from(READINGS)
SEED = st.integers(0, 2**32)
_WHOLE: tuple[Any, ...] = (
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.UInt128,
)  # fmt: skip
_REAL: tuple[Any, ...] = (pl.Float16, pl.Float32, pl.Float64, pl.Decimal(12, 2), pl.Decimal(38, 0))
_WORDS: tuple[Any, ...] = (pl.String, pl.Categorical, pl.Enum(["A", "7", "x", "true", " ", "1.0", "2026-01-01"]))
_CALENDARS: tuple[Any, ...] = (
    pl.Date, pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ns"), pl.Datetime("us", "UTC"),
    pl.Datetime("ns", "Europe/Paris"), pl.Datetime("us", "Asia/Tokyo"), pl.Datetime("ms", "America/Sao_Paulo"),
)  # fmt: skip
_NESTED: tuple[Any, ...] = (
    pl.List(pl.Int64), pl.List(pl.List(pl.Float64)), pl.List(pl.String), pl.Array(pl.Int16, 2),
    pl.Struct({"what": pl.String, "on": pl.Date, "weight": pl.Float64}),
    pl.Struct({"name": pl.String, "size": pl.Int8}), pl.Struct({"city": pl.String, "lat": pl.Float32}),
    pl.List(pl.Struct({"what": pl.String, "on": pl.String})),
)  # fmt: skip
_OTHERS: tuple[Any, ...] = (pl.Boolean, pl.Time, pl.Duration("us"), pl.Binary, pl.Null)
DTYPES = (*_WHOLE, *_REAL, *_WORDS, *_CALENDARS, *_NESTED, *_OTHERS)
_LIKELY = {
    "int": (*_WHOLE, *_REAL, *[pl.Int64, pl.Float64] * 5), "float": (*_WHOLE, *_REAL, *[pl.Float64] * 9),
    "str": (*_WORDS, *_WHOLE),
    "bool": (pl.Boolean, *_WHOLE, *_REAL),
    "date": _CALENDARS, "datetime": _CALENDARS, "literal": (*_WORDS, *_WHOLE), "list": _NESTED, "object": _NESTED,
}  # fmt: skip


def field_of(seed: int, kind: str) -> Field:
    declared = declared_field(Dice(seed), "x", kind)
    field: Field = fields_of_mapping({"x": declared.annotation})["x"]
    return field


def columns_for(kind: str) -> st.SearchStrategy[pl.Series]:
    """Give columns of types that the kind is likely to meet, and some of any other."""
    likely = _LIKELY[fields_of_mapping({"x": KINDS[kind].annotation})["x"].kind.name]
    return (st.sampled_from(likely) | st.sampled_from(likely) | st.sampled_from(DTYPES)).flatmap(_columns)


def _columns(dtype: Any) -> st.SearchStrategy[pl.Series]:
    if dtype in (pl.Float32, pl.Float64):
        special = st.sampled_from([0.0, -0.0, 1.0, 2.5, -1.0, 49.0, math.nan, math.inf, 2.0**63])
        numbers = special | (st.floats(width=32) if dtype == pl.Float32 else st.floats())
        return st.lists(st.none() | numbers, max_size=6).map(lambda values: pl.Series(values, dtype=dtype))
    if dtype in (pl.Int64, pl.UInt8):
        low, high = (-(2**63), 2**63 - 1) if dtype == pl.Int64 else (0, 255)
        wholes = st.integers(low, high) | st.integers(0, 3) | st.sampled_from([0, 49, 50, 100])
        return st.lists(st.none() | wholes, max_size=6).map(lambda values: pl.Series(values, dtype=dtype))
    found: st.SearchStrategy[pl.Series] = series(dtype=dtype, max_size=6)
    return found


def one_by_one(field: Field, reading: Reading, raw: Sequence[Any]) -> tuple[list[Any], dict[int, tuple[Problem, ...]]]:
    """Read each value by itself, as one record's reader does."""
    read = field_reader(field, reading)
    values, wrong = [], {}
    for row, value in enumerate(raw):
        problems: list[Problem] = []
        values.append(read(value, problems))
        if problems:
            wrong[row] = tuple(problems)
    return values, wrong


def as_column(field: Field, reading: Reading, raw: Any) -> Checked:
    found = check_column(field, field_reader(field, reading), raw, len(raw), reading)
    assert len(raw) == len(found.as_series())  # what a model of a frame is handed can be made of it
    return found


def assert_agree(field: Field, reading: Reading, values: Sequence[Any], column: Any) -> None:
    """Assert that a column reads as its values do, to the type and the last bit."""
    expected, wrong = one_by_one(field, reading, values)
    found = as_column(field, reading, column)
    assert wrong == dict(found.bad)
    assert [None if row in wrong else repr(value) for row, value in enumerate(expected)] == [
        None if row in wrong else repr(value) for row, value in enumerate(found.as_list())
    ]


@KIND
@effort(25)
@given(st.data(), READING, SEED)
def test_a_typed_column_reads_as_its_values(kind: str, data: st.DataObject, reading: Reading, seed: int) -> None:
    """A column of any type of polars gives what its values give, each read by itself."""
    column = data.draw(columns_for(kind), label="column")
    assert_agree(field_of(seed, kind), reading, column.to_list(), column)


_NUMBERS = st.one_of(
    st.integers(-(2**64), 2**64).map(str),
    st.floats(allow_nan=True).map(repr),
    st.floats(-1e6, 1e6).map("{:.3f}".format),
    st.text("0123456789+-.,eE_ \u00a0\uff11\u0661", max_size=9),
    st.from_regex(r"\A\s?[+-]?[0-9]{1,25}([.,][0-9]{0,25})?([eE][+-]?[0-9]{1,3})?\s?\Z", fullmatch=True),
)
_ISO = (
    r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]"
    r"([T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
)
_CALENDAR = st.one_of(
    st.dates().map(str),
    st.datetimes(timezones=st.just(UTC) | st.none()).map(str),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="minutes") + "Z"),
    st.from_regex(_ISO),
    st.text("0123456789-:T .Z+/", max_size=12),
)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_SPELLINGS = st.sampled_from([
    "", " ", "true", "False", " TRUE ", "yes", "JA", "no", "unknown", " n/a ", "99", " 99 ", "NaN", "null", "None", "A",
    " B ", "7", "x", "[1]", "[", "{}", '{"what": "v", "on": "2026-01-01"}', '{"name": "refused"}', "[NaN]", "[1e400]",
    "a@b.c", "\x00", "0", "1", "49.0", "2026-01-01", "01.01.2026",
])  # fmt: skip
_SMALL = st.sampled_from(["99", "0", "49.0", "+5", "007", " 7", "-0", "1,5", "2.5"])
_SPELLED = {
    "int": _NUMBERS | _SMALL, "float": _NUMBERS | _SMALL, "bool": _SPELLINGS, "date": _CALENDAR, "datetime": _CALENDAR,
}  # fmt: skip


@KIND
@effort(25)
@given(st.data(), READING, SEED)
def test_text_reads_alike_in_every_form(kind: str, data: st.DataObject, reading: Reading, seed: int) -> None:
    """Text gives the same as a value, a list, a column of text and a column of categories."""
    field = field_of(seed, kind)
    likely = _SPELLED.get(field.kind.name, _SPELLINGS)
    spelled = st.lists(st.none() | likely | likely | _SPELLINGS | _TEXT, max_size=8)
    texts = data.draw(spelled, label="texts")
    assert_agree(field, reading, texts, texts)
    assert_agree(field, reading, texts, pl.Series(texts, dtype=pl.String))
    assert_agree(field, reading, texts, pl.Series(texts, dtype=pl.Categorical))


@KIND
@effort(25)
@given(SEED, READING, st.integers(0, 8))
def test_python_values_read_alike_in_a_list(kind: str, seed: int, reading: Reading, count: int) -> None:
    """Objects of any type, those of numpy and pandas too, give in a list what they give alone."""
    dice = Dice(seed)
    kinds = tuple(KINDS) if dice.seldom() else (kind,)
    values = [raw_value(dice, dice.pick(kinds)) for _ in range(count)]
    present = [value for value in values if value is not ABSENT]
    if dice.coin():  # a list of one type, as most columns are
        present = [value for value in present if value is None or type(value) is type(present[0])]
    assert_agree(field_of(seed, kind), reading, present, present)
    assert_agree(field_of(seed, kind), reading, present, pl.Series(present, dtype=pl.Object))


_NAMES = st.sampled_from(["what", "on", "weight", "name", "size", "tags", "city", "lat"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | _NUMBERS | _CALENDAR | _SPELLINGS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["what", "on", "weight", "name", "size", "tags", "city", "lat"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@KIND
@effort(10)
@given(st.lists(_JSON, min_size=1, max_size=6), READING, SEED)
def test_json_reads_as_the_objects_that_it_holds(kind: str, values: list[Any], reading: Reading, seed: int) -> None:
    """A key of NDJSON gives what Python's own objects give; a list or object also as JSON text."""
    field = field_of(seed, kind)
    with tempfile.NamedTemporaryFile("wb", suffix=".ndjson", delete=False) as file:
        file.write(b"".join(_line(value) for value in values))
    (part,) = open_reader(file.name).parts(100)
    Path(file.name).unlink()
    assert () == part.broken
    assert_agree(field, reading, values, part.columns["x"])
    if field.kind.mutable:
        texts = [_line(value)[6:-2].decode() if isinstance(value, (list, dict)) else value for value in values]
        expected, wrong = one_by_one(field, reading, values)
        actual, also_wrong = one_by_one(field, reading, texts)
        assert wrong.keys() == also_wrong.keys()
        assert repr(expected) == repr(actual)


def _line(value: Any) -> bytes:
    """Write a line as Python's json does: with NaN and Infinity, and ints of any size."""
    return json.dumps({"x": value}).encode() + b"\n"


TICKS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=6)


@pytest.mark.parametrize("kind", ["date", "datetime", "str", "int"])
@effort(25)
@given(st.sampled_from(_CALENDARS), TICKS, READING, SEED)
def test_a_date_that_python_cannot_hold_is_a_problem_of_its_row(
    kind: str, dtype: Any, ticks: list[int | None], reading: Reading, seed: int
) -> None:
    """Dates beyond the years 1 to 9999 are a problem where they stand; the rest of the column is read."""
    field = field_of(seed, kind)
    narrow = [None if tick is None else tick >> 32 for tick in ticks] if dtype == pl.Date else ticks
    column = pl.Series(narrow, dtype=pl.Int32 if dtype == pl.Date else pl.Int64).cast(dtype)
    found = as_column(field, reading, column)
    for row in range(len(column)):
        try:
            value = column.slice(row, 1).to_list()
        except BaseException:  # noqa: BLE001 - polars panics
            assert row in found.bad
            continue
        expected, wrong = one_by_one(field, reading, value)
        assert (wrong.get(0), repr(expected)) == (found.bad.get(row), repr([found.as_list()[row]]))
