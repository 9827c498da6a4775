"""The coercion table, row by row: what each kind takes, and what it says of the rest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from mlsm import Alias, Default, Meta, Problem, Reading
from mlsm._fields import UNSET, field_reader, fields_of_mapping
from mlsm.engine.columns import check_column

NAIVE = datetime.fromisoformat("2026-01-31T12:30")
LATE = datetime(2026, 1, 31, 12, 30, tzinfo=timezone(timedelta(hours=2)))
GERMAN = Reading(
    null=frozenset({"unbekannt"}),
    true=frozenset({"Ja"}),
    false=frozenset({"nein"}),
    date_formats=("%d.%m.%Y", "%d.%m.%Y %H:%M"),
    decimal=",",
)

TAKEN: list[tuple[Any, Any, Any]] = [
    *((int, raw, 42) for raw in (42, 42.0, "42", " 42 ", "+42", "042", "42.", "42.00", "\u00a042\t")),
    *((int, raw, 42) for raw in (Decimal(42), Decimal("42.0"), np.int8(42), np.float64(42), np.array(42))),
    (int, "-0", 0), (int, "-0.0", 0), (int, -0.0, 0),
    (int, 2**63 - 1, 2**63 - 1), (int, str(-(2**63)), -(2**63)), (int, "9007199254740993", 9007199254740993),
    *((float, raw, 1.5) for raw in (1.5, "1.5", " 1.5 ", "+1.5", "15e-1", "0.15E+1", "1.50", Decimal("1.5"))),
    (float, 3, 3.0), (float, "3", 3.0), (float, "3.", 3.0), (float, ".5", 0.5), (float, "-.5", -0.5),
    (float, "-0.0", -0.0), (float, np.float32(0.5), 0.5), (float, 2**70, 2.0**70), (float, "0.1", 0.1),
    (float, "123456789012345678901234567890", 123456789012345678901234567890.0),
    *((bool, raw, True) for raw in (True, "true", "TRUE", " True ", 1, "1", 1.0, "1.0", np.True_, Decimal(1))),
    *((bool, raw, False) for raw in (False, "false", "False", 0, "0", -0.0, "+0", np.int64(0))),
    (str, "a", "a"), (str, " a ", " a "), (str, "007", "007"), (str, 7, "7"), (str, np.int64(7), "7"),
    (str, "☃", "☃"), (str, "true", "true"), (str, 10**30, "1" + "0" * 30), (str, np.str_("a"), "a"),
    *((date, raw, date(2026, 1, 31)) for raw in (date(2026, 1, 31), "2026-01-31", " 2026-01-31 ")),
    *((date, raw, date(2026, 1, 31)) for raw in ("2026-01-31T00:00", "2026-01-31T02:00+02:00", "2026-01-31 00:00:00Z")),
    *((date, raw, date(2026, 1, 31)) for raw in (pd.Timestamp("2026-01-31"), np.datetime64("2026-01-31"))),
    *((datetime, raw, NAIVE.replace(tzinfo=UTC)) for raw in (NAIVE, "2026-01-31T12:30", "2026-01-31 12:30:00.000Z")),
    *((datetime, raw, LATE.astimezone(UTC)) for raw in (LATE, "2026-01-31T12:30+0200", pd.Timestamp(LATE))),
    (datetime, date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC)),
    (datetime, NAIVE.replace(fold=1), NAIVE.replace(tzinfo=UTC)),
    (datetime, NAIVE.replace(fold=1, tzinfo=UTC), NAIVE.replace(tzinfo=UTC)),
    (datetime, "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    (datetime, "2026-01-31T12:30:00.123456789Z", NAIVE.replace(tzinfo=UTC, microsecond=123456)),
    (datetime, np.datetime64("2026-01-31T12:30:00.123456789"), NAIVE.replace(tzinfo=UTC, microsecond=123456)),
    (Literal["A", "7"], "A", "A"), (Literal["A", "7"], " A ", "A"), (Literal["A", "7"], 7, "7"),
    (Literal[1, 2], 2, 2), (Literal[1, 2], "2", 2), (Literal[1, 2], 2.0, 2), (Literal["x", 1], "1", 1),
    (list[int], [1, "2"], [1, 2]), (list[int], (1,), [1]), (list[int], "[1, 2]", [1, 2]), (list[int], [], []),
    (list[int], np.array([1, 2]), [1, 2]), (list[int], pl.Series([1]), [1]),
    (list[float | None], [None, "", 1], [None, None, 1.0]), (list[list[int]], "[[1],[]]", [[1], []]),
    (dict[str, float], {"a": "1", 2: 3}, {"a": 1.0, "2": 3.0}), (dict[str, float], '{"a": 1}', {"a": 1.0}),
]  # fmt: skip

ODD: tuple[Any, ...] = (True, np.True_, b"1", [1], {}, np.array([1]), np.array([1, 2]), 1j, NAIVE)
NO_LISTS: tuple[Any, ...] = (1, "1", "x", "{}", {"a": 1}, {1}, b"[1]", "[1", np.int64(1))
NO_OBJECTS: tuple[Any, ...] = ([], "[]", 1, "a")
NO_DATES: tuple[Any, ...] = (20260131, 1.0, True, timedelta(1), NAIVE.time())
REFUSED: list[tuple[Any, Any, str]] = [
    *((int, raw, "not a whole number") for raw in (1.5, math.inf, -math.inf, Decimal("1.5"), Decimal("Infinity"))),
    *((int, raw, "wrong type") for raw in ("1.5", "1e3", "x", "1_000", "\uff11", "\u0663", "0x1", "+", "--1", "1 2")),
    (int, "1,0", "wrong type"),
    *((int, raw, "wrong type") for raw in ODD),
    *((int, raw, "beyond 64 bits") for raw in (2**63, -(2**63) - 1, str(2**63), 1e19, Decimal(10) ** 30)),
    (int, "1" * 401, "wrong type"), (int, "1" * 30, "beyond 64 bits"),
    *((float, raw, "wrong type") for raw in ("inf", "-Infinity", "1e", "1,5", "1_0", ".", "e5", "0x1p3", "\uff11.5")),
    (float, True, "wrong type"),
    *((float, raw, "not finite") for raw in (math.inf, "1e400", np.float32("inf"), Decimal("1e400"))),
    (float, 10**400, "too large"), (float, [1.0], "wrong type"),
    *((bool, raw, "wrong type") for raw in ("t", "yes", "on", 2, "2", -1, b"true", [True])),
    (bool, 0.5, "not a whole number"), (bool, "0.5", "wrong type"),
    *((str, raw, "wrong type") for raw in (1.0, True, b"a", ["a"], {"a": 1}, NAIVE, np.float64(1), np.True_)),
    (str, "\ud800", "not valid Unicode"), (str, 10**400, "wrong type"),
    *((date, raw, "not a date") for raw in ("31.01.2026", "2026-1-31", "20260131", "2026-01-31T", "today")),
    *((date, raw, "no such date") for raw in ("2026-02-30", "0000-01-01", "2026-01-31T25:00")),
    (date, "2026-01-31X", "not a date"), (datetime, "2026-01-31T10:00+99:00", "no such date"),
    *((date, raw, "has a time of day") for raw in (NAIVE, "2026-01-31T00:00:01", "2026-01-31T00:00+02:00")),
    *((date, raw, "wrong type") for raw in NO_DATES),
    (date, "9999-12-31T23:00:00-05:00", "out of range"),
    *((datetime, raw, "not a date") for raw in ("12:30", "2026-01", "1769862600", "2026-01-31T12")),
    (datetime, datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "out of range"),
    (datetime, 1769862600, "wrong type"), (datetime, np.timedelta64(1, "s"), "wrong type"),
    *((Literal["A", "B"], raw, "not one of those listed") for raw in ("a", "C", 1, True, ["A"])),
    *((Literal[1, 2], raw, "not one of those listed") for raw in (3, "x", True, 1.5)),
    *((list[int], raw, "wrong type") for raw in NO_LISTS),
    *((dict[str, int], raw, "wrong type") for raw in NO_OBJECTS),
    (dict[str, int], {"\ud800": 1}, "a key is not valid Unicode"), (dict[str, int], {1.5: 1}, "a key is wrong type"),
]  # fmt: skip

MISSING = [None, UNSET, "", " ", "\t\r\n", "\u00a0", math.nan, np.float64("nan"), np.float32("nan"), Decimal("NaN"),
    Decimal("sNaN"), pd.NA, pd.NaT, np.datetime64("NaT")]  # fmt: skip
KINDS = (int, float, bool, str, date, datetime, Literal["A"], list[int], dict[str, int])


def read(annotation: Any, raw: Any, reading: Reading = Reading()) -> tuple[Any, list[Problem]]:  # noqa: B008 - frozen
    """Read a value, and see that a column of it says the same."""
    (declared,) = fields_of_mapping({"x": annotation})
    reader = field_reader(declared, reading)
    problems: list[Problem] = []
    value = reader(raw, problems)
    columns: list[Any] = [[raw, raw]] if raw is not UNSET else [None]
    if isinstance(raw, str) and raw != "\ud800":
        columns += [pl.Series([raw, raw]), pl.Series([raw, raw], dtype=pl.Categorical)]
    for column in columns:
        found = check_column(declared, reader, column, 2, reading)
        assert dict.fromkeys(range(2 if problems else 0), tuple(problems)) == dict(found.bad)
        assert problems or [repr(value)] * 2 == [repr(one) for one in found.as_list()]
        assert 2 == len(found.as_series())
    return value, problems


@pytest.mark.parametrize(("annotation", "raw", "expected"), TAKEN, ids=repr)
def test_what_a_kind_takes(annotation: Any, raw: Any, expected: Any) -> None:
    """A value in any of these forms becomes this one, of exactly this type, alone and in a column."""
    value, problems = read(annotation, raw)
    assert [] == problems
    assert (expected, type(expected)) == (value, type(value))
    assert repr(expected) == repr(value)


@pytest.mark.parametrize(("annotation", "raw", "problem"), REFUSED, ids=lambda value: repr(value)[:40])
def test_what_a_kind_refuses(annotation: Any, raw: Any, problem: str) -> None:
    """A value that a kind does not take is told with what is wrong, alone and in a column."""
    value, problems = read(annotation, raw)
    assert (None, [problem]) == (value, [found.problem for found in problems])


@pytest.mark.parametrize("raw", MISSING, ids=repr)
@pytest.mark.parametrize("annotation", KINDS, ids=repr)
def test_what_is_missing_for_every_kind(annotation: Any, raw: Any) -> None:
    """What is absent, null, blank or not a number is missing: None, the default, or a problem."""
    expected = Problem(
        path="x", problem="missing", expected=str(fields_of_mapping({"x": annotation})[0].kind), got="nothing"
    )
    assert (None, [expected]) == read(annotation, raw)
    assert (None, []) == read(annotation | None, raw)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (int, -1),
        (float, math.inf),
        (bool, True),
        (str, ""),
        (date, date(2020, 1, 1)),
        (list[int], [1]),
        (list[str], []),
    ],
    ids=repr,
)
def test_a_default_takes_the_place_of_what_is_missing(annotation: Any, default: Any) -> None:
    """A missing value becomes the default; a wrong one stays a problem."""
    assert (default, []) == read(Annotated[annotation, Default(default)], "")
    assert 1 == len(read(Annotated[annotation, Default(default)], object())[1])


def test_a_default_that_can_change_is_each_time_another() -> None:
    """Two records never share a list, whatever a model does with it."""
    (declared,) = fields_of_mapping({"x": Annotated[list[date], Default([date(2020, 1, 1)])]})
    reader = field_reader(declared, Reading())
    reader(None, []).clear()
    assert [date(2020, 1, 1)] == reader(None, [])


@pytest.mark.parametrize(
    ("annotation", "raw", "expected"),
    [
        (int, "1,0", 1), (int, "10", 10), (float, "1,5", 1.5), (float, "-,5e3", -500.0), (float, "2", 2.0),
        (bool, "JA", True), (bool, " Nein ", False), (bool, "true", True), (bool, "0,0", False),
        (date, "31.01.2026", date(2026, 1, 31)), (date, "2026-01-31", date(2026, 1, 31)),
        (datetime, "31.01.2026 12:30", NAIVE.replace(tzinfo=UTC)), (str, "1,5", "1,5"),
        *((kind | None, " unbekannt ", None) for kind in (int, str, date, list[int])),
    ],
    ids=repr,
)  # fmt: skip
def test_a_project_says_how_its_values_are_spelled(annotation: Any, raw: Any, expected: Any) -> None:
    """Null spellings, words for flags, formats of dates and the decimal mark are the project's."""
    assert (expected, []) == read(annotation, raw, GERMAN)


