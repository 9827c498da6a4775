"""A model under check, and the ways in which it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from mlsm._fields import Reading
from mlsm._model import Model
from mlsm._result import Result
from mlsm.contracts import Predictor

__all__ = ["CLOCK", "Score", "ScoreOne", "Subject", "Trace"]

CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
"""The clock that models see while they are checked: findings must not depend on the day."""

Score: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], list[Result]]
ScoreOne: TypeAlias = Callable[[Mapping[str, Any]], Result]
Trace: TypeAlias = Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model under check.

    Args:
        model: the model.
        predictor: the model loaded, to be called without the engine around it.
        score: scores records as one part of a batch; a result a record, in order.
        score_one: scores one record without any frame.
        trace: gives the traceback of what the model raises for a record, None where it does not.
        upstreams: the models that a summary stands on, by parameter.
        reading: how the data spells values.
    """

    model: Model
    predictor: Predictor
    score: Score
    score_one: ScoreOne
    trace: Trace
    upstreams: Mapping[str, Model] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
