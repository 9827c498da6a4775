"""A pipeline that ends in a linear model, as tables: what each field adds to the margins."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlsm.runtimes.sklearn.columns import Column, OpaqueError
from mlsm.runtimes.sklearn.links import Link
from mlsm.runtimes.sklearn.rows import compiled
from mlsm.runtimes.sklearn.tables import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Linear", "RefusedError", "Term", "linear_of"]


class RefusedError(Exception):
    """A value that the library refuses is among the rows; it shall say so itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What one field adds to each margin: slope x value + what the table says of the value.

    Args:
        source: the field.
        slope: margins.
        table: margins for each value that has some of its own.
        other: margins of any other value.
        known: the only values that are not refused, None where none is.
        missing: margins of a missing value, None where it is refused.
        centre: margins at the field's mean, where a scaler or imputer knows it, else at zero or at no category.
        mean: that mean, for people; None where it is of categories.
    """

    source: Source
    slope: NDArray[np.float64]
    table: dict[Any, NDArray[np.float64]]
    other: NDArray[np.float64]
    known: frozenset[Any] | None
    missing: NDArray[np.float64] | None
    centre: NDArray[np.float64]
    mean: float | None

    def of(self, value: Any) -> NDArray[np.float64] | None:
        """Give what one value adds, None where it is refused."""
        if value is None:
            return self.missing
        if self.known is not None and value not in self.known:
            return None
        straight = self.slope * value if self.slope.any() else 0.0
        return straight + self.table.get(value, self.other)

    def columns(self, series: pl.Series) -> NDArray[np.float64]:
        """Give what each value of a column adds, rows x margins.

        Raises:
            RefusedError: one of them is refused.
        """
        empty = series.is_null().to_numpy() if series.null_count() else None
        if empty is not None and self.missing is None:
            raise RefusedError
        if self.table or self.known is not None:
            found = self._looked_up(series)
        else:
            found = np.repeat(self.other[None, :], len(series), axis=0)
        if self.slope.any():
            found += series.cast(pl.Float64).to_numpy()[:, None] * self.slope
        if empty is not None:
            found[empty] = self.missing
        return found

    def _looked_up(self, series: pl.Series) -> NDArray[np.float64]:
        values = list(self.table) + [value for value in self.known or () if value not in self.table]
        if series.dtype != pl.String:
            series = series.cast(pl.Float64)
        keys = pl.Series(values, dtype=series.dtype)
        places = series.replace_strict(keys, pl.Series(range(len(keys)), dtype=pl.UInt32), default=len(keys))
        margins = np.vstack([*(self.table.get(value, self.other) for value in values), self.other])
        if self.known is not None and ((places == len(keys)) & series.is_not_null()).any():
            raise RefusedError
        found: NDArray[np.float64] = margins[places.to_numpy()]
        return found

    def written(self, margin: int, namespace: dict[str, Any]) -> str:
        """Write what the field adds to one margin as an expression; what is refused raises KeyError or TypeError."""
        value, table = f"v{self.source.place}", f"t{self.source.place}_{margin}"
        slope, other = float(self.slope[margin]), float(self.other[margin])
        missing = None if self.missing is None else float(self.missing[margin])
        if not self.table and self.known is None:
            straight = f"{slope!r} * {value} + {other!r}" if other else f"{slope!r} * {value}"
            return straight if missing is None else f"({missing!r} if {value} is None else {straight})"
        entries = {one: float(margins[margin]) for one, margins in self.table.items()}
        if self.known is not None:
            entries = dict.fromkeys(self.known, other) | entries
        looked_up = f"{table}[{value}]" if self.known is not None else f"{table}.get({value}, {other!r})"
        if slope:
            namespace[table] = entries
            both = f"{slope!r} * {value} + {looked_up}"
            return both if missing is None else f"({missing!r} if {value} is None else {both})"
        namespace[table] = {**entries, None: missing}  # None in place of a number: adding it raises TypeError
        return looked_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A linear model over fields: intercepts and terms."""

    intercepts: NDArray[np.float64]
    terms: tuple[Term, ...]

    def margins(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Add up the margins of a frame, rows x margins.

        Raises:
            RefusedError: a value is refused.
        """
        total = np.repeat(self.intercepts[None, :], frame.height, axis=0)
        for term in self.terms:
            total += term.columns(frame.get_column(term.source.field.name))
        return total

    def record(self, link: Link, parameters: int, refused: Callable[..., float]) -> Callable[..., float]:
        """Compile the function of one record.

        Args:
            link: from margins to the score.
            parameters: how many values a record has.
            refused: what to call for a value that the library refuses.
        """
        namespace: dict[str, Any] = {"exp": math.exp, "refused": refused, "nan": math.nan, "inf": math.inf}
        margins = [
            " + ".join([repr(float(start)), *(term.written(number, namespace) for term in self.terms)])
            for number, start in enumerate(self.intercepts)
        ]
        names = ", ".join(f"v{place}" for place in range(parameters))
        lines = link.source(margins)
        body = [
            "try:",
            *(f"    {line}" for line in lines),
            "except (KeyError, TypeError):",
            f"    return refused({names})",
        ]
        return compiled(names, body, namespace)


def linear_of(estimator: Any, columns: Sequence[Column], sources: Sequence[Source]) -> Linear:
    """Write a fitted linear model down as what each field adds.

    Args:
        estimator: the last step; its `coef_` and `intercept_` are read.
        columns: what it sees.
        sources: the fields, by the place of each column's feature.

    Raises:
        OpaqueError: it is not linear, or has other columns.
    """
    coefficients = getattr(estimator, "coef_", None)
    intercepts = getattr(estimator, "intercept_", None)
    if coefficients is None or intercepts is None:
        raise OpaqueError(f"{type(estimator).__name__} has no coefficients")
    dense = coefficients.toarray() if hasattr(coefficients, "toarray") else coefficients
    matrix = np.atleast_2d(np.asarray(dense, dtype=np.float64))
    if matrix.ndim != 2 or matrix.shape[1] != len(columns):
        raise OpaqueError(f"{type(estimator).__name__} has coefficients of other columns")
    start = np.broadcast_to(np.asarray(intercepts, dtype=np.float64).reshape(-1), (len(matrix),)).copy()
    grouped: dict[int, list[tuple[Column, NDArray[np.float64]]]] = {}
    for column, weights in zip(columns, matrix.T, strict=True):
        grouped.setdefault(column.place, []).append((column, weights))
    return Linear(intercepts=start, terms=tuple(_term(sources[place], parts) for place, parts in grouped.items()))


def _term(source: Source, parts: list[tuple[Column, NDArray[np.float64]]]) -> Term:
    """Put the columns of one field together."""
    zero = np.zeros(len(parts[0][1]))
    slope, other, missing, centre = zero.copy(), zero.copy(), zero.copy(), zero.copy()
    own: dict[Any, NDArray[np.float64]] = {}
    known: frozenset[Any] | None = None
    refused, mean = False, None
    for column, weights in parts:
        centre += weights * column.centre
        refused |= column.missing is None or column.empty
        missing += 0.0 if refused else weights * column.missing
        if column.table is None:
            steep, offset = column.affine
            slope += weights * steep
            other += weights * offset
            mean = (column.centre - offset) / steep if steep else None
            continue
        other += weights * column.other
        for value, number in column.table.items():
            own[value] = own.get(value, zero) + weights * (number - column.other)
        if column.known is not None:
            known = column.known if known is None else known & column.known
    return Term(
        source=source,
        slope=slope,
        table={value: other + more for value, more in own.items()},
        other=other,
        known=known,
        missing=None if refused else missing,
        centre=centre,
        mean=mean,
    )
