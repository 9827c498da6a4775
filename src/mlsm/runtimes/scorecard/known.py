"""What was written of a table for one frame and holds for the next: a run brings many, all at one time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

__all__ = ["Known"]


class Known:
    """Expressions of terms at one time, by the terms' identity; those of another time take their place.

    To write forty of them takes as long as to ask them of thousands of records.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: tuple[datetime | None, dict[int, Any]] = (None, {})

    def at(self, as_of: datetime | None) -> dict[int, Any]:
        """Give what is known for a time, to be added to."""
        held = self._held
        if held[0] != as_of:
            held = self._held = (as_of, {})
        return held[1]
