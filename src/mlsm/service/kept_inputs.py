"""The columns that models read, kept with the results where the project asks for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import msgspec
import polars as pl

from mlsm._batch import Batch
from mlsm.contracts import Column
from mlsm.service.inputs import Cut

__all__ = ["with_inputs"]


def with_inputs(batch: Batch, cut: Cut, sources: Collection[str], *, hashed: bool) -> Batch:
    """Give the batch with its inputs: the raw columns, or one hash a record.

    Args:
        batch: the results.
        cut: what they were made of.
        sources: the columns that the models read.
        hashed: whether only a hash is kept, by which a later input can be compared.
    """
    columns = [_storable(name, cut.columns[name]) for name in sorted(sources) if name in cut.columns]
    frame = pl.DataFrame(columns)
    if hashed:
        rows = frame.hash_rows(seed=0) if columns else pl.repeat(0, len(batch), dtype=pl.UInt64, eager=True)
        frame = pl.DataFrame([rows.alias("hash")])
    return replace(batch, inputs=pl.DataFrame([cut.ids.alias("record_id"), *frame.get_columns()]))


def _storable(name: str, column: Column) -> pl.Series:
    """Give a column as it came; Python objects as JSON text."""
    if isinstance(column, pl.Series):
        return column.alias(name)
    texts = [None if value is None else msgspec.json.encode(value, enc_hook=repr).decode() for value in column]
    return pl.Series(name, texts, pl.String)
