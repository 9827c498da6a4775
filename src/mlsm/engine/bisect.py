"""A vectorised call that fails is cut until the offending rows stand alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Generic, TypeVar

from mlsm._guard import Raised

__all__ = ["CULPRITS_MAX", "FIRST_CUT", "bisect"]

CULPRITS_MAX = 64
"""Beyond this many culprits a part, what is left goes row by row: the cost stays linear."""

FIRST_CUT = 32
"""The first cut is wide: halving from the top would pass all rows again at every level."""

T = TypeVar("T")


def bisect(
    call: Callable[[int, int], T | Raised], size: int, opens: Callable[[int], bool] | None = None
) -> list[tuple[int, int, T | Raised]]:
    """Call with rows [start, stop), again with less where that fails.

    A range that failed while its left half went well has its culprit in the right half, so
    that half is cut without being called as a whole. For k culprits in n rows that makes
    at most 32 + 2k·log2(n/32) further calls, which pass at most n + 4k·n/32 rows.

    Args:
        call: gives an answer for the rows, or `Raised`.
        size: the number of rows.
        opens: told each culprit, in order; with True the search ends behind it.

    Returns:
        Ranges that cover all rows in order, each with its answer; one that `Raised` is of
        one row. Where the search was ended, what comes after is left out.

    Example:
        >>> def call(start, stop):
        ...     return Raised(ValueError()) if start <= 5 < stop else "fine"
        >>> [(start, stop) for start, stop, found in bisect(call, 8) if isinstance(found, Raised)]
        [(5, 6)]
    """
    if size == 0:
        return []
    whole = call(0, size)
    if not isinstance(whole, Raised) or size == 1:
        return [(0, size, whole)]
    search = _Search(call, opens)
    search.among(_cut(0, size, FIRST_CUT))
    return search.found


class _Search(Generic[T]):
    def __init__(self, call: Callable[[int, int], T | Raised], opens: Callable[[int], bool] | None) -> None:
        self.call = call
        self.opens = opens
        self.ended = False
        self.found: list[tuple[int, int, T | Raised]] = []
        self.culprits = 0

    def among(self, ranges: list[tuple[int, int]]) -> None:
        """Search ranges of which at least one holds a culprit."""
        clean = True
        for start, stop in ranges:
            if self.ended:
                return
            single = stop - start == 1
            by_row = self.culprits > CULPRITS_MAX and not single
            guilty = clean and stop == ranges[-1][1]
            if not by_row and (single or not guilty):
                answer = self.call(start, stop)
                failed = isinstance(answer, Raised)
                if single or not failed:
                    self.found.append((start, stop, answer))
                    self.culprits += failed
                    clean = clean and not failed
                    self.ended = failed and self.opens is not None and self.opens(start)
                    continue
            clean = False
            self.among(_cut(start, stop, stop - start if by_row else 2))


def _cut(start: int, stop: int, pieces: int) -> list[tuple[int, int]]:
    size = stop - start
    edges = [start + size * place // pieces for place in range(pieces + 1)]
    return [(low, high) for low, high in pairwise(edges) if low < high]
