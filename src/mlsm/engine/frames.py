"""Answers by column: what functions returned becomes a frame of facets, a row a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl

from mlsm._guard import Raised
from mlsm.engine.answers import ABSTAINED, OK, Answer, AnswerError, Limits, failed, read_answer

__all__ = ["FACET_TYPES", "frame_of_answers", "read_returned", "read_values"]

FACET_TYPES = {
    "outcome": pl.UInt8(),
    "score": pl.Float64(),
    "label": pl.String(),
    "output": pl.String(),
    "reasons": pl.String(),
    "error": pl.String(),
}
_EXACT_INT_MAX = 2.0**53
_NUMBERS = frozenset({float, int, type(None)})
_PLAIN_KEYS = frozenset({"score", "label"})


def frame_of_answers(answers: Sequence[Answer]) -> pl.DataFrame:
    """Make a frame of answers, one a row; facets that are null throughout are left out."""
    columns = zip(*map(msgspec.structs.astuple, answers), strict=True) if answers else ((),) * len(FACET_TYPES)
    made = [pl.Series(name, values, dtype) for (name, dtype), values in zip(FACET_TYPES.items(), columns, strict=True)]
    return pl.DataFrame([c for c in made if c.name in ("outcome", "score") or c.null_count() < len(c)])


def read_values(values: list[Any], limits: Limits) -> pl.DataFrame:
    """Read what a row function returned, a value a record (`Raised` where it raised)."""
    kinds = set(map(type, values))
    if kinds <= _NUMBERS:
        return _read_scores(pl.Series(values, dtype=pl.Float64, strict=False), values, limits)
    if kinds == {dict}:
        plain = _read_plain(values, limits)
        if plain is not None:
            return plain
    return frame_of_answers([_read_one(value, limits) for value in values])


def _read_one(value: Any, limits: Limits) -> Answer:
    return failed(value.failure) if isinstance(value, Raised) else read_answer(value, limits)


def _read_scores(scores: pl.Series, values: Sequence[Any] | pl.Series, limits: Limits) -> pl.DataFrame:
    """Read scores as a whole; those that are not surely right go one by one."""
    low, high = max(limits.low, -_EXACT_INT_MAX), min(limits.high, _EXACT_INT_MAX)
    score = pl.col("score")
    frame = (
        scores.alias("score")
        .to_frame()
        .select(
            (score.is_null().cast(pl.UInt8) * ABSTAINED).alias("outcome"),  # OK is 0
            score,
            score.is_between(low, high).fill_null(value=True).alias("sure"),
        )
    )
    sure = frame.get_column("sure")
    frame = frame.drop("sure")
    if sure.all():
        return frame
    rows = (~sure).arg_true().to_list()
    return replace_rows(frame, {row: read_answer(values[row], limits) for row in rows})


def replace_rows(frame: pl.DataFrame, answers: dict[int, Answer]) -> pl.DataFrame:
    """Put other answers into some rows of a frame."""
    if not answers:
        return frame
    place = pl.Series("row", list(answers), pl.UInt32)
    changed = frame_of_answers(list(answers.values())).with_columns(place)
    kept = frame.with_row_index("row").filter(~pl.col("row").is_in(place.implode()))
    return pl.concat([kept, changed], how="diagonal").sort("row").drop("row")


def _read_plain(values: list[dict[str, Any]], limits: Limits) -> pl.DataFrame | None:
    """Read mappings of nothing but plain scores and labels, None if there is more to them."""
    if not all(value and value.keys() <= _PLAIN_KEYS for value in values):
        return None
    scores = [value.get("score") for value in values]
    labels = [value.get("label") for value in values]
    if not set(map(type, scores)) <= _NUMBERS or not set(map(type, labels)) <= {str, type(None)}:
        return None
    if any(read_answer({"label": label}, limits).code != OK for label in set(labels)):
        return None
    frame = _read_scores(pl.Series(scores, dtype=pl.Float64, strict=False), scores, limits)
    answered = pl.when(pl.col("outcome") == ABSTAINED).then(OK).otherwise("outcome").cast(pl.UInt8).alias("outcome")
    good = pl.col("outcome") == OK
    return frame.with_columns(answered, pl.Series("label", labels, pl.String)).with_columns(pl.when(good).then("label"))


def read_returned(returned: Any, size: int, ids: pl.Series | None, limits: Limits) -> pl.DataFrame:
    """Read what a frame function returned, one answer a row of what it was handed.

    Args:
        returned: a Series, an array, a list, or a frame; one that carries an index or the
            column `record_id` is joined by it, anything else goes by position.
        size: the number of rows handed over.
        ids: their ids, None where there is one row.
        limits: what the model declares of its answers.

    Raises:
        AnswerError: it is none of these, or has another length, or the index is another.
    """
    found = _by_index(returned, size, ids)
    if isinstance(found, pl.DataFrame) and "record_id" in found.columns:
        found = _joined(found, ids)
    if len(found) != size:
        raise AnswerError(f"The answer has {len(found)} rows; expected {size}, one for each record.")
    if isinstance(found, pl.DataFrame):
        return _read_table(found, limits)
    if isinstance(found, pl.Series) and found.dtype.is_numeric() and not found.dtype.is_decimal():
        return _read_scores(found.cast(pl.Float64), found, limits)
    return read_values(list(found), limits)


def _read_table(table: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    columns = set(table.columns)
    if columns == {"score"} and table.dtypes[0].is_numeric():
        return _read_scores(table.to_series().cast(pl.Float64), table.to_series(), limits)
    rows = table.to_dicts()
    return read_values([None if all(v is None for v in row.values()) else row for row in rows], limits)


def _by_index(returned: Any, size: int, ids: pl.Series | None) -> Any:
    """Turn any kind of frame or array into polars' or a list, in the order handed over."""
    if isinstance(returned, (pl.Series, pl.DataFrame, pl.LazyFrame)):
        return returned.collect() if isinstance(returned, pl.LazyFrame) else returned
    index = getattr(returned, "index", None)
    if index is not None and hasattr(returned, "iloc"):
        places = _places(list(index), size, ids)
        columns = getattr(returned, "columns", None)
        if columns is None:
            return _taken(returned, places)
        return pl.DataFrame({str(name): _taken(returned[name], places) for name in columns}, strict=False)
    if hasattr(returned, "column_names"):
        returned = {name: returned.column(name) for name in returned.column_names}
    if isinstance(returned, dict):
        lengths = {name: len(column) for name, column in returned.items()}
        if len(set(lengths.values())) > 1:
            raise AnswerError(f"The answer's columns have different lengths: {lengths}.")
        return pl.DataFrame({name: _listed(column) for name, column in returned.items()}, strict=False)
    return _listed(returned)


