"""A model is handed the kind of frame that it asks for, and columns of one type whatever the rows."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypedDict

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mlsm
from mlsm import Default, Model
from mlsm.errors import DeclarationError
from mlsm.testing import assert_same


class Visit(TypedDict):
    """A nested object."""

    page: str
    seconds: int | None


FIELDS: dict[str, Any] = {
    "i": int | None,
    "n": int,
    "d": Annotated[int, Default(7)],
    "f": float | None,
    "s": str | None,
    "b": bool | None,
    "c": bool,
    "day": date | None,
    "at": datetime | None,
    "g": Literal["A", "B"] | None,
    "k": Literal[1, 2] | None,
    "m": Literal["x", 1] | None,
    "tags": list[int] | None,
    "visits": list[Visit] | None,
    "visit": Visit | None,
    "more": dict[str, int] | None,
}
FULL = {
    "i": 1,
    "n": 2,
    "d": 3,
    "f": 1.5,
    "s": "a",
    "b": True,
    "c": False,
    "day": "2026-01-01",
    "at": "2026-01-01T10:00",
    "g": "A",
    "k": 2,
    "m": "x",
    "tags": [1, 2],
    "visits": [{"page": "/", "seconds": 3}],
    "visit": {"page": "/"},
    "more": {"a": 1},
}
HOLES = {"n": 2, "c": True}


def types_of(leads: Any) -> dict[str, str]:
    if isinstance(leads, dict):
        return {name: str(column.dtype) for name, column in leads.items()}
    if isinstance(leads, pa.Table):
        return {name: str(leads.schema.field(name).type) for name in leads.column_names}
    return {name: str(leads[name].dtype) for name in leads.columns}


def as_polars(leads: pl.DataFrame) -> Any:
    return [{"types": types_of(leads)}] * len(leads)


def as_pandas(leads: pd.DataFrame) -> Any:
    return [{"types": types_of(leads)}] * len(leads)


def as_numpy(leads: dict[str, np.ndarray]) -> Any:
    return [{"types": types_of(leads)}] * len(leads["n"])


def as_arrow(leads: pa.Table) -> Any:
    return [{"types": types_of(leads)}] * leads.num_rows


def as_text(leads: "pd.DataFrame") -> Any:
    return [{"types": types_of(leads)}] * len(leads)


def unannotated(leads: Any) -> Any:
    return [{"types": types_of(leads)}] * len(leads)


def batch(function: Any, fields: dict[str, Any] = FIELDS) -> Model:
    return mlsm.model(name="m", version="1", fields=fields, batch=True, status="active")(function)


POLARS = {
    "i": "Int64",
    "n": "Int64",
    "d": "Int64",
    "f": "Float64",
    "s": "String",
    "b": "Boolean",
    "c": "Boolean",
    "day": "Date",
    "at": "Datetime(time_unit='us', time_zone='UTC')",
    "g": "String",
    "k": "Int64",
    "m": "Object",
    "tags": "List(Int64)",
    "visits": "List(Struct({'page': String, 'seconds': Int64}))",
    "visit": "Struct({'page': String, 'seconds': Int64})",
    "more": "Object",
}
PANDAS = {
    "i": "float64",
    "n": "int64",
    "d": "int64",
    "f": "float64",
    "s": "str",
    "b": "object",
    "c": "bool",
    "day": "datetime64[ms]",
    "at": "datetime64[us, UTC]",
    "g": "str",
    "k": "float64",
    "m": "object",
    "tags": "object",
    "visits": "object",
    "visit": "object",
    "more": "object",
}
NUMPY = {**PANDAS, "s": "object", "g": "object", "day": "datetime64[D]", "at": "datetime64[us]"}
ARROW = {
    "i": "int64",
    "n": "int64",
    "d": "int64",
    "f": "double",
    "s": "large_string",
    "b": "bool",
    "c": "bool",
    "day": "date32[day]",
    "at": "timestamp[us, tz=UTC]",
    "g": "large_string",
    "k": "int64",
    "tags": "large_list<item: int64>",
    "visits": "large_list<item: struct<page: large_string, seconds: int64>>",
    "visit": "struct<page: large_string, seconds: int64>",
}


@pytest.mark.parametrize(
    ("function", "types"),
    [
        (as_polars, POLARS),
        (unannotated, POLARS),
        (as_pandas, PANDAS),
        (as_text, PANDAS),
        (as_numpy, NUMPY),
        (as_arrow, ARROW),
    ],
    ids=["polars", "unannotated", "pandas", "in text", "numpy", "pyarrow"],
)
def test_a_columns_type_depends_on_its_field_alone(function: Any, types: dict[str, str]) -> None:
    """With holes, without, among others or alone: a model's columns have the same types."""
    fields = {name: kind for name, kind in FIELDS.items() if name in types}
    catalog = mlsm.Catalog([batch(function, fields)])
    records = [{"id": "1", **FULL}, {"id": "2", **HOLES}]
    results = [*mlsm.score(catalog, records), *mlsm.score(catalog, records, part_rows=1)]
    results += [result for record in records for result in mlsm.score_one(catalog, record)]
    assert [{"types": types}] * 6 == [result.output for result in results]


