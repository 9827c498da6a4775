"""A faster way to one record is used only where it answers as the columns do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
import pytest

import mlsm
from mlsm._catalog import Catalog
from mlsm._fields import Reading
from mlsm._model import Model
from mlsm.contracts import NoReasonsError, Predictor, Reasoned
from mlsm.engine.order import prepare
from mlsm.engine.trial import try_paths


@dataclass(frozen=True, slots=True)
class Planted:
    """Doubles a number; the way to one record is another where `wrong` says so."""

    wrong: float | None = None
    by_row: bool = False
    single: bool = True
    path: str = "planted"
    samples: Sequence[tuple[Any, ...]] = ((1.0,), (2.0,), (None,))

    def record(self, *values: Any) -> object:
        if values[0] is None:
            return None
        return 2.0 * values[0] + (0.5 if values[0] == self.wrong else 0.0)

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        return frame["x"] * 2

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        raise NoReasonsError


@mlsm.model(version="1", status="active")
def double(x: float | None) -> float | None:
    """Stand for the planted one."""
    return x


def _step(planted: Planted) -> Any:
    def load(model: Model) -> Predictor:
        return planted

    return prepare(Catalog([double]), load, reading=Reading()).steps[0]


def test_ways_that_agree_are_kept() -> None:
    """Nothing differs on the samples, nulls among them."""
    assert try_paths(_step(Planted()), Planted().samples) is None


def test_a_way_that_differs_is_told_with_the_record() -> None:
    """The first record on which the two differ is named, with both scores."""
    found = try_paths(_step(Planted(wrong=2.0)), Planted().samples)
    assert "it answered 4.5 instead of 4.0 for {'x': 2.0}" == found


@pytest.mark.parametrize("raising", ["record", "columns"])
def test_only_one_that_raises_is_a_difference(raising: str) -> None:
    """A way that raises where the other answers is refused."""

    class Raising(Planted):
        pass

    def fail(*_: Any) -> object:
        raise ZeroDivisionError

    setattr(Raising, raising, fail)
    step = replace(_step(Planted()), predictor=Raising())
    assert "only one of the two raised for {'x': 1.0}" == try_paths(step, Planted().samples)
