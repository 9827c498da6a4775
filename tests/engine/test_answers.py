"""What a model returns becomes a result; what cannot be one is an error, and nothing breaks."""

import math
from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType, SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

import mlsm
from mlsm import Model, Outcome, Reason, Reasons, Result
from mlsm.testing import assert_same


class Grade(StrEnum):
    """Labels as an enum of text."""

    A = "A"


class Size(Enum):
    """Labels as a plain enum."""

    LARGE = "large"


@dataclass
class Answer:
    """An answer as a dataclass."""

    score: float
    label: str | None = None
    note: Any = None


class Struct(msgspec.Struct):
    """An answer as a Struct."""

    score: float
    detail: dict[str, int]


Pair = namedtuple("Pair", ["score", "label"])  # noqa: PYI024 - people return them
BIG = {"text": "x" * 65_536}
DEEP: Any = []
for _ in range(70):
    DEEP = [DEEP]


def model(returned: Any, **options: Any) -> Model:
    return Model("m", {"x": int}, "1", lambda data, results: returned, "active", **options)


def result_of(returned: Any, **options: Any) -> Result:
    """Score a record alone and among others, of which it gets the same result."""
    catalog = mlsm.Catalog([model(returned, **options)])
    (alone,) = mlsm.score_one(catalog, {"id": "1", "x": 1})
    first, second = mlsm.score(catalog, [{"id": "1", "x": 1}, {"id": "2", "x": 2}])
    assert_same([alone], [first], exact=True)
    assert (first.outcome, first.score, first.output) == (second.outcome, second.score, second.output)
    return alone


SCORES = [
    (72, 72.0),
    (0.1, 0.1),
    (-0.0, -0.0),
    (2**53, 2.0**53),
    (-(2**53), -(2.0**53)),
    (1e308, 1e308),
    (Decimal("0.5"), 0.5),
    (np.float64(1.5), 1.5),
    (np.float32(0.5), 0.5),
    (np.int8(3), 3.0),
    (np.array(2.5), 2.5),
    ({"score": 7}, 7.0),
    ({"score": np.int64(7)}, 7.0),
    (Answer(7), 7.0),
    (Pair(7, "A"), 7.0),
    (SimpleNamespace(score=7), 7.0),
    (MappingProxyType({"score": 7}), 7.0),
    (Struct(7, {"a": 1}), 7.0),
    (pl.Series([7.0])[0], 7.0),
    (5e-324, 5e-324),
]


@pytest.mark.parametrize(("returned", "score"), SCORES, ids=lambda value: repr(value)[:40])
def test_a_number_is_the_score(returned: Any, score: float) -> None:
    """Any real number is a float64, whichever library it comes from, alone or in a mapping or object."""
    found = result_of(returned)
    assert (Outcome.OK, repr(score)) == (found.outcome, repr(found.score))


def test_none_abstains() -> None:
    """A model that returns None has nothing to say, which is no failure."""
    found = result_of(None)
    assert (Outcome.ABSTAINED, None, None) == (found.outcome, found.score, found.error)


