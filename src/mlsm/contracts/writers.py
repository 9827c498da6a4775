"""Results out, to files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Writer",
]


class Writer(Protocol):
    """Results out, one frame a part, in the order of the parts."""

    def write(self, part: int, frame: pl.DataFrame) -> None:
        """Append one part; every frame has the same columns."""

    def close(self) -> None:
        """Make what was written appear, whole."""

    def abort(self) -> None:
        """Give up; leave no half-written file under the final name."""
