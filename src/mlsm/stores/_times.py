"""Times inside the store: microseconds since 1970, UTC, as integers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["microseconds", "moment"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Count the microseconds from 1970 to a moment.

    Example:
        >>> microseconds(datetime(1970, 1, 2, tzinfo=UTC))
        86400000000
    """
    return (at - _EPOCH) // _MICROSECOND


def moment(count: int) -> datetime:
    """Give the moment that lies so many microseconds after 1970.

    Example:
        >>> moment(86_400_000_000).isoformat()
        '1970-01-02T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=count)
