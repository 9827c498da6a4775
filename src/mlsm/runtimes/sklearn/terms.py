"""What one field adds to the margins of a linear model: a slope, and a row for each value that is looked up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlsm.runtimes.sklearn.columns import Column, OpaqueError
from mlsm.runtimes.sklearn.tables import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Term", "term_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What one field adds to each margin: slope x value + the row of the value.

    Args:
        source: the field.
        slope: margins; None where only rows count.
        codes: the row's number for each value that has one of its own.
        rows: rows x margins; the last is every other value's.
        strict: whether other values are refused.
        missing: margins of a missing value, None where it is refused.
        centre: margins at the field's mean, where a scaler or imputer knows it, else at zero or at no category.
        mean: that mean, for people; None where it is of categories.
    """

    source: Source
    slope: NDArray[np.float64] | None
    codes: Mapping[Any, int]
    rows: NDArray[np.float64]
    strict: bool
    missing: NDArray[np.float64] | None
    centre: NDArray[np.float64]
    mean: float | None

    @property
    def name(self) -> str:
        """Give the field's name."""
        return self.source.field.name

    def of(self, value: Any) -> NDArray[np.float64] | None:
        """Give what one value adds, None where it is refused."""
        if value is None:
            return self.missing
        code = self.codes.get(value, len(self.codes))
        if self.strict and code == len(self.codes):
            return None
        row: NDArray[np.float64] = self.rows[code]
        return row if self.slope is None else self.slope * value + row

    def expression(self, dtype: pl.DataType) -> pl.Expr:
        """Look the row of each value up, in a column of many.

        Raises:
            OpaqueError: the values are no text, in a column of text.
        """
        column = pl.col(self.name)
        if dtype != pl.String:
            keys = pl.Series(list(self.codes), dtype=pl.Float64)
            rows = pl.Series(list(self.codes.values()), dtype=pl.UInt32)
            return column.cast(pl.Float64).replace_strict(keys, rows, default=len(keys))
        if not all(isinstance(value, str) for value in self.codes):
            raise OpaqueError("values of several kinds are looked up")
        coded = column.cast(pl.Enum(list(self.codes)), strict=False).to_physical()
        return coded.cast(pl.UInt32).fill_null(len(self.codes))

    def looked_up(self, series: pl.Series) -> NDArray[np.intp]:
        """Look the row of each value up, in a column of few."""
        get, other = self.codes.get, len(self.codes)
        return np.array([get(value, other) for value in series.to_list()], dtype=np.intp)

    def refuses(self, series: pl.Series, codes: NDArray[Any] | None) -> bool:
        """Tell whether the library refuses any value of a column."""
        if self.missing is None and series.null_count():
            return True
        if not self.strict or codes is None:
            return False
        return bool(((codes == len(self.codes)) & series.is_not_null().to_numpy()).any())

    def margin(self, number: int, series: pl.Series, codes: NDArray[Any] | None) -> NDArray[np.float64]:
        """Give what each value of a column adds to one margin."""
        rows = self.rows[:, number]
        found: Any = rows[0] if codes is None else rows[codes]
        if self.slope is not None:
            found = series.cast(pl.Float64).to_numpy() * self.slope[number] + found
        elif codes is None:
            found = np.full(len(series), found)
        if self.missing is not None and series.null_count():
            found[series.is_null().to_numpy()] = self.missing[number]
        added: NDArray[np.float64] = found
        return added

    def written(self, number: int, namespace: dict[str, Any]) -> str:
        """Write what the field adds to one margin as an expression; what is refused raises KeyError or TypeError."""
        value, table = f"v{self.source.place}", f"t{self.source.place}_{number}"
        *own, other = self.rows[:, number].tolist()
        missing = None if self.missing is None else float(self.missing[number])
        slope = "" if self.slope is None else f"{float(self.slope[number])!r} * {value}"
        if not self.codes and not self.strict:
            text = " + ".join(filter(None, [slope, repr(other) if other or not slope else ""]))
        else:
            namespace[table] = dict(zip(self.codes, own, strict=True))
            looked_up = f"{table}[{value}]" if self.strict else f"{table}.get({value}, {other!r})"
            if not slope:
                namespace[table][None] = missing  # None in place of a number: adding it raises TypeError
                return looked_up
            text = f"{slope} + {looked_up}"
        return text if missing is None and slope else f"({missing!r} if {value} is None else {text})"


def term_of(source: Source, parts: Sequence[tuple[Column, NDArray[np.float64]]]) -> Term:
    """Put the columns of one field together.

    Args:
        source: the field.
        parts: each column of it, with its weight in each margin.
    """
    zero = np.zeros(len(parts[0][1]))
    slope, other, missing, centre = zero.copy(), zero.copy(), zero.copy(), zero.copy()
    own: dict[Any, NDArray[np.float64]] = {}
    known: frozenset[Any] | None = None
    sloped, refused, mean = False, False, None
    for column, weights in ((_definite(column), weights) for column, weights in parts):
        centre += weights * column.centre
        refused = refused or column.missing is None or column.empty
        missing += 0.0 if refused else weights * column.missing
        if column.table is None:
            steep, offset = column.affine
            slope, other, sloped = slope + weights * steep, other + weights * offset, True
            mean = (column.centre - offset) / steep if steep else None
            continue
        other += weights * column.other
        for value, number in column.table.items():
            own[value] = own.get(value, zero) + weights * (number - column.other)
        if column.known is not None:
            known = column.known if known is None else known & column.known
    if known is not None:
        own = {value: own.get(value, zero) for value in known}
    return Term(
        source=source,
        slope=slope if sloped else None,
        codes={value: code for code, value in enumerate(own)},
        rows=np.vstack([*(other + more for more in own.values()), other]),
        strict=known is not None,
        missing=None if refused else missing,
        centre=centre,
        mean=mean,
    )


def _definite(column: Column) -> Column:
    """Refuse what would become NaN: a linear model does."""
    if column.table is None or not any(math.isnan(number) for number in (column.other, *column.table.values())):
        return column
    table = {value: number for value, number in column.table.items() if not math.isnan(number)}
    if not math.isnan(column.other):
        raise OpaqueError("a category is encoded as missing")
    known = frozenset(table) if column.known is None else column.known & frozenset(table)
    return replace(column, table=table, other=0.0, known=known)
