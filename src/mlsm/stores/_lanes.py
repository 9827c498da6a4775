"""A lane in the form in which it was written, out of its stored rows."""

from __future__ import annotations

from datetime import datetime

import msgspec
import polars as pl

from mlsm._batch import FACETS, KEPT_OBJECT, Batch, ModelColumns, facet, given_column
from mlsm._result import OUTCOMES, Given

__all__ = ["lane_batch"]

_CODES = {outcome.value: outcome.code for outcome in OUTCOMES}


def lane_batch(
    frame: pl.DataFrame, *, part: int, as_of: datetime, scored_at: datetime, inputs: pl.DataFrame | None = None
) -> Batch:
    """Make the batch of one lane: `Batch.long` the other way round.

    Args:
        frame: the lane's results in long form with `kept`, record by record in the order of the
            input, each with the same models in the order of the catalog.
        part: the part's number.
        as_of: the lane's clock.
        scored_at: when it was scored.
        inputs: the part's kept inputs, if this is its first lane.
    """
    models = _models(frame)
    ids = frame.get_column("record_id").unique(maintain_order=True)
    columns = [ids]
    kept = frame.select("record_id", "kept").unique("record_id", keep="first", maintain_order=True).get_column("kept")
    if kept.null_count() < len(kept):
        columns.append(kept.alias(KEPT_OBJECT))
    for model in models:
        own = frame.filter((pl.col("model") == model.name) & (pl.col("version") == model.version))
        codes = own.get_column("outcome").replace_strict(_CODES, return_dtype=pl.UInt8)
        own = own.with_columns(codes.alias("outcome"))
        columns += [
            own.get_column(name).alias(facet(model.key, name))
            for name in FACETS
            # A facet that is null throughout has no column.
            if name in {"outcome", "score"} or own.get_column(name).null_count() < own.height
        ]
        columns += _given_otherwise(own.get_column("given"), model)
    return Batch(part=part, models=models, frame=pl.DataFrame(columns), as_of=as_of, scored_at=scored_at, inputs=inputs)


def _models(frame: pl.DataFrame) -> tuple[ModelColumns, ...]:
    told = frame.group_by("model", "version", "status", maintain_order=True).agg(pl.col("given").drop_nulls().first())
    return tuple(
        ModelColumns(name=name, version=version, status=status, given=_given(given))
        for name, version, status, given in told.iter_rows()
    )


def _given_otherwise(given: pl.Series, model: ModelColumns) -> list[pl.Series]:
    """Give what the summary was handed where that is not what is said of the model, if it was so at all."""
    texts = given.unique().drop_nulls().to_list()
    other = [text for text in texts if _given(text) != model.given]
    if not other:
        return []
    return [given.replace_strict(other, other, default=None, return_dtype=pl.String).alias(given_column(model.key))]


def _given(text: str | None) -> tuple[Given, ...]:
    return () if text is None else msgspec.json.decode(text, type=tuple[Given, ...])
