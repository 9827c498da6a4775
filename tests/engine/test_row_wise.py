"""A wrong score never goes to a lead: answers are joined, counted, and asked for again in another order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mlsm
from mlsm import Model, Outcome

ROWS = 100
NUMBERS = [float((row * 37) % ROWS) for row in range(ROWS)]
RECORDS = [{"id": f"r{row}", "x": number, "record_id": f"r{row}"} for row, number in enumerate(NUMBERS)]


def batch_model(function: Callable[..., Any], **fields: Any) -> Model:
    return mlsm.model(name="m", version="1", fields={"x": float, **fields}, batch=True, status="active")(function)


def rank(leads: pl.DataFrame) -> pl.Series:
    return leads["x"].rank()


def centred(leads: pd.DataFrame) -> pd.Series:
    return leads["x"] - leads["x"].mean()


def running_total(leads: dict[str, np.ndarray]) -> np.ndarray:
    return np.cumsum(leads["x"])


def sorted_away(leads: pd.DataFrame) -> pd.Series:
    return leads["x"].sort_values().reset_index(drop=True)


def best_first(leads: pl.DataFrame) -> pl.DataFrame:
    return leads.select(score=pl.col("x").sort(descending=True))


def labelled_by_half(leads: pl.DataFrame) -> pl.DataFrame:
    return leads.select(
        score="x", label=pl.when(pl.col("x") > pl.col("x").median()).then(pl.lit("A")).otherwise(pl.lit("B"))
    )


def noted_by_place(leads: pa.Table) -> pa.Table:
    return pa.table({"score": leads.column("x"), "place": list(range(leads.num_rows))})


@pytest.mark.parametrize(
    "function", [rank, centred, running_total, sorted_away, best_first, labelled_by_half, noted_by_place]
)
def test_a_score_that_depends_on_neighbours_is_no_score(function: Callable[..., Any]) -> None:
    """Where a row's answer changes with the rows beside it, all rows are errors: alone, together, in any parts."""
    catalog = mlsm.Catalog([batch_model(function)])
    for results in (
        mlsm.score(catalog, RECORDS),
        mlsm.score(catalog, RECORDS, part_rows=7),
        [result for record in RECORDS[:3] for result in mlsm.score_one(catalog, record)],
    ):
        assert {(Outcome.ERROR, "NotRowWise")} == {(r.outcome, r.error.type) for r in results if r.error is not None}
        assert {None} == {result.score for result in results}


def far_neighbours(leads: pl.DataFrame) -> pl.Series:
    """Rank where it cannot be seen on records of our own: all their values are positive."""
    return leads["x"].rank() if (leads["x"] < 0).any() else leads["x"]


def test_the_first_part_is_asked_again_too() -> None:
    """A model that answers row by row on our own records only is found out on the first part of a run."""
    records = [{"id": str(row), "x": row - 50.0} for row in range(ROWS)]
    results = mlsm.score([batch_model(far_neighbours)], records, part_rows=40)
    assert {"m@1": {Outcome.ERROR: ROWS}} == results.counts()


def shuffled(leads: pd.DataFrame) -> pd.Series:
    return (leads["x"] * 2).sample(frac=1, random_state=7)


def shuffled_frame(leads: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"score": leads["x"] * 2, "label": leads["x"].astype(str)}).sort_values("label")


def by_id(leads: pl.DataFrame) -> pl.DataFrame:
    return leads.select("record_id", score=pl.col("x") * 2).sort("score")


def by_id_in_arrow(leads: pa.Table) -> pa.Table:
    table = pa.table({"record_id": leads.column("record_id"), "score": pa.compute.multiply(leads.column("x"), 2)})
    return table.sort_by("score")


@pytest.mark.parametrize("function", [shuffled, shuffled_frame, by_id, by_id_in_arrow])
def test_an_answer_that_carries_its_rows_is_joined_by_them(function: Callable[..., Any]) -> None:
    """A shuffled answer goes to the leads that it names, by its index or their ids."""
    results = mlsm.score([batch_model(function, record_id=str)], RECORDS)
    assert [number * 2 for number in NUMBERS] == [result.score for result in results]


def one_too_few(leads: pl.DataFrame) -> pl.Series:
    return leads["x"].head(leads.height - 1)


def one_too_many(leads: dict[str, np.ndarray]) -> np.ndarray:
    return np.append(leads["x"], 0.0)


def one_for_all(leads: pd.DataFrame) -> float:
    return float(leads["x"].mean())


def table_of_numbers(leads: dict[str, np.ndarray]) -> np.ndarray:
    return np.stack([leads["x"], leads["x"]], axis=1)


def columns_of_two_lengths(leads: pl.DataFrame) -> dict[str, list[float]]:
    return {"score": leads["x"].to_list(), "other": [1.0] * (leads.height + 1)}


def foreign_index(leads: pd.DataFrame) -> pd.Series:
    return pd.Series(leads["x"].to_numpy(), index=leads.index + 1)


def all_the_same(leads: pd.DataFrame) -> pd.Series:
    return pd.Series(leads["x"].to_numpy(), index=["nobody"] * len(leads))


def foreign_ids(leads: pl.DataFrame) -> pl.DataFrame:
    return leads.select(record_id=pl.lit("nobody"), score="x")


def nothing(leads: pl.DataFrame) -> None:
    return None


def a_generator(leads: pl.DataFrame) -> Any:
    return (value for value in leads["x"])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (one_too_few, "The answer has {} rows; expected {}, one for each record."),
        (one_too_many, "The answer has {} rows; expected {}, one for each record."),
        (one_for_all, "The answer is a float; expected a Series, an array, a list or a frame"),
        (table_of_numbers, "The answer has 2 dimensions; expected one value a row."),
        (columns_of_two_lengths, "The answer's columns have different lengths"),
        (foreign_index, "The answer's index of {} rows is not that of the {} records handed over."),
        (all_the_same, "The answer's index of {} rows is not that of the {} records handed over."),
        (foreign_ids, "The answer's index of {} rows is not that of the {} records handed over."),
        (nothing, "The answer is a NoneType; expected"),
        (a_generator, "The answer is a generator; expected"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_answer_of_another_shape_is_no_answer(function: Callable[..., Any], message: str) -> None:
    """An answer that is not one value a row gives no lead a score, whatever the size of the batch."""
    begins = message.partition("{}")[0]
    catalog = mlsm.Catalog([batch_model(function, record_id=str)])
    results = [*mlsm.score(catalog, RECORDS), *mlsm.score(catalog, RECORDS[:1]), *mlsm.score_one(catalog, RECORDS[0])]
    assert {(Outcome.ERROR, None)} == {(result.outcome, result.score) for result in results}
    told = {(result.error.type, result.error.message[: len(begins)]) for result in results if result.error is not None}
    assert {("AnswerError", begins)} == told


def one_index_for_all(leads: pd.DataFrame) -> pd.Series:
    return pd.Series(leads["x"].to_numpy(), index=[0] * len(leads))


def test_an_index_that_names_a_row_twice_gives_nobody_a_score() -> None:
    """An index that is right for one row alone, and wrong for many, is found out."""
    results = mlsm.score([batch_model(one_index_for_all)], RECORDS)
    assert {"m@1": {Outcome.ERROR: ROWS}} == results.counts()
