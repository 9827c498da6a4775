"""The kept inputs of one record, as values for JSON."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

__all__ = ["input_values"]


def input_values(inputs: pl.DataFrame, record_id: str) -> list[dict[str, Any]]:
    """Give the rows of a record in a frame of kept inputs, without the id.

    Bytes are written in base64, dates and times in ISO form; what JSON cannot say is null.

    Example:
        >>> input_values(pl.DataFrame({"record_id": ["7", "8"], "size": [5, 6]}), "8")
        [{'size': 6}]
    """
    own = inputs.filter(pl.col("record_id") == record_id).drop("record_id")
    if own.width == 0:
        return []
    binary = [name for name, dtype in own.schema.items() if dtype == pl.Binary]
    shown = own.with_columns(pl.col(name).bin.encode("base64") for name in binary)
    texts = shown.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    return [json.loads(text) for text in texts]
