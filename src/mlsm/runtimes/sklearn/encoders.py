"""Encoders are asked themselves: about every category, about one that they never saw, and about none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from sklearn.preprocessing import OrdinalEncoder, TargetEncoder

from mlsm._guard import Raised, attempt
from mlsm.runtimes.sklearn.columns import Column, OpaqueError
from mlsm.runtimes.sklearn.features import is_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UNSEEN", "encoded", "unseen_of"]

UNSEEN = "(a category never seen)"
_AT_ONCE = 256

Row: TypeAlias = dict[int, float]
"""The numbers that are not zero, by column."""


def encoded(step: Any, columns: tuple[Column, ...], missing: Mapping[int, Any]) -> tuple[Column, ...]:
    """Give the columns after an encoder.

    Args:
        step: fitted; one column or several for each of its own.
        columns: what it reads: fields as they are, filled at most.
        missing: what a missing value is, for each feature's place.

    Raises:
        OpaqueError: it reads something else, or does not encode its own categories.
    """
    if any(column.steps or column.table is not None for column in columns):
        raise OpaqueError(f"{type(step).__name__} reads numbers that were counted before")
    widths = _widths(step)
    asker = Asker(step=step, first=[next(iter(_plain(values)), None) for values in step.categories_])
    found: list[Column] = []
    start = 0
    for number, (column, width) in enumerate(zip(columns, widths, strict=True)):
        values = _plain(step.categories_[number])
        rows = asker.rows(number, values)
        if rows is None:
            raise OpaqueError(f"{type(step).__name__} does not encode its own categories")
        nothing = missing[column.place] if column.empty else column.missing
        none = None if column.missing is None else asker.rows(number, [nothing])
        unseen = asker.rows(number, [unseen_of(values)])
        made = _columns(column.place, values, rows, none, unseen)
        found += [made(start + within) for within in range(width)]
        start += width
    return tuple(found)


def unseen_of(values: Sequence[Any]) -> Any:
    """Give a value that is none of the categories, but like them."""
    if any(isinstance(value, str) for value in values) or not values:
        return UNSEEN
    return float(max(values)) + 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Encodes values of one column, the others being at their first category."""

    step: Any
    first: list[Any]

    def rows(self, number: int, values: list[Any]) -> list[Row] | None:
        """Encode each value; None where the encoder refuses."""
        found: list[Row] = []
        for start in range(0, len(values), _AT_ONCE):
            part = values[start : start + _AT_ONCE]
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Found unknown categories")
                told = attempt(self.step.transform, self._table(number, part))
            if isinstance(told, Raised):
                return None
            dense: NDArray[Any] = told.toarray() if hasattr(told, "toarray") else np.asarray(told)
            found += [{int(place): float(row[place]) for place in np.flatnonzero(row)} for row in dense]
        return found

    def _table(self, number: int, values: list[Any]) -> Any:
        columns = [
            _typed(values if place == number else [one] * len(values), categories.dtype)
            for place, (one, categories) in enumerate(zip(self.first, self.step.categories_, strict=True))
        ]
        if not hasattr(self.step, "feature_names_in_"):
            return np.column_stack(columns)
        named = zip(self.step.feature_names_in_, columns, strict=True)
        return pd.DataFrame({name: pd.Series(column, dtype=column.dtype) for name, column in named})


def _columns(place: int, values: list[Any], rows: list[Row], none: list[Row] | None, unseen: list[Row] | None) -> Any:
    """Make a function that gives each column of what one field is encoded to; zeros are left out of its table."""
    entries: dict[int, dict[Any, float]] = {}
    for value, row in zip(values, rows, strict=True):
        for number, told in row.items():
            entries.setdefault(number, {})[value] = told
    known = frozenset(values) if unseen is None else None

    def column(number: int) -> Column:
        table, other = entries.get(number, {}), 0.0 if unseen is None else unseen[0].get(number, 0.0)
        if other:  # then a zero is no other value's
            table = dict.fromkeys(values, 0.0) | table
        missing = None if none is None else none[0].get(number, 0.0)
        return Column(place=place, table=table, other=other, known=known, missing=missing)

    return column


def _plain(values: Any) -> list[Any]:
    return [value for value in values.tolist() if not is_missing(value)]


def _typed(values: list[Any], categories: Any) -> NDArray[Any]:
    """Make a column of the kind that the encoder was fitted on: numbers, or objects."""
    if categories.kind in "biuf" and all(isinstance(value, (int, float)) for value in values):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _widths(step: Any) -> list[int]:
    """Count the columns that an encoder makes of each of its own."""
    count = len(step.categories_)
    if isinstance(step, OrdinalEncoder):
        return [1] * count
    if isinstance(step, TargetEncoder):
        return [len(step.classes_) if step.target_type_ == "multiclass" else 1] * count
    dropped = [None] * count if step.drop_idx_ is None else list(step.drop_idx_)
    rare = getattr(step, "infrequent_categories_", None) or [None] * count
    return [
        len(values) - (drop is not None) - (0 if few is None else len(few) - 1)
        for values, drop, few in zip(step.categories_, dropped, rare, strict=True)
    ]