@pytest.mark.parametrize(
    ("annotation", "raw"),
    [(int, "1.0"), (float, "1.5"), (float, "1.000,5"), (float, "1,5,0"), (date, "31/01/2026"), (bool, "oui")],
)
def test_a_project_that_says_so_takes_nothing_else(annotation: Any, raw: Any) -> None:
    """Where the decimal mark is a comma, a point is none."""
    assert 1 == len(read(annotation, raw, GERMAN)[1])


BOUNDS: list[tuple[Any, Any, str | None]] = [
    (Annotated[int, Meta(ge=0)], 0, None), (Annotated[int, Meta(ge=0)], -1, "out of range"),
    (Annotated[int, Meta(gt=0)], 1, None), (Annotated[int, Meta(gt=0)], "0", "out of range"),
    (Annotated[int, Meta(ge=0.5)], 1, None), (Annotated[int, Meta(le=0.5)], 0, None),
    (Annotated[int, Meta(gt=2**64)], 5, "out of range"), (Annotated[int, Meta(le=2**64)], 2**63 - 1, None),
    (Annotated[int, Meta(lt=2**63)], 2**63 - 1, None), (Annotated[float, Meta(lt=1)], 1, "out of range"),
    (Annotated[float, Meta(lt=1)], math.nextafter(1, 0), None), (Annotated[float, Meta(ge=0)], -0.0, None),
    (Annotated[float, Meta(gt=2**53 + 1)], 2.0**53, "out of range"), (Annotated[float, Meta(ge=0, le=1)], "1", None),
    (Annotated[str, Meta(min_length=2)], "a", "too short"), (Annotated[str, Meta(max_length=2)], "☃☃☃", "too long"),
    (Annotated[str, Meta(pattern="^a+$")], "aa", None), (Annotated[str, Meta(pattern="^a+$")], "ab", "does not match"),
    (Annotated[str, Meta(pattern="b")], "abc", None), (Annotated[str, Meta(pattern=r"^\w+$")], "ü", None),
    (Annotated[list[int], Meta(max_length=1)], [1, 2], "too long"),
    (Annotated[list[int], Meta(min_length=1)], [], "too short"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "raw", "problem"), BOUNDS, ids=repr)
