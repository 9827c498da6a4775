"""A model is tried on records of our own when it is loaded: is it row-wise, do its two paths agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl

from mlsm._equality import alike
from mlsm._fields import Fields
from mlsm._guard import Raised, attempt
from mlsm._result import Failure
from mlsm.contracts import ROW_ID, Predictor, Reasoned
from mlsm.engine.answers import read_answer
from mlsm.engine.batch import call_frame
from mlsm.engine.columns import series_of
from mlsm.engine.order import Step
from mlsm.engine.rowwise import check_rowwise

__all__ = ["OneRow", "try_paths", "try_rowwise"]

_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


def try_rowwise(step: Step, rows: Sequence[Sequence[Any]]) -> Failure | None:
    """Ask a batch model about typical records in several orders.

    Args:
        step: the model, ready to be called.
        rows: checked values, a sequence a record, in the order of the fields.

    Returns:
        What to tell where it is not row-wise. One that raises on these is left to the run.
    """
    handed = _frame(step.model.inputs, rows)
    call = partial(call_frame, step, _CLOCK)
    answered = call(handed)
    return None if isinstance(answered, Raised) else check_rowwise(call, handed, answered, step.tolerance)


def try_paths(step: Step, rows: Sequence[Sequence[Any]]) -> str | None:
    """Compare what a model answers to single records with what it answers to a frame of them.

    Args:
        step: a model that answers for one record as well as for a frame.
        rows: checked values, a sequence a record, in the order of the fields.

    Returns:
        The first difference in words, None where there is none.
    """
    frame = _frame(step.model.inputs, rows)
    together = call_frame(step, _CLOCK, frame)
    clock = (_CLOCK,) if step.wants_as_of else ()
    for row, values in enumerate(rows):
        expected = call_frame(step, _CLOCK, frame[row]) if isinstance(together, Raised) else together[row]
        returned = attempt(step.predictor.record, *values, *clock)
        if isinstance(expected, Raised) or isinstance(returned, Raised):
            if isinstance(expected, Raised) and isinstance(returned, Raised):
                continue
            return f"only one of the two raised for {dict(zip(step.model.inputs.names, values, strict=True))}"
        answer, told = read_answer(returned, step.limits), expected.row(0, named=True)
        same = (answer.code, answer.label) == (told["outcome"], told.get("label"))
        if not same or not alike(answer.score, told["score"], tolerance=step.tolerance):
            shown = dict(zip(step.model.inputs.names, values, strict=True))
            return f"it answered {answer.score!r} instead of {told['score']!r} for {shown}"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRow:
    """Answers for one record by asking with a frame of one row."""

    predictor: Predictor
    fields: Fields
    wants_as_of: bool
    path: str
    by_row: bool = False
    single: bool = False
    samples: Sequence[tuple[Any, ...]] = ()

    def record(self, *values: Any) -> object:
        """Ask with a frame of one row; the answer is that of a frame."""
        count = len(self.fields)
        return self.columns(_frame(self.fields, [values[:count]]), values[count] if self.wants_as_of else None)

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        """Ask with a frame."""
        return self.predictor.columns(frame, as_of)

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        """Ask for reasons."""
        return self.predictor.explain(frame, as_of)


def _frame(fields: Fields, rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    columns = [
        series_of(list(values), declared.kind).alias(declared.name)
        for declared, values in zip(fields, zip(*rows, strict=True), strict=True)
    ]
    return pl.DataFrame([*columns, pl.Series(ROW_ID, [str(row) for row in range(len(rows))])])
