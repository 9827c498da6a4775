"""A points table that is ready to score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlsm.contracts import Facets, Reasoned
from mlsm.runtimes.scorecard.known import Known
from mlsm.runtimes.scorecard.plan import Plan

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ScorecardPredictor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardPredictor:
    """A points table, compiled twice: to a function of one record, and to columns' expressions."""

    plan: Plan
    record: Callable[..., Any]
    samples: Sequence[tuple[Any, ...]] = ()
    by_row: bool = False
    single: bool = True
    known: Known = field(default_factory=Known)
    path: str = "The rules are compiled to one plain Python function."

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> Facets:
        """Score a frame by columns."""
        from mlsm.runtimes.scorecard.columns import score_columns

        return score_columns(self.plan, frame, as_of, self.known)

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        """Give the points of every rule: they add up to the score."""
        from mlsm.runtimes.scorecard.columns import explain

        return explain(self.plan, frame, as_of, self.known)