def test_bounds_are_kept_to_the_last_bit(annotation: Any, raw: Any, problem: str | None) -> None:
    """A value outside of its declared bounds is a problem, one on them is not."""
    assert ([] if problem is None else [problem]) == [found.problem for found in read(annotation, raw)[1]]
    for dtype in (pl.Int64, pl.Float64, pl.String):
        column = pl.Series([raw]).cast(dtype, strict=False) if isinstance(raw, (int, float)) else None
        if column is not None and column.to_list() == [raw]:
            (declared,) = fields_of_mapping({"x": annotation})
            bad = check_column(declared, field_reader(declared, Reading()), column, 1, Reading()).bad
            assert (problem is not None) == bool(bad)


class Visit(TypedDict):
    """A nested record with a key that may be absent."""

    page: str
    on: Annotated[date, Alias("Visited On")]
    seconds: NotRequired[float]


class Address(msgspec.Struct):
    """A class of msgspec's."""

    city: str
    zip: str | None = None


@dataclass
class Company:
    """A dataclass that looks at its members."""

    name: str
    address: Address
    tags: list[str] = field(default_factory=list)
    kind: str = field(default="company", init=False)

    def __post_init__(self) -> None:
        if not self.name.isalpha():
            raise ValueError(self.name)


def test_a_nested_record_is_read_member_by_member() -> None:
    """Members are read by their own kinds; unknown ones are left out, absent ones are None."""
    raw = [
        {"page": "/", "Visited On": "2026-01-31", "other": 1},
        {"page": 7, "Visited On": date(2026, 2, 1), "seconds": "3"},
    ]
    expected = [
        {"page": "/", "on": date(2026, 1, 31), "seconds": None},
        {"page": "7", "on": date(2026, 2, 1), "seconds": 3.0},
    ]
    assert (expected, []) == read(list[Visit], raw)


