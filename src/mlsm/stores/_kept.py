"""The kept columns of a part as text: one JSON object a record."""

from __future__ import annotations

import polars as pl

from mlsm._batch import KEPT, KEPT_OBJECT

__all__ = ["kept_objects"]


def kept_objects(frame: pl.DataFrame) -> pl.Series | None:
    """Write the kept columns of each row as a JSON object, None where nothing is kept.

    Bytes are written in base64, dates and times in ISO form; what JSON cannot say (NaN and
    infinities) is null. A column of such objects, as another store hands it on, stays as it is.

    Example:
        >>> kept_objects(pl.DataFrame({"record_id": ["7"], "keep owner": ["Ada"]})).item()
        '{"owner":"Ada"}'
    """
    names = [name for name in frame.columns if name.startswith(KEPT)]
    if not names:
        return None
    if KEPT_OBJECT in names:
        return frame.get_column(KEPT_OBJECT).alias("kept")
    columns = []
    for name in names:
        column = pl.col(name).alias(name.removeprefix(KEPT))
        columns.append(column.bin.encode("base64") if frame.schema[name] == pl.Binary else column)
    return frame.select(pl.struct(columns).struct.json_encode().alias("kept")).to_series()