@pytest.mark.parametrize(
    ("returned", "label", "output"),
    [
        ({"label": "A"}, "A", None),
        ({"score": None, "label": Grade.A}, "A", None),
        ({"label": Size.LARGE}, "large", None),
        ({"score": 1, "b": 2, "a": [1, {"x": None}]}, None, {"a": [1, {"x": None}], "b": 2}),
        ({"score": 1, "a": None}, None, None),
        ({"note": "ü"}, None, {"note": "ü"}),
        (
            {"a": (1, 2), "b": {3}, "c": np.array([1.5]), "d": Decimal("0.5")},
            None,
            {"a": [1, 2], "b": [3], "c": [1.5], "d": 0.5},
        ),
        (
            {"a": date(2026, 1, 1), "b": datetime(2026, 1, 1, tzinfo=UTC), "c": UUID(int=1), "d": Size.LARGE},
            None,
            {
                "a": "2026-01-01",
                "b": "2026-01-01T00:00:00+00:00",
                "c": "00000000-0000-0000-0000-000000000001",
                "d": "large",
            },
        ),
        ({1: "a", "b": {2: "c"}}, None, {"1": "a", "b": {"2": "c"}}),
        ({"a": Answer(1.0)}, None, {"a": {"score": 1.0, "label": None, "note": None}}),
        ({"a": 2**63 - 1, "b": -(2**63), "c": True}, None, {"a": 2**63 - 1, "b": -(2**63), "c": True}),
        (Struct(1.0, {"a": 1}), None, {"detail": {"a": 1}}),
        (Answer(1.0, "B", [1]), "B", {"note": [1]}),
        (
            {"a": pl.Series([1, 2]), "b": pd.Series([1.5]), "c": np.int64(3), "d": np.bool_(True)},
            None,
            {"a": [1, 2], "b": [1.5], "c": 3, "d": True},
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_labels_and_output_are_kept(returned: Any, label: str | None, output: Any) -> None:
    """A label is text; whatever else is returned is kept as JSON."""
    found = result_of(returned)
    assert (Outcome.OK, label, output) == (found.outcome, found.label, found.output)


JUNK = [
    (math.nan, "The score is nan; expected a finite number."),
    (math.inf, "The score is inf; expected a finite number."),
    (np.float32("nan"), "The score is nan; expected a finite number."),
    (Decimal("NaN"), "The score is nan; expected a finite number."),
    (True, "The score is True, a bool; expected a number."),
    (np.False_, "The score is False, a bool; expected a number."),
    (2**53 + 1, "The score is an int beyond 2**53; expected a float or a smaller int."),
    (10**400, "The score is an int beyond 2**53; expected a float or a smaller int."),
    (-(2**60), "The score is an int beyond 2**53; expected a float or a smaller int."),
    ({}, "The answer is an empty dict; expected a score, a label or output."),
    (SimpleNamespace(), "The answer is a SimpleNamespace; expected a number, None, or a mapping with a score."),
    ("72", "The answer is a str; expected a number, None, or a mapping with a score."),
    (b"", "The answer is a bytes; expected a number, None, or a mapping with a score."),
    ([], "The answer is a list; expected a number, None, or a mapping with a score."),
    (1j, "The answer is a complex; expected a number, None, or a mapping with a score."),
    (Answer, "The answer is a type; expected a number, None, or a mapping with a score."),
    ({"score": "72"}, "The score is a str; expected a number."),
    ({"score": True}, "The score is True, a bool; expected a number."),
    ({"score": math.nan, "label": "A"}, "The score is nan; expected a finite number."),
    ({"score": 2**60, "label": "A"}, "The score is an int beyond 2**53; expected a float or a smaller int."),
    ({"label": 7}, "The label is a int; expected text."),
    ({"label": "a\x00"}, "The answer holds text with a NUL character."),
    ({"label": "\ud800"}, "The answer holds text that is not valid Unicode."),
    ({"note": "\udfff"}, "The answer holds text that is not valid Unicode."),
    ({"note": ["\x00"]}, "The answer holds text with a NUL character."),
    ({"\ud800": 1}, "The answer holds text that is not valid Unicode."),
    ({"a": {"\x00": 1}}, "The answer holds text with a NUL character."),
    ({"note": math.nan}, "The output holds nan; expected finite numbers."),
    ({"note": [[math.inf]]}, "The output holds inf; expected finite numbers."),
    ({"note": 2**63}, "The output holds an integer beyond 64 bits."),
    ({"note": b""}, "The output holds bytes, which JSON cannot."),
    ({"note": 1j}, "The output holds a complex, which JSON cannot."),
    ({"note": {"a": object}}, "The output holds a type, which JSON cannot."),
    (BIG, "The output has 65547 bytes as JSON; expected at most 65536."),
    ({"note": DEEP}, "The output is nested more than 64 deep."),
    ({"reasons": [{"field": "a"}]}, "The reasons cannot be read:"),
    ({"reasons": 5}, "The reasons cannot be read:"),
    ({"reasons": [{"field": "a", "contribution": math.nan}]}, "The reasons hold a number that is not finite."),
    ({"reasons": Reasons(baseline=math.inf)}, "The reasons hold a number that is not finite."),
]


@pytest.mark.parametrize(("returned", "message"), JUNK, ids=lambda value: repr(value)[:40])
def test_what_cannot_be_a_result_is_an_error(returned: Any, message: str) -> None:
    """NaN, bools, huge ints, text that no store takes: an error with one sentence, never an exception."""
    found = result_of(returned)
    assert (Outcome.ERROR, None, None, None) == (found.outcome, found.score, found.label, found.output)
    assert found.error is not None
    assert ("AnswerError", message) == (found.error.type, found.error.message[: len(message)])


@pytest.mark.parametrize(
    ("returned", "outcome"),
    [
        (0, "ok"),
        (100, "ok"),
        (100 + 1e-8, "ok"),
        (-1e-8, "ok"),
        (100.1, "error"),
        (-1, "error"),
        ({"score": 101, "label": "A"}, "error"),
        ({"score": 1, "label": "A"}, "ok"),
        ({"label": "C"}, "error"),
        (None, "abstained"),
    ],
    ids=repr,
)
def test_a_declared_range_and_labels_are_kept(returned: Any, outcome: str) -> None:
    """A score outside of the declared range, or a label that is none of those declared, is an error."""
    assert outcome == result_of(returned, range=(0, 100), labels=("A", "B")).outcome


def test_reasons_add_up() -> None:
    """What the items leave of the score is the rest; a list of items is enough."""
    item = {"field": "employees", "contribution": 62, "text": "more than 500 employees"}
    expected = Reasons(
        items=(Reason(field="employees", contribution=62.0, text="more than 500 employees"),), other=10.0
    )
    assert expected == result_of({"score": 72, "reasons": [item]}).reasons
    given = Reasons(scale="log_odds", baseline=-1.0, items=(Reason(field="a", contribution=0.5),), approximate=True)
    assert given == result_of({"score": 0.5, "reasons": given}).reasons
    assert expected == result_of({"score": 72, "reasons": {"items": [item]}}).reasons


SERIES: list[tuple[Any, list[str], list[float | None]]] = [
    (pl.Series([1, None, 3]), ["ok", "abstained", "ok"], [1.0, None, 3.0]),
    (pl.Series([1.5, math.nan, math.inf]), ["ok", "error", "error"], [1.5, None, None]),
    (pl.Series([True, False, None]), ["error", "error", "abstained"], [None, None, None]),
    (pl.Series([2**53, 2**53 + 1, 5]), ["ok", "error", "ok"], [2.0**53, None, 5.0]),
    (pl.Series([2.0**53, 2.0**60, 5]), ["ok", "ok", "ok"], [2.0**53, 2.0**60, 5.0]),
    (pl.Series(["1", None, "x"]), ["error", "abstained", "error"], [None, None, None]),
    (pl.Series([Decimal("1.50"), None, Decimal(2)]), ["ok", "abstained", "ok"], [1.5, None, 2.0]),
    (pd.Series([1.5, math.nan, 2.0]), ["ok", "error", "ok"], [1.5, None, 2.0]),
    (pd.Series([1.5, pd.NA, 2.0], dtype="Float64"), ["ok", "abstained", "ok"], [1.5, None, 2.0]),
    (pd.Series([1.5, None, "x"], dtype=object), ["ok", "error", "error"], [1.5, None, None]),
    (np.array([1.5, math.nan, math.inf]), ["ok", "error", "error"], [1.5, None, None]),
    (np.array([0.1, 2.0, 3.0], dtype=">f4"), ["ok", "ok", "ok"], [float(np.float32(0.1)), 2.0, 3.0]),
    (np.array([0.1, 2.0, math.nan], dtype="float32"), ["ok", "ok", "error"], [float(np.float32(0.1)), 2.0, None]),
    (np.ma.array([1.5, 9.0, 2.0], mask=[False, True, False]), ["ok", "abstained", "ok"], [1.5, None, 2.0]),
    (np.array([1, 2, 3], dtype="uint8"), ["ok", "ok", "ok"], [1.0, 2.0, 3.0]),
    (np.array([1.5, None, True], dtype=object), ["ok", "abstained", "error"], [1.5, None, None]),
    ([1, None, {"score": 2}], ["ok", "abstained", "ok"], [1.0, None, 2.0]),
    ((1, 2, 10**400), ["ok", "ok", "error"], [1.0, 2.0, None]),
    ({"score": [1, 2.5, True]}, ["ok", "ok", "error"], [1.0, 2.5, None]),
    (pl.DataFrame({"score": [1, 2, None]}), ["ok", "ok", "abstained"], [1.0, 2.0, None]),
    (pl.LazyFrame({"score": [1, 2, 3]}), ["ok", "ok", "ok"], [1.0, 2.0, 3.0]),
]


@pytest.mark.parametrize(("column", "outcomes", "scores"), SERIES, ids=lambda value: f"{type(value).__name__}")
def test_a_column_of_answers_of_any_library(column: Any, outcomes: list[str], scores: list[float | None]) -> None:
    """One answer a row, from polars, pandas, numpy or a list: each is what it would be by itself."""

    def picked(leads: pl.DataFrame) -> Any:
        rows = leads["row"].to_list()
        if isinstance(column, (pl.Series, pl.DataFrame, pl.LazyFrame)):
            return column.lazy().collect()[rows] if not isinstance(column, pl.Series) else column[rows]
        if isinstance(column, pd.Series):
            return column.iloc[rows].reset_index(drop=True)
        if isinstance(column, np.ndarray):
            return column[rows]
        if isinstance(column, dict):
            return {name: [values[row] for row in rows] for name, values in column.items()}
        return [column[row] for row in rows]

    made = mlsm.model(name="m", version="1", fields={"row": int}, batch=True, status="active")(picked)
    catalog = mlsm.Catalog([made])
    results = list(mlsm.score(catalog, [{"id": row, "row": row} for row in range(3)]))
    assert (outcomes, scores) == ([r.outcome.value for r in results], [r.score for r in results])
    alone = [result for row in range(3) for result in mlsm.score_one(catalog, {"id": row, "row": row})]
    assert_same(alone, results, exact=True)


def test_an_array_that_a_model_keeps_and_writes_into_again_is_copied() -> None:
    """Scores are those of the call, though the model hands out the same memory each time."""
    memory = np.zeros(2)

    def answer(leads: pl.DataFrame) -> Any:
        found = memory[: leads.height]
        found[:] = leads["x"].to_numpy()
        return found

    made = mlsm.model(name="m", version="1", fields={"x": float}, batch=True, status="active")(answer)
    records = [{"id": row, "x": row} for row in range(6)]
    results = mlsm.score(mlsm.Catalog([made]), records, part_rows=2)
    assert [float(row) for row in range(6)] == [result.score for result in results]


@pytest.mark.parametrize("library", ["polars", "pandas", "numpy", "pyarrow"])
def test_a_frame_of_answers_has_labels_reasons_and_output(library: str) -> None:
    """A returned frame's columns are the score, the label, the reasons and output; nulls are left out."""

    def answer(leads: pl.DataFrame) -> Any:
        size = leads.height
        columns = {"score": [1.5] * size, "label": ["A" if x else None for x in leads["x"]], "note": ["n"] * size}
        if library == "polars":
            return pl.DataFrame({**columns, "reasons": [[{"field": "x", "contribution": 1.5}]] * size})
        if library == "pandas":
            return pd.DataFrame({**columns, "reasons": [[{"field": "x", "contribution": 1.5}]] * size})
        columns = {**columns, "reasons": [[{"field": "x", "contribution": 1.5}]] * size}
        return columns if library == "numpy" else pl.DataFrame(columns).to_arrow()

    made = mlsm.model(name="m", version="1", fields={"x": bool}, batch=True, status="active")(answer)
    catalog = mlsm.Catalog([made])
    results = list(mlsm.score(catalog, [{"id": 1, "x": True}, {"id": 2, "x": False}]))
    reasons = Reasons(items=(Reason(field="x", contribution=1.5),))
    assert [(1.5, "A", {"note": "n"}, reasons), (1.5, None, {"note": "n"}, reasons)] == [
        (r.score, r.label, r.output, r.reasons) for r in results
    ]
    assert_same(mlsm.score_one(catalog, {"id": 1, "x": True}), results[:1], exact=True)
