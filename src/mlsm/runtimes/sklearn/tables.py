"""Records and frames become what an estimator was fitted on: a pandas frame, or an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlsm._fields import Field, Fields
from mlsm.errors import DeclarationError
from mlsm.runtimes.sklearn.features import Feature, Features

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Source", "Table", "table_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a feature's values come from: a field, by its place."""

    feature: Feature
    field: Field
    place: int

    def array(self, values: Sequence[Any]) -> NDArray[Any]:
        """Make a column of Python values; its type depends on the field alone."""
        kind = self.field.kind.name
        if kind == "float" or (kind == "int" and self.field.nullable):
            return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
        if kind == "int":
            return np.array(values, dtype=np.int64)
        if kind == "bool" and not self.field.nullable:
            return np.array(values, dtype=np.bool_)
        if kind in ("date", "datetime"):
            bare = [value.replace(tzinfo=None) if kind == "datetime" and value else value for value in values]
            return np.array(bare, dtype="datetime64[us]")
        column = np.empty(len(values), dtype=object)
        column[:] = [self.feature.missing if value is None else value for value in values]
        return column

    def column(self, series: pl.Series) -> NDArray[Any]:
        """Make a column of polars' one."""
        kind = self.field.kind.name
        if kind == "float" or (kind == "int" and not series.null_count()):
            column = series.to_numpy()
            return column.astype(np.float64) if self.field.nullable else column
        if kind == "str":
            column = np.array(series.to_numpy(), dtype=object)
            if series.null_count() and self.feature.missing is not None:
                column[series.is_null().to_numpy()] = self.feature.missing
            return column
        return self.array(series.to_list())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How a model's fields become the table that its estimator reads."""

    fields: Fields
    named: bool
    sources: tuple[Source, ...]

    def of_frame(self, frame: pl.DataFrame) -> Any:
        """Make the table of a frame."""
        return self._built([source.column(frame.get_column(source.field.name)) for source in self.sources])

    def of_rows(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Make the table of records, their values in the order of the fields."""
        return self._built([source.array([row[source.place] for row in rows]) for source in self.sources])

    @property
    def of_row(self) -> Callable[..., Any]:
        """Give the function that makes the table of one record."""
        return lambda *values: self.of_rows([values])

    def _built(self, columns: list[NDArray[Any]]) -> Any:
        if not self.named:
            return np.column_stack(columns)
        made = {
            source.feature.name: pd.Series(column, dtype=column.dtype)  # the type said: pandas would guess at objects
            for source, column in zip(self.sources, columns, strict=True)
        }
        return pd.DataFrame(made, copy=False)


def table_of(features: Features, fields: Fields, key: str) -> Table:
    """Find the field of every feature, by name or, where the file has no names, by position.

    Raises:
        DeclarationError: fields and features do not fit together.
    """
    names = [field.name for field in fields]
    wanted = [feature.name for feature in features.listed]
    if features.named and set(names) != set(wanted):
        absent = [name for name in wanted if name not in names]
        strange = [name for name in names if name not in wanted]
        raise DeclarationError(
            f"The fields of model {key!r} are not its estimator's: it lacks {absent}, and has {strange} besides.",
            hint=f"Declare no fields, or exactly these: {wanted}.",
        )
    if len(names) != len(wanted):
        raise DeclarationError(
            f"Model {key!r} declares {len(names)} fields, but its estimator was fitted on {len(wanted)} columns.",
            hint="Declare one field for each, in the order of the columns that it was fitted on.",
        )
    places = [names.index(name) for name in wanted] if features.named else range(len(wanted))
    sources = tuple(
        Source(feature=feature, field=fields[place], place=place)
        for feature, place in zip(features.listed, places, strict=True)
    )
    return Table(fields=fields, named=features.named, sources=sources)
