"""A column's values as Python objects, those that Python cannot hold too."""

from __future__ import annotations

from typing import Any

import polars as pl

from mlsm._guard import Raised, attempt
from mlsm.engine.conversions import representable

__all__ = ["objects_of"]


class _Beyond:
    """Stands for a value that no Python object can hold: of no kind, and never missing."""

    def __repr__(self) -> str:
        return "a date beyond the years 1 to 9999"


_BEYOND = _Beyond()


def objects_of(raw: pl.Series) -> list[Any]:
    """Give Python objects; a stand-in where a date lies beyond the years that Python knows.

    Args:
        raw: a column of any type.
    """
    if isinstance(raw.dtype, (pl.Date, pl.Datetime)):
        return _moments(raw)
    values = attempt(raw.to_list)
    if not isinstance(values, Raised):
        return values  # type: ignore[no-any-return]  # attempt cannot know the type
    each = [attempt(raw.slice(row, 1).to_list) for row in range(len(raw))]
    return [_BEYOND if isinstance(one, Raised) else one[0] for one in each]


def _moments(raw: pl.Series) -> list[Any]:
    sound = raw.alias("raw").to_frame().select(representable(pl.col("raw"), raw.dtype) | pl.col("raw").is_null())
    beyond = (~sound.to_series()).arg_true().to_list()
    if beyond:
        raw = raw.zip_with(sound.to_series(), pl.repeat(None, len(raw), dtype=raw.dtype, eager=True))
    found = attempt(raw.to_list)
    # The last day of year 9999 is the next year elsewhere.
    values: list[Any] = raw.dt.convert_time_zone("UTC").to_list() if isinstance(found, Raised) else found
    for row in beyond:
        values[row] = _BEYOND
    return values
