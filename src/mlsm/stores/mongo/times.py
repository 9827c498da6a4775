"""Times inside the store: microseconds since 1970 as integers, beside dates of the database.

A date of the database holds milliseconds: it is there for people, and rounded down. What is
read is the integer, in the field whose name ends in `_us`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bson.int64 import Int64

__all__ = ["microseconds", "moment", "told"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> Int64:
    """Count the microseconds from 1970 to a moment."""
    return Int64((at - _EPOCH) // _MICROSECOND)


def moment(count: int) -> datetime:
    """Give the moment that lies so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=count)


def told(name: str, at: datetime | None) -> dict[str, datetime | Int64 | None]:
    """Give a time in both forms.

    Example:
        >>> told("as_of", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))["as_of_us"]
        1000000
    """
    return {name: at, f"{name}_us": None if at is None else microseconds(at)}
