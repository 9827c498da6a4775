"""The same lead gives the same results whichever way it came."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.dice import Dice
from tests.laws.effort import effort
from tests.laws.functions import FRAMES, as_frame_function, as_function
from tests.laws.ways import WAYS, Leads, scored

import mlsm
from mlsm import Default, Meta, Model, Result
from mlsm.testing import assert_same


class Visit(TypedDict):
    """A nested event."""

    page: str
    seconds: float | None


_WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3)
_HUGE = st.floats(allow_nan=False, allow_infinity=False)
_REAL = st.floats(-1e15, 1e15).filter(lambda number: "e" not in repr(number)) | st.sampled_from(
    [0.0, 1.0, -3.0, 2.0**53]
)
_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ["A", " B ", "007", "1.0", "true", "2026-01-31", "[1]", " 42 ", "+5", "1e3", "nan", "\uff11", "1,5", "x;y", '"q"',
     "\r\n", "9" * 30]
)  # fmt: skip
_DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
_MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)) | _DAYS.map(  # noqa: DTZ001
    lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)
)

COLUMNS: dict[str, tuple[Any, st.SearchStrategy[Any], list[Any], Any]] = {
    "whole": (pl.Int64(), _WHOLE, [int, float, str, bool, Literal[1, 2], date, Annotated[int, Meta(ge=0, le=10**9)]],
        7),
    "real": (pl.Float64(), _REAL, [float, int, bool, Literal[1, 2], Annotated[float, Meta(gt=0)], datetime, list[int]],
        0.5),
    "huge": (pl.Float64(), _HUGE, [float], -1.5e300),
    "flag": (pl.Boolean(), st.booleans(), [bool, int, float, date, list[int]], True),
    "text": (pl.String(), _WORDS, [str, int, float, bool, date, datetime, Literal["A", "B"], Literal["x", 1], list[int],
        Annotated[str, Meta(max_length=3)]], "none"),
    "day": (pl.Date(), _DAYS, [date, datetime, int, bool], date(2020, 1, 1)),
    "moment": (pl.Datetime("us", "UTC"), _MOMENTS, [datetime, date, float], datetime(2020, 1, 1, tzinfo=UTC)),
    "numbers": (pl.List(pl.Int64), st.lists(_WHOLE, max_size=3), [list[int], list[float | None], list[str], int], [1]),
    "visits": (pl.List(pl.Struct({"page": pl.String, "seconds": pl.Float64})),
        st.lists(st.fixed_dictionaries({"page": _WORDS, "seconds": _REAL | st.none()}), max_size=2),
        [list[Visit], list[int]], []),
    "visit": (pl.Struct({"page": pl.String, "seconds": pl.Float64}),
        st.fixed_dictionaries({"page": _WORDS, "seconds": _REAL | st.none()}), [Visit], {"page": "", "seconds": 1.0}),
}  # fmt: skip
"""Columns: a type, its values, what models may read them as, and a default. Left out is what depends on
the spelling by the table itself: a float, a flag or a date is no text, but text of one is; a
float may be a whole number, but text with an exponent is none."""


def catalog_of(dice: Dice) -> mlsm.Catalog:
    """Make models over the columns, in all forms, and a summary of them."""
    models: list[Model] = []
    for call in dice.some(("fields", "data", *FRAMES), 1, 4):
        fields = {name: kind_of(dice, name) for name in dice.some(sorted(COLUMNS), 1, 3)}
        name, salt = f"m{len(models)}", dice.number(10)
        if call == "data":
            function = as_function(["data", "results"], salt, mutates=False)
            models.append(Model(name, fields, "1", function, "active"))
            continue
        batch = call in FRAMES
        function = (
            as_frame_function(call, "scores", salt, wants_as_of=False, mutates=False)
            if batch
            else as_function(list(fields), salt, mutates=False)
        )
        models.append(mlsm.model(name=name, version="1", fields=fields, batch=batch, status="active")(function))
    upstreams = {model.name: model.name for model in models}
    summary = mlsm.summary_model(name="all", version="1", models=upstreams, status="active")
    return mlsm.Catalog([*models, summary(as_function(list(upstreams), 0, mutates=False))])


def kind_of(dice: Dice, column: str) -> Any:
    """Take what a column is declared as: mostly what it is, mostly optional."""
    natural, *others = COLUMNS[column][2]
    if dice.seldom():
        return Annotated[natural, Default(COLUMNS[column][3])]
    kind = dice.pick(others) if others and dice.seldom() else natural
    return kind if dice.seldom() else kind | None


@st.composite
def all_leads(draw: st.DrawFn, keys: tuple[str, ...]) -> Leads:
    """Draw leads with a value of every column, or a hole."""
    count = draw(st.integers(1, 5))
    columns: dict[str, tuple[Any, list[Any]]] = {"id": (pl.String(), [f"00{row}" for row in range(count)])}
    for name, (dtype, values, *_) in COLUMNS.items():
        columns[name] = (dtype, draw(st.lists(values | values | values | st.none(), min_size=count, max_size=count)))
    return Leads(columns=columns, keys=keys)


def without_spelling(result: Result) -> Result:
    """Leave out what differs with the spelling of a wrong value: how it looks, and in which way it is wrong."""
    if result.error is None or not result.error.problems:
        return result
    problems = tuple(sorted({problem.path: problem for problem in result.error.problems}))
    paths = tuple(mlsm.Problem(path=path, problem="", expected="", got="") for path in problems)
    error = msgspec.structs.replace(result.error, message="", problems=paths)
    return msgspec.structs.replace(result, error=error)


@effort(15)
@given(st.data())
def test_every_way_in_gives_the_same_results(data: st.DataObject) -> None:
    """Dicts, CSV, Parquet, NDJSON, nested NDJSON and frames of three libraries give the same results."""
    catalog = catalog_of(Dice(data.draw(st.integers(0, 2**32), label="catalog")))
    leads = data.draw(all_leads(tuple(catalog)), label="leads")
    part_rows = data.draw(st.integers(1, 6), label="part_rows")
    with tempfile.TemporaryDirectory() as folder:
        expected = list(map(without_spelling, scored(catalog, leads, "dicts", Path(folder), part_rows)))
        for way in WAYS:
            actual = scored(catalog, leads, way, Path(folder), part_rows)
            assert () == actual.rejects, way
            assert_same(expected, map(without_spelling, actual), exact=True)
