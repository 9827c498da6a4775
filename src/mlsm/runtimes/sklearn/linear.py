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
from mlsm.runtimes.sklearn.terms import Term, term_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Linear", "RefusedError", "linear_of"]

_FEW = 500
"""Rows up to which values are looked up one by one, which is sooner done than asked of polars."""


class RefusedError(Exception):
    """A value that the library refuses is among the rows; it shall say so itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A linear model over fields: intercepts and terms."""

    intercepts: NDArray[np.float64]
    terms: tuple[Term, ...]

    def coded(self, frame: pl.DataFrame) -> dict[int, NDArray[Any]]:
        """Look the values of a frame up: for each term that has a table, by its place among the terms.

        Raises:
            RefusedError: a value is refused.
        """
        coded = {place: term for place, term in enumerate(self.terms) if term.codes}
        if frame.height <= _FEW:
            codes = {place: term.looked_up(frame.get_column(term.name)) for place, term in coded.items()}
        else:  # all at once, which polars does side by side
            found = frame.select(**{str(place): one.expression(frame.schema[one.name]) for place, one in coded.items()})
            codes = {int(name): found.get_column(name).to_numpy() for name in found.columns}
        if any(term.refuses(frame.get_column(term.name), codes.get(place)) for place, term in enumerate(self.terms)):
            raise RefusedError
        return codes

    def margins(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Add up the margins of a frame, margins x rows.

        Raises:
            RefusedError: a value is refused.
        """
        codes = self.coded(frame)
        total = np.repeat(self.intercepts[:, None], frame.height, axis=1)
        for number in range(len(total)):
            for place, term in enumerate(self.terms):
                total[number] += term.margin(number, frame.get_column(term.name), codes.get(place))
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
    return Linear(intercepts=start, terms=tuple(term_of(sources[place], parts) for place, parts in grouped.items()))
