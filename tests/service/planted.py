"""A runtime with a fault: its way to one record answers otherwise than its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from mlsm._model import ArtefactModel
from mlsm.contracts import NoReasonsError, Predictor, Reasoned


@dataclass(frozen=True, slots=True)
class Planted:
    """Doubles a number; one of its samples comes out otherwise alone."""

    wrong: float
    by_row: bool = False
    single: bool = True
    path: str = "It is scored by its own way."
    samples: Sequence[tuple[Any, ...]] = ((1.0,), (2.0,))

    def record(self, *values: Any) -> object:
        return 2.0 * values[0] + (0.5 if values[0] == self.wrong else 0.0)

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        return frame["x"] * 2

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        raise NoReasonsError


def load(model: ArtefactModel) -> Predictor:
    """Load the fault that the options name."""
    return Planted(wrong=model.options["wrong"])
