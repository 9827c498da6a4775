"""Which results are wanted, as a condition on frames of results."""

from __future__ import annotations

import polars as pl

from mlsm.contracts import Selection

__all__ = ["selected"]


def selected(frame: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Keep the results that are wanted, among those in long form.

    Example:
        >>> frame = pl.DataFrame({"model": ["fit", "fit"], "version": ["1", "2"], "score": [0.5, None]})
        >>> selected(frame, Selection(models=("fit@1",))).height
        1
        >>> selected(frame, Selection(score_at_least=0.1)).height
        1
    """
    conditions = []
    if selection.models is not None:
        key = pl.format("{}@{}", "model", "version")
        conditions.append(pl.col("model").is_in(selection.models) | key.is_in(selection.models))
    for column, wanted in (
        ("label", selection.labels),
        ("status", selection.statuses),
        ("outcome", selection.outcomes),
        ("record_id", selection.record_ids),
    ):
        if wanted is not None:
            conditions.append(pl.col(column).is_in(wanted))
    if selection.score_at_least is not None:
        conditions.append(pl.col("score") >= selection.score_at_least)
    if selection.score_at_most is not None:
        conditions.append(pl.col("score") <= selection.score_at_most)
    return frame.filter(*conditions) if conditions else frame
