"""CSV: a header once, commas, quotes where RFC 4180 wants them, lines that end in a newline.

Null is nothing between two commas, an empty text is `""`. Moments are ISO, floats the
shortest text that reads back as the same number, lists and structs JSON, bytes base64.
"""

from __future__ import annotations

import io

import polars as pl

from mlsm.writers.columns import as_json, as_moment
from mlsm.writers.place import Place
from mlsm.writers.text import TextWriter

__all__ = ["writer"]


def writer(place: Place, *, gzipped: bool) -> TextWriter:
    """Open a CSV file.

    Args:
        place: where it goes.
        gzipped: whether to compress it.
    """
    return TextWriter(place, _render, gzipped=gzipped)


def _render(frame: pl.DataFrame, first: bool) -> bytes:
    changed = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Datetime):
            changed.append(as_moment(name, dtype))
        elif dtype.is_nested():
            changed.append(as_json(name))
        elif dtype == pl.Binary:
            changed.append(pl.col(name).bin.encode("base64"))
    content = io.BytesIO()
    frame.with_columns(changed).write_csv(content, include_header=first)
    return content.getvalue()