def test_a_class_is_made_of_its_members() -> None:
    """A dataclass or Struct is handed over as such, defaults and all."""
    value, problems = read(Company, {"name": "acme", "address": '{"city": "Brno"}'})
    assert [] == problems
    assert Company(name="acme", address=Address(city="Brno")) == value


def test_a_class_that_refuses_its_members_is_a_problem() -> None:
    """What a class raises while it is made is a problem of the record, not of the run."""
    _, problems = read(Company, {"name": "4711", "address": {"city": "Brno"}})
    assert ["refused by Company (ValueError)"] == [problem.problem for problem in problems]


def test_every_problem_of_a_nested_record_is_told_with_its_path() -> None:
    """All problems are found at once, however deep they lie."""
    raw = [{"page": 1.5, "Visited On": "x"}, 5, {"page": "/", "Visited On": "2026-01-31", "seconds": "long"}, None]
    _, problems = read(Annotated[list[Visit], Meta(max_length=3)], raw)
    assert [
        ("x[0].page", "wrong type"),
        ("x[0].Visited On", "not a date"),
        ("x[1]", "wrong type"),
        ("x[2].seconds", "wrong type"),
        ("x[3]", "missing"),
        ("x", "too long"),
    ] == [(problem.path, problem.problem) for problem in problems]


class Unspeakable:
    """A value that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("raw", "got"),
    [
        ("x" * 500, "'" + "x" * 79 + "…"),
        (Unspeakable(), "a Unspeakable that cannot be shown (RuntimeError)"),
        ("\ud800", r"'\ud800'"),
        ("\x00", r"'\x00'"),
    ],
    ids=["long", "unspeakable", "surrogate", "nul"],
)
def test_a_problem_shows_the_beginning_of_what_it_got(raw: Any, got: str) -> None:
    """What is wrong is shown short, and in text that every store takes."""
    _, (problem,) = read(int, raw)
    assert got == problem.got
    assert problem == msgspec.json.decode(msgspec.json.encode(problem), type=Problem)


def test_reading_changes_nothing_of_what_it_reads() -> None:
    """Lists and objects are built anew, so that no model reaches into the caller's record."""
    raw: Mapping[str, Any] = {"page": "/", "Visited On": "2026-01-31"}
    visits = [raw]
    value, _ = read(list[Visit], visits)
    value[0].clear()
    value.clear()
    assert [{"page": "/", "Visited On": "2026-01-31"}] == visits
