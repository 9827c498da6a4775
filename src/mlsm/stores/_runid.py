"""The ids of runs: UUIDs of version 7, whose text sorts by time."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

__all__ = ["new_run_id"]

_NANOSECONDS = 1_000_000


def new_run_id(now: int | None = None) -> str:
    """Make the id of a run that begins now.

    The layout is that of RFC 9562, section 5.7: 48 bits of milliseconds, the version, 12
    bits of the millisecond's fraction (its section 6.2, method 3), the variant, and 62
    random bits.

    Args:
        now: nanoseconds since 1970, UTC; None for the time of day.

    Example:
        >>> new_run_id(1_645_557_742_000_000_000)[:18]
        '017f22e2-79b0-7000'
    """
    milliseconds, rest = divmod(time.time_ns() if now is None else now, _NANOSECONDS)
    fraction = rest * 4096 // _NANOSECONDS
    number = (milliseconds & (2**48 - 1)) << 80
    number |= 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(UUID(int=number))
