"""The lines of a CSV file, numbered, with a way back."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from mlsm.errors import InputError

__all__ = ["CsvLines"]

# Keeps a file full of quotes that are not closed from being read again from each of its lines.
_IN_VAIN_MAX = 100_000


@dataclass(slots=True)
class CsvLines:
    """The lines of a text, with their numbers, which can be put back."""

    text: io.TextIOWrapper
    source: str
    line: int = 1
    _in_vain: int = 0
    _put_back: deque[str] = field(default_factory=deque)

    def next(self) -> str | None:
        """Give the next line, None at the end."""
        line = self._put_back.popleft() if self._put_back else self.text.readline()
        if not line:
            return None
        self.line += 1
        return line

    def take(self, count: int) -> list[str]:
        """Give the next lines, fewer only at the end."""
        lines = [self._put_back.popleft() for _ in range(min(count, len(self._put_back)))]
        lines += islice(self.text, count - len(lines))
        self.line += len(lines)
        return lines

    def put_back(self, lines: Sequence[str]) -> None:
        """Make lines that were taken last the next ones again."""
        self._put_back.extendleft(reversed(lines))
        self.line -= len(lines)

    def read_again(self, lines: Sequence[str]) -> None:
        """Put back lines that a broken row had swallowed.

        Raises:
            InputError: that happened so often that reading would never end.
        """
        self.put_back(lines)
        self._in_vain += len(lines)
        if self._in_vain > _IN_VAIN_MAX + 10 * self.line:
            raise InputError(
                f"Quotes in {self.source!r} do not pair off; by line {self.line} rows run into each other throughout.",
                hint="Export the file again with every cell that holds quotes in quotes, and those within doubled.",
            )
