"""The breaker of a model in its own process: behind an open one the model is called no more.

What was answered is cut where the breaker opens by whoever asked, here as inline; this only
spares the calls whose answers would be thrown away. It never opens earlier than that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeAlias

from mlsm.contracts import Predictor
from mlsm.engine.breaker import FAILURES, Window
from mlsm.engine.mapped import Calls, mapped
from mlsm.service.at_home import Spared

__all__ = ["BARRED", "Breaking", "Breaks"]

Breaks: TypeAlias = tuple[float, int, Sequence[int]]
"""The share of failures, among so many calls, that opens the breaker; and which calls failed before, -1 the last."""

BARRED = object()
"""Stands for the answer of a model that was not called."""
_CHUNK_ROWS = 4096
"""What is lost with a worker is made again: at most so many rows."""
_FEW_ROWS = 512
"""Where calls fail, so many are made before their answers are read: what is no result opens the breaker as well."""


class Breaking:
    """The calls of one request, up to the one at which the breaker opens.

    Args:
        breaks: when it opens, None for never.

    Example:
        >>> from types import SimpleNamespace
        >>> asked = Breaking((0.5, 2, []))
        >>> [type(one).__name__ for one in asked.answers(SimpleNamespace(record=int), [["x", "y", "3"]], 3)]
        ['Raised', 'Raised']
        >>> asked.count([3, 3], ()), asked.open
        (None, True)
    """

    def __init__(self, breaks: Breaks | None) -> None:
        self.open = False
        self.rows = _CHUNK_ROWS if breaks is None else _FEW_ROWS
        self._calls = 0
        self._raised: Window | None = None
        self._failed: Window | None = None
        if breaks is not None:
            share, window, before = breaks
            self._raised, self._failed = Window(share, window), Window(share, window)
            for call in before:
                self._raised.failed(call)
                self.open |= self._failed.failed(call)

    def answers(self, predictor: Predictor, columns: Sequence[Iterable[Any]], size: int) -> list[Any]:
        """Call for so many rows; fewer answers come where the breaker opened at the last of them."""
        if self.open:
            spares = getattr(predictor, "spares", None)  # of a model whose condition is asked here
            found = [None] * size if spares is None else mapped(spares, columns, size, interrupts=True)
            return [one if type(one) is Spared else BARRED for one in found]
        window, seen, spared = self._raised, 0, 0

        def opens(row: int) -> bool:
            nonlocal seen, spared
            spared += sum(type(one) is Spared for one in calls.answers[seen:row])
            seen = row
            return window is not None and window.failed(self._calls + row - spared)

        calls = Calls(predictor.record, columns, size, None if window is None else opens, interrupts=True)
        calls.ask(size)
        return calls.answers

    def count(self, codes: Sequence[int], spared: Collection[int]) -> None:
        """Count the outcomes of answers, but for those at the places that were spared a call."""
        self.rows = _CHUNK_ROWS
        if self._failed is None or self.open:
            return
        spared = set(spared)
        for place, code in enumerate(codes):
            if place not in spared:
                if code in FAILURES:
                    self.rows = _FEW_ROWS
                    self.open |= self._failed.failed(self._calls)
                self._calls += 1

    def count_good(self, size: int) -> None:
        """Count so many calls that went well."""
        self.rows = _CHUNK_ROWS
        self._calls += size