def test_pyarrow_has_no_type_for_some_fields() -> None:
    """A field that Arrow has no type for is refused for a model that wants a pyarrow table."""
    with pytest.raises(DeclarationError, match=r"has no type for \['more'\]"):
        mlsm.score_one([batch(as_arrow, {"more": dict[str, int]})], {"id": 1, "more": {}})


def values(leads: dict[str, np.ndarray]) -> Any:
    return [
        {
            "i": None if np.isnan(leads["i"][row]) else leads["i"][row],
            "tags": leads["tags"][row],
            "visit": leads["visit"][row],
        }
        for row in range(len(leads["i"]))
    ]


def test_lists_and_objects_are_pythons_own() -> None:
    """In numpy and pandas a cell holds a list or a dict, in which no whole number became a float."""
    fields = {name: FIELDS[name] for name in ("i", "tags", "visit")}
    catalog = mlsm.Catalog([batch(values, fields)])
    records: list[dict[str, Any]] = [{"id": "1", **FULL}, {"id": "2"}]
    results = list(mlsm.score(catalog, records))
    expected = {"i": 1.0, "tags": [1, 2], "visit": {"page": "/", "seconds": None}}
    assert [expected, None] == [result.output for result in results]
    assert_same([result for record in records for result in mlsm.score_one(catalog, record)], results, exact=True)


def test_a_summarys_frame_has_its_upstreams_facets() -> None:
    """A batch summary sees score, label and outcome of each upstream, then its own fields."""
    fit = mlsm.model(name="fit", version="1", fields={"x": float}, status="active")(
        lambda x: {"score": x, "label": "A"} if x > 1 else None
    )

    def top(leads: pd.DataFrame, as_of: datetime) -> Any:
        return [{"row": row, "at": as_of} for row in leads.astype(object).where(leads.notna(), None).to_dict("records")]

    made = mlsm.summary_model(
        name="top", version="1", models={"f": "fit"}, fields={"x": int}, batch=True, status="active"
    )(top)
    results = mlsm.score([fit, made], [{"id": 1, "x": 2}, {"id": 2, "x": 1}], as_of=datetime(2026, 1, 1, tzinfo=UTC))
    assert [
        {"row": {"f.score": 2.0, "f.label": "A", "f.outcome": "ok", "x": 2}, "at": "2026-01-01T00:00:00+00:00"},
        {
            "row": {"f.score": None, "f.label": None, "f.outcome": "abstained", "x": 1},
            "at": "2026-01-01T00:00:00+00:00",
        },
    ] == [result.output for result in results if result.model == "top"]


def test_a_column_may_have_any_name() -> None:
    """Names that the engine uses itself are no trouble as fields."""
    names = ["record_id", "record id", "mlsm:record_id", "outcome", "score", "row", "data", "id", "", "ü ☃"]
    fields = {name: int for name in names if name != "mlsm:record_id"}

    def total(leads: pl.DataFrame) -> pl.Series:
        return leads.sum_horizontal()

    records = [{"id": row, **{name: row for name in fields if name != "id"}} for row in range(3)]
    results = mlsm.score([batch(total, fields)], records)
    assert [float(row * len(fields)) for row in range(3)] == [result.score for result in results]
