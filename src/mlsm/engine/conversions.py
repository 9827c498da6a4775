"""Whole columns converted at once: the values, and which of them are surely right.

What is not surely right goes through the record's reader, so each conversion may be as
narrow as is fast; it must never be sure of a value that the reader reads otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import polars as pl

from mlsm._fields import Kind, Reading
from mlsm._fields.kinds import BLANKS

__all__ = ["convert"]

_PLAIN_INT = r"^-?[0-9]{1,18}$"
_PLAIN_FLOAT = r"^-?[0-9]{1,17}(\.[0-9]{1,17})?$"
_EXACT_INT_MAX = 2.0**53

_Conversion: TypeAlias = Callable[[pl.Expr, pl.DataType, Kind, Reading], tuple[pl.Expr, pl.Expr]]
"""Gives the converted values, and a flag that is true where they are surely right."""


def convert(raw: pl.Series, kind: Kind, reading: Reading) -> tuple[pl.Series, pl.Series] | None:
    """Convert a column; give the values and which are surely right.

    Args:
        raw: the column as it was read.
        kind: what it should hold.
        reading: how the project spells values.

    Returns:
        None where there is no conversion of this type to this kind.
    """
    conversion = _CONVERSIONS.get((kind.name, raw.dtype.base_type()))
    if conversion is None:
        return None
    values, sure = conversion(pl.col("raw"), raw.dtype, kind, reading)
    for bound, within in (
        (kind.ge, values.ge),
        (kind.gt, values.gt),
        (kind.le, values.le),
        (kind.lt, values.lt),
    ):
        if bound is not None:
            sure &= within(bound)
    table = raw.alias("raw").to_frame().select(values.alias("values"), sure.fill_null(value=False).alias("sure"))
    return table.get_column("values"), table.get_column("sure")


def _text_to_number(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    whole = kind.name == "int"
    plain = raw
    if not whole and reading.decimal != ".":
        plain = raw.str.replace_all(".", "x", literal=True).str.replace(reading.decimal, ".", literal=True)
    values = plain.cast(pl.Int64 if whole else pl.Float64, strict=False)
    sure = plain.str.contains(_PLAIN_INT if whole else _PLAIN_FLOAT) & values.is_not_null()
    return values, sure & ~raw.is_in(list(reading.null)) if reading.null else sure


def _number_to_int(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    values = raw.cast(pl.Int64, strict=False)
    return values, values.is_not_null()


def _float_to_int(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    values = raw.cast(pl.Int64, strict=False)
    return values, (raw.abs() < _EXACT_INT_MAX) & (values.cast(dtype) == raw)


def _number_to_float(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    values = raw.cast(pl.Float64)
    return values, values.is_finite()


def _same(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    return raw, raw.is_not_null()


def _text(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    if kind.constrained:
        return raw, raw.is_null() & raw.is_not_null()
    trimmed = raw.str.strip_chars(BLANKS)
    present = trimmed != ""
    return raw, present & ~trimmed.is_in(list(reading.null)) if reading.null else present


def _moment(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    zone = getattr(dtype, "time_zone", None)
    values = raw.cast(pl.Datetime("us", zone))
    values = values.dt.replace_time_zone("UTC") if zone is None else values.dt.convert_time_zone("UTC")
    return values, _representable(values)


def _day(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001
    return raw, _representable(raw)


def _representable(values: pl.Expr) -> pl.Expr:
    """Tell which moments Python can hold: years 1 to 9999."""
    return values.dt.year().is_between(1, 9999)


_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
_REAL = (pl.Float32, pl.Float64)

_CONVERSIONS: dict[tuple[str, type[pl.DataType]], _Conversion] = {
    ("int", pl.String): _text_to_number,
    ("float", pl.String): _text_to_number,
    ("bool", pl.Boolean): _same,
    ("str", pl.String): _text,
    ("date", pl.Date): _day,
    ("datetime", pl.Datetime): _moment,
    ("datetime", pl.Date): _moment,
    **{("int", dtype): _number_to_int for dtype in _WHOLE},
    **{("int", dtype): _float_to_int for dtype in _REAL},
    **{("float", dtype): _number_to_float for dtype in (*_WHOLE, *_REAL)},
}
