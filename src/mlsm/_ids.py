"""A record's id: text everywhere, kept byte for byte."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from mlsm._fields.kinds import BLANKS

__all__ = ["ID_BYTES_MAX", "read_id"]

ID_BYTES_MAX = 512
_WHOLE_MAX = 10**400
_DIGITS_MAX = 400
_INT64 = 2**63


def read_id(value: Any) -> tuple[str | None, str | None]:
    """Read an id; give it and None, or None and why it cannot be one.

    Text stays as it is, leading zeros included. An int, an integral float such as `42.0` or an
    integral Decimal, as databases export whole numbers, becomes `42`; a UUID, and an ObjectId as
    MongoDB has, its text.

    Example:
        >>> read_id("007"), read_id(42.0), read_id(True)
        (('007', None), ('42', None), (None, 'The id True is a bool; expected text or a whole number.'))
    """
    if type(value) is str:
        if value[:1] > " " and value.isascii() and value.isprintable() and len(value) <= ID_BYTES_MAX:
            return value, None  # as nearly all are
    elif type(value) is int and -_INT64 <= value < _INT64:
        return str(value), None
    elif hasattr(value, "dtype") and hasattr(value, "item"):
        value = value.item()
    if value is None or _not_a_number(value):
        return None, "There is no id."
    kind = type(value).__name__
    if isinstance(value, (str, UUID)) or kind == "ObjectId":
        return _text(value if isinstance(value, str) else str(value))
    if _whole(value):
        return _text(str(int(value))) if abs(value) < _WHOLE_MAX else (None, "The id is too long.")
    shown = f"The id {value!s}" if isinstance(value, (bool, float, Decimal)) else "The id"
    return None, f"{shown} is a {kind}; expected text or a whole number."


def _not_a_number(value: Any) -> bool:
    # One of Decimal's may not even be compared; any other differs from itself.
    return value.is_nan() if isinstance(value, Decimal) else bool(value != value)  # noqa: PLR0124 - so NaN is told


def _whole(value: Any) -> bool:
    if isinstance(value, Decimal):  # of a large one, only the last digit that is told says whether it is whole
        return value.is_finite() and (value.adjusted() >= _DIGITS_MAX or value == value.to_integral_value())
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _text(value: str) -> tuple[str | None, str | None]:
    if not value.strip(BLANKS):
        return None, "The id is empty."
    if "\x00" in value:
        return None, "The id holds a NUL character."
    try:
        size = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError:
        return None, "The id is not valid Unicode."
    if size > ID_BYTES_MAX:
        return None, f"The id has {size} bytes; expected at most {ID_BYTES_MAX}."
    return str.__str__(value), None
