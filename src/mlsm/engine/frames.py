"""Answers by column: what functions returned becomes a frame of facets, a row a record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from mlsm._guard import Raised
from mlsm.contracts import Facets
from mlsm.engine.answers import ABSTAINED, OK, Answer, AnswerError, Limits, failed, read_answer

__all__ = ["FACET_TYPES", "frame_of_answers", "read_returned", "read_single", "read_values", "together", "types_of"]

FACET_TYPES = {
    "outcome": pl.UInt8(),
    "score": pl.Float64(),
    "label": pl.String(),
    "output": pl.String(),
    "reasons": pl.String(),
    "error": pl.String(),
}
_EXACT_INT_MAX = 2.0**53 - 1
"""Greater ones are looked at one by one: 2**53 may stand for an int that it rounded."""
_ALL_OK = pl.Series("outcome", [OK], pl.UInt8)
_NUMBERS = frozenset({float, int, type(None)})
_PLAIN_KEYS = frozenset({"score", "label"})


def frame_of_answers(answers: Sequence[Answer]) -> pl.DataFrame:
    """Make a frame of answers, one a row; facets that are null throughout are left out."""
    columns = zip(*map(msgspec.structs.astuple, answers), strict=True) if answers else ((),) * len(FACET_TYPES)
    made = [pl.Series(name, values, dtype) for (name, dtype), values in zip(FACET_TYPES.items(), columns, strict=True)]
    return pl.DataFrame([c for c in made if c.name in ("outcome", "score") or c.null_count() < len(c)])


def read_values(values: list[Any], limits: Limits, kinds: set[type] | None = None) -> pl.DataFrame:
    """Read what a row function returned, a value a record (`Raised` where it raised).

    Args:
        values: what it returned.
        limits: what the model declares of its answers.
        kinds: the types that occur, where they are known.
    """
    kinds = types_of(values) if kinds is None else kinds
    if kinds == {float}:
        return _read_scores(pl.Series(values, dtype=pl.Float64), values, limits)
    if kinds <= _NUMBERS and (scores := _numbers(values)) is not None:
        return _read_scores(scores, values, limits)
    if kinds == {dict}:
        plain = _read_plain(values, limits)
        if plain is not None:
            return plain
    return frame_of_answers([_read_one(value, limits) for value in values])


def types_of(values: list[Any]) -> set[type]:
    """Give the types that occur; where all are floats, which is the rule, counting takes half the time."""
    types = list(map(type, values))
    return {float} if types and types.count(float) == len(types) else set(types)


def _read_one(value: Any, limits: Limits) -> Answer:
    if type(value) is Answer:  # of what stands in for a model that could not be loaded
        return value
    return failed(value.failure) if isinstance(value, Raised) else read_answer(value, limits)


def _numbers(values: list[Any]) -> pl.Series | None:
    """Make a Series of numbers, None where one of them is an int beyond all floats."""
    numbers = pl.Series(values, dtype=pl.Float64, strict=False)
    return numbers if numbers.null_count() == values.count(None) else None


def _read_scores(scores: pl.Series, values: Sequence[Any] | pl.Series, limits: Limits) -> pl.DataFrame:
    """Read scores as a whole; those that are not surely right go one by one."""
    low, high = max(limits.low, -_EXACT_INT_MAX), min(limits.high, _EXACT_INT_MAX)
    scores = scores.alias("score")
    if _all_within(scores, low, high):
        return pl.DataFrame([_ALL_OK.new_from_index(0, len(scores)), scores])
    score = pl.col("score")
    outcome = (score.is_null().cast(pl.UInt8) * ABSTAINED).alias("outcome")
    frame = scores.to_frame().select(outcome, score)
    sure = scores.is_between(low, high).fill_null(value=True)
    rows = (~sure).arg_true().to_list()
    return replace_rows(frame, {row: read_answer(values[row], limits) for row in rows})


def _all_within(scores: pl.Series, low: float, high: float) -> bool:
    """Tell without making a column that all are numbers within bounds; NaN and infinity spoil the sum."""
    if not len(scores) or scores.null_count() or not math.isfinite(scores.sum()):
        return False
    least, greatest = scores.min(), scores.max()
    return isinstance(least, float) and isinstance(greatest, float) and low <= least and greatest <= high


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
    numbers = _numbers(scores)
    if numbers is None:
        return None
    frame = _read_scores(numbers, scores, limits)
    answered = pl.when(pl.col("outcome") == ABSTAINED).then(OK).otherwise("outcome").cast(pl.UInt8).alias("outcome")
    good = pl.col("outcome") == OK
    return frame.with_columns(answered, pl.Series("label", labels, pl.String)).with_columns(pl.when(good).then("label"))


def read_returned(returned: Any, size: int, ids: pl.Series, limits: Limits) -> pl.DataFrame:
    """Read what a frame function returned, one answer a row of what it was handed.

    Args:
        returned: a Series, an array, a list, or a frame; one that carries an index or the
            column `record_id` is joined by it, anything else goes by position.
        size: the number of rows handed over.
        ids: their ids.
        limits: what the model declares of its answers.

    Raises:
        AnswerError: it is none of these, or has another length, or the index is another.
    """
    if isinstance(returned, Facets):
        return _read_facets(returned.frame, size, limits)
    if isinstance(returned, (pl.DataFrame, pl.LazyFrame)):
        found = _of_polars(returned.lazy().collect(), ids)
    elif isinstance(returned, pl.Series):
        found = returned
    elif _is_floats(returned):
        found = pl.Series(returned.copy())  # the array is the model's, which may write into it again
    elif hasattr(returned, "iloc"):
        found = _of_pandas(returned, size, ids)
    elif hasattr(returned, "column_names"):
        found = _rows_of({name: _listed(returned.column(name)) for name in returned.column_names}, ids)
    elif isinstance(returned, Mapping):
        found = _rows_of({str(name): _listed(column) for name, column in returned.items()}, ids)
    else:
        found = _listed(returned)
    if len(found) != size:
        raise AnswerError(f"The answer has {len(found)} rows; expected {size}, one for each record.")
    if isinstance(found, pl.Series) and found.dtype.is_numeric() and not found.dtype.is_decimal():
        return _read_scores(found.cast(pl.Float64), found, limits)
    return read_values(list(found), limits)


def _read_facets(frame: pl.DataFrame, size: int, limits: Limits) -> pl.DataFrame:
    """Read what a runtime of our own answered: its scores and labels are held against the limits by columns."""
    if frame.height != size:
        raise AnswerError(f"The answer has {frame.height} rows; expected {size}, one for each record.")
    scores = (
        frame.get_column("score") if "score" in frame.columns else pl.repeat(None, size, dtype=pl.Float64, eager=True)
    )
    read = _read_scores(scores.cast(pl.Float64), scores, limits)
    others = [frame.get_column(n) for n in ("label", "output", "reasons") if n in frame.columns]
    others = [column for column in others if column.null_count() < size]
    if not others:
        return read
    label = next((column for column in others if column.name == "label"), None)
    if label is not None:
        told = set(label.drop_nulls().unique().to_list())
        for wrong in sorted(told - limits.labels) if limits.labels is not None else ():
            raise AnswerError(f"The label {wrong!r} is not among those declared.")
        answered = (pl.col("outcome") == ABSTAINED) & pl.Series(label.is_not_null())
        read = read.with_columns(pl.when(answered).then(OK).otherwise("outcome").cast(pl.UInt8).alias("outcome"))
    good = pl.col("outcome") == OK
    kept = {"output": good | (pl.col("outcome") == ABSTAINED)}  # a summary that abstains names who had no answer
    return read.with_columns(others).with_columns(
        pl.when(kept.get(c.name, good)).then(pl.col(c.name)).alias(c.name) for c in others
    )


def read_single(returned: Any, record_id: str, limits: Limits) -> Answer:
    """Read what a frame function returned for a frame of one row.

    Raises:
        AnswerError: as for `read_returned`.
    """
    row = read_returned(returned, 1, pl.Series([record_id]), limits).row(0, named=True)
    return Answer(row["outcome"], row["score"], *(row.get(name) for name in ("label", "output", "reasons", "error")))


def _of_polars(table: pl.DataFrame, ids: pl.Series) -> Any:
    if "record_id" not in table.columns and table.columns == ["score"]:
        return table.to_series()
    return _rows_of({column.name: column.to_list() for column in table.get_columns()}, ids)


def _of_pandas(returned: Any, size: int, ids: pl.Series) -> list[Any]:
    places = _places(list(returned.index), size, ids)
    if not hasattr(returned, "columns"):
        return _taken(_null_for_missing(returned, "score"), places)
    columns = {str(name): _null_for_missing(returned[name], name) for name in returned.columns}
    return _rows_of({name: _taken(column, places) for name, column in columns.items()}, ids)


def _null_for_missing(column: Any, name: Any) -> list[Any]:
    """Give None where pandas says that there is nothing.

    But a score may have been computed as NaN, which is an error, and whether pandas keeps a None
    or makes a NaN of it depends on the other rows: only NA, of its nullable types, is no score.
    """
    values: list[Any] = _listed(column)
    missing = column.isna()
    if not missing.any():
        return values
    told = zip(values, missing.tolist(), strict=True)
    if name != "score":
        return [None if nothing else value for value, nothing in told]
    return [
        value if not nothing else math.nan if value is None or isinstance(value, float) else None
        for value, nothing in told
    ]


def _rows_of(columns: dict[str, list[Any]], ids: pl.Series) -> list[Any]:
    """Turn columns into a mapping a row, None where there is nothing in it."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise AnswerError(f"The answer's columns have different lengths: {lengths}.")
    if "record_id" in columns:
        places = _places(columns.pop("record_id"), len(ids), ids)
        columns = {name: _taken(column, places) for name, column in columns.items()}
    if columns.keys() == {"score"}:
        return columns["score"]
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    return [None if all(v is None for v in row) else dict(zip(names, row, strict=True)) for row in rows]


def _taken(values: list[Any], places: list[int] | None) -> list[Any]:
    return values if places is None else [values[place] for place in places]


def _is_floats(returned: Any) -> bool:
    """Tell whether this is numpy's plain array of one dimension and a type of float that polars has, too."""
    if type(returned).__name__ != "ndarray" or returned.ndim != 1:
        return False
    return returned.dtype.name in ("float64", "float32") and bool(returned.dtype.isnative)


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


def _places(index: list[Any], size: int, ids: pl.Series) -> list[int] | None:
    """Find for each record its row in the answer; None where they are in order already."""
    expected = ids.to_list()
    if index in (expected, list(range(size))):
        return None
    for wanted in (expected, list(range(size))):
        found = {label: place for place, label in enumerate(index)}
        if len(index) == size and len(found) == size and found.keys() == set(wanted):
            return [found[label] for label in wanted]
    raise AnswerError(f"The answer's index of {len(index)} rows is not that of the {size} records handed over.")


def together(pieces: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put the answers to one row after the other into one frame."""
    alike = len({tuple(piece.columns) for piece in pieces}) == 1  # which costs half as much
    return pieces[0] if len(pieces) == 1 else pl.concat(pieces, how="vertical" if alike else "diagonal", rechunk=True)
