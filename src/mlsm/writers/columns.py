"""Columns as outputs want them: in one order, and as text where the format has no type."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mlsm.errors import InputError

__all__ = ["as_json", "as_moment", "in_order"]

_DIGITS = {"ms": 3, "us": 6, "ns": 9}


def in_order(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Put the columns of a part in the order of the first part's.

    Args:
        frame: the part.
        names: the columns of the first part.

    Raises:
        InputError: they are not the same columns.
    """
    if frame.columns == list(names):
        return frame
    if set(frame.columns) != set(names):
        odd = sorted(set(frame.columns) ^ set(names))
        raise InputError(
            f"Columns {odd} are in some parts of an output only; the same columns in all parts were expected.",
            hint="Write to another file.",
        )
    return frame.select(names)


def as_moment(name: str, dtype: pl.Datetime) -> pl.Expr:
    """Write moments as results in JSON have them: ISO, UTC with a Z, a fraction where there is one.

    A moment without a time zone gets no Z: nothing is said of it that it does not say.

    Args:
        name: the column.
        dtype: its type.
    """
    moment = pl.col(name)
    if dtype.time_zone is not None:
        moment = moment.dt.convert_time_zone("UTC")
    zone = "" if dtype.time_zone is None else "Z"
    whole = moment.dt.strftime(f"%Y-%m-%dT%H:%M:%S{zone}")
    precise = moment.dt.strftime(f"%Y-%m-%dT%H:%M:%S%.{_DIGITS[dtype.time_unit]}f{zone}")
    return pl.when(moment.dt.nanosecond() == 0).then(whole).otherwise(precise).alias(name)


def as_json(name: str) -> pl.Expr:
    """Write values of any type as JSON text, null staying null.

    Args:
        name: the column.
    """
    member = pl.struct(pl.col(name).alias("v")).struct.json_encode()
    text = member.str.strip_prefix('{"v":').str.strip_suffix("}")
    return pl.when(pl.col(name).is_not_null()).then(text).alias(name)
