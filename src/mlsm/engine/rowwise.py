"""A model's score of a row may not depend on its neighbours: asked again, it answers alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import polars as pl

from mlsm._equality import alike
from mlsm._guard import Raised
from mlsm._result import Failure
from mlsm.engine.answers import ABSTAINED, OK

__all__ = ["SAMPLE_ROWS", "check_rowwise"]

SAMPLE_ROWS = 64
_STRIDE = 37
"""Prime to 64: stepping by it permutes the sample so that no two neighbours stay together."""


def check_rowwise(
    call: Callable[[pl.DataFrame], pl.DataFrame | Raised],
    handed: pl.DataFrame,
    answered: pl.DataFrame,
    tolerance: float,
) -> Failure | None:
    """Send up to 64 rows again, permuted and in halves, and compare the answers.

    Args:
        call: calls the model with a frame and reads its answer.
        handed: what the model was handed.
        answered: what it answered, row by row.
        tolerance: how far two scores of one row may lie apart, relative to the greater or 1.

    Returns:
        What to tell where it answered differently, None where it did not.
    """
    rows = answered.get_column("outcome").is_in([OK, ABSTAINED]).arg_true()[:SAMPLE_ROWS]
    size = len(rows)
    if size < 2:
        return None
    expected = answered[rows].rows(named=True)
    permuted = sorted(range(size), key=lambda row: (row * _STRIDE) % SAMPLE_ROWS)
    for order in (permuted, list(range(size // 2)), list(range(size // 2, size))):
        again = call(handed[rows.gather(order)])
        if isinstance(again, Raised):
            return _failure(f"raised {again.failure.type}: {again.failure.message}")
        for place, found in zip(order, again.rows(named=True), strict=True):
            if not _alike(expected[place], found, tolerance):
                return _failure(f"answered {_shown(found)} instead of {_shown(expected[place])}")
    return None


def _failure(what: str) -> Failure:
    return Failure(
        type="NotRowWise",
        message=f"The model depends on a row's neighbours: asked again in another order or with less rows, it {what}.",
    )


def _shown(answer: dict[str, Any]) -> Any:
    return answer["score"] if answer["score"] is not None else answer.get("label")


def _alike(one: dict[str, Any], other: dict[str, Any], tolerance: float) -> bool:
    if any(one.get(name) != other.get(name) for name in ("outcome", "label", "error")):
        return False
    return alike(one["score"], other["score"], tolerance=tolerance) and all(
        one.get(name) == other.get(name)
        or alike(_decoded(one.get(name)), _decoded(other.get(name)), tolerance=tolerance)
        for name in ("output", "reasons")
    )


def _decoded(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)
