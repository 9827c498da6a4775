"""The estimator, asked as it is: what every quicker way is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlsm.contracts import Facets
from mlsm.runtimes.sklearn.answers import Answer
from mlsm.runtimes.sklearn.tables import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Library"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The estimator, asked as it is."""

    estimator: Any
    answer: Answer
    table: Table

    def columns(self, frame: pl.DataFrame) -> NDArray[np.float64] | Facets:
        """Score a frame with a table made of it."""
        if not frame.height:  # scikit-learn refuses tables without rows
            labels = pl.DataFrame({"label": []}, schema={"label": pl.String})
            return Facets(labels) if self.answer.labelled else np.empty(0)
        told = self.answer.ask(self.estimator, self.table.of_frame(frame))
        if self.answer.labelled:
            return Facets(pl.DataFrame({"label": [str(one) for one in told.tolist()]}))
        return self.answer.pick(told)

    def rows(self, rows: Sequence[Sequence[Any]]) -> NDArray[np.float64]:
        """Score records, their values in the order of the fields."""
        return self.answer.pick(self.answer.ask(self.estimator, self.table.of_rows(rows)))

    def record(self, *values: Any) -> Any:
        """Score one record with a table of one row."""
        told = self.answer.ask(self.estimator, self.table.of_rows([values]))
        if self.answer.labelled:
            return {"label": str(told.tolist()[0])}
        return float(self.answer.pick(told)[0])
