"""A batch model is tried on records of our own when it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl

from mlsm._guard import Raised
from mlsm._result import Failure
from mlsm.contracts import ROW_ID
from mlsm.engine.batch import call_frame
from mlsm.engine.columns import series_of
from mlsm.engine.order import Step
from mlsm.engine.rowwise import check_rowwise

__all__ = ["try_rowwise"]

_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


def try_rowwise(step: Step, rows: Sequence[Sequence[Any]]) -> Failure | None:
    """Ask a batch model about typical records in several orders.

    Args:
        step: the model, ready to be called.
        rows: checked values, a sequence a record, in the order of the fields.

    Returns:
        What to tell where it is not row-wise. One that raises on these is left to the run.
    """
    columns = [
        series_of(list(values), declared.kind).alias(declared.name)
        for declared, values in zip(step.model.inputs, zip(*rows, strict=True), strict=True)
    ]
    ids = pl.Series(ROW_ID, [str(row) for row in range(len(rows))])
    handed = pl.DataFrame([*columns, ids])
    call = partial(call_frame, step, _CLOCK)
    answered = call(handed)
    return None if isinstance(answered, Raised) else check_rowwise(call, handed, answered)
