"""Whole columns converted at once: the values, and which of them are surely right.

What is not surely right goes through the record's reader, so each conversion may be as
narrow as is fast; it must never be sure of a value that the reader reads otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

import polars as pl

from mlsm._fields import Kind, Reading
from mlsm._fields.kinds import BLANKS
from mlsm._fields.scalars import INT_MAX, INT_MIN, plain_range

__all__ = ["convert", "representable"]

_PLAIN_INT = r"^-?[0-9]{1,18}$"
_PLAIN_FLOAT = r"^-?[0-9]{1,17}(\.[0-9]{1,17})?$"
_EXACT_INT_MAX = 2.0**53
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
T = TypeVar("T")

_TICKS_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000}

_Conversion: TypeAlias = Callable[[pl.Expr, pl.DataType, Kind, Reading], tuple[pl.Expr, pl.Expr]]
"""Gives the converted values, and a flag that is true where they are surely right."""


def convert(columns: Mapping[T, tuple[pl.Series, Kind]], reading: Reading) -> dict[T, tuple[pl.Series, pl.Series]]:
    """Convert columns in one step; give of each the values and which are surely right.

    Args:
        columns: each column as it was read, and what it should hold.
        reading: how the project spells values.

    Returns:
        Only those whose type has a conversion to the kind.
    """
    raws, expressions, known = [], [], []
    for place, (name, (raw, kind)) in enumerate(columns.items()):
        conversion = None if kind.mutable else _CONVERSIONS.get((kind.name, raw.dtype.base_type()))
        if conversion is None:
            continue
        values, sure = conversion(pl.col(str(place)), raw.dtype, kind, reading)
        if kind.constrained and kind.name in ("int", "float"):
            sure &= _within_bounds(values, kind)
        known.append(name)
        raws.append(raw.alias(str(place)))
        expressions += [values.alias(f"{place}.values"), sure.fill_null(value=False).alias(f"{place}.sure")]
    found = iter(pl.DataFrame(raws).select(expressions).get_columns() if raws else ())
    return {name: (next(found), next(found)) for name in known}


def _within_bounds(values: pl.Expr, kind: Kind) -> pl.Expr:
    _, low, high = plain_range(kind)
    if kind.name == "float":
        return values.is_between(_float_beside(low, math.inf), _float_beside(high, -math.inf))
    if low > INT_MAX or high < INT_MIN:  # nothing satisfies, and polars has no such number
        return pl.lit(value=False)
    return values.is_between(low, high)


def _float_beside(bound: float, inward: float) -> float:
    """Give a bound that may be an int beyond 2**53 as a float, never one that lets more through."""
    number = float(bound)
    return math.nextafter(number, inward) if (number < bound) == (inward > 0) and number != bound else number


def _text_to_number(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    whole = kind.name == "int"
    plain = raw
    if not whole and reading.decimal != ".":
        plain = raw.str.replace_all(".", "x", literal=True).str.replace(reading.decimal, ".", literal=True)
    values = plain.cast(pl.Int64 if whole else pl.Float64, strict=False)
    sure = plain.str.contains(_PLAIN_INT if whole else _PLAIN_FLOAT) & values.is_not_null()
    return values, sure & ~raw.is_in(list(reading.null)) if reading.null else sure


def _number_to_int(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    values = raw.cast(pl.Int64, strict=False)
    return values, values.is_not_null()


def _float_to_int(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    values = raw.cast(pl.Int64, strict=False)
    return values, (raw.abs() < _EXACT_INT_MAX) & (values.cast(dtype) == raw)


def _number_to_float(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    values = raw.cast(pl.Float64)
    return values, values.is_finite()


def _same(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    return raw, raw.is_not_null()


def _text(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    if kind.constrained:
        return raw, raw.is_null() & raw.is_not_null()
    trimmed = raw.str.strip_chars(BLANKS)
    present = trimmed != ""
    return raw, present & ~trimmed.is_in(list(reading.null)) if reading.null else present


def _moment(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    zone = getattr(dtype, "time_zone", None)
    sure = representable(raw, dtype)
    values = pl.when(sure).then(raw).cast(pl.Datetime("us", zone))
    values = values.dt.replace_time_zone("UTC") if zone is None else values.dt.convert_time_zone("UTC")
    return values, sure


def _day(raw: pl.Expr, dtype: pl.DataType, kind: Kind, reading: Reading) -> tuple[pl.Expr, pl.Expr]:  # noqa: ARG001 - all conversions are called alike
    sure = representable(raw, dtype)
    return pl.when(sure).then(raw), sure


def representable(raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Tell which dates or moments Python can hold: years 1 to 9999, in UTC.

    Looks at the numbers behind them, since polars panics where it would show what is beyond.
    """
    if isinstance(dtype, pl.Datetime):
        ticks = _TICKS_A_DAY.get(dtype.time_unit)
        if ticks is None:  # 64 bits of nanoseconds reach from 1677 to 2262
            return raw.is_not_null()
        return raw.to_physical().is_between(_FIRST_DAY * ticks, (_LAST_DAY + 1) * ticks - 1)
    return raw.to_physical().is_between(_FIRST_DAY, _LAST_DAY)


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
