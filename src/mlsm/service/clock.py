"""The clock that models see: UTC, whatever way it was given."""

from __future__ import annotations

from datetime import UTC, datetime

from mlsm.errors import InputError

__all__ = ["in_utc"]


def in_utc(as_of: object) -> datetime:
    """Give a time in UTC; a naive one is UTC already.

    Raises:
        InputError: it is no time.

    Example:
        >>> in_utc(datetime(2026, 1, 1)).isoformat()
        '2026-01-01T00:00:00+00:00'
    """
    if type(as_of) is datetime and as_of.tzinfo is UTC:
        return as_of
    if not isinstance(as_of, datetime):
        raise InputError(
            f"The clock {as_of!r} is of type {type(as_of).__name__!r}; expected a datetime.",
            hint="Pass as_of=datetime(2026, 1, 1, tzinfo=UTC).",
        )
    return as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of.astimezone(UTC)