def _taken(column: Any, places: list[int] | None) -> Any:
    values = _listed(column)
    return values if places is None else [values[place] for place in places]


def _listed(column: Any) -> Any:
    """Give a one-dimensional array or list as a list of Python's own objects."""
    if getattr(column, "ndim", 1) != 1:
        raise AnswerError(f"The answer has {column.ndim} dimensions; expected one value a row.")
    for convert in ("to_pylist", "tolist", "to_list"):
        if hasattr(column, convert):
            return getattr(column, convert)()
    if isinstance(column, (list, tuple)):
        return list(column)
    raise AnswerError(
        f"The answer is a {type(column).__name__}; expected a Series, an array, a list or a frame of one row a record."
    )


def _places(index: list[Any], size: int, ids: pl.Series | None) -> list[int] | None:
    """Find for each record its row in the answer; None where they are in order already."""
    expected = list(range(size)) if ids is None else ids.to_list()
    if index in (expected, list(range(size))):
        return None
    for wanted in (expected, list(range(size))):
        found = {label: place for place, label in enumerate(index)}
        if len(index) == size and len(found) == size and found.keys() == set(wanted):
            return [found[label] for label in wanted]
    raise AnswerError(f"The answer's index of {len(index)} rows is not that of the {size} records handed over.")


def _joined(table: pl.DataFrame, ids: pl.Series | None) -> pl.DataFrame:
    if ids is None:
        return table.drop("record_id")
    places = _places(table.get_column("record_id").to_list(), len(ids), ids)
    table = table.drop("record_id")
    return table if places is None else table[places]
