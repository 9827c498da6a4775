"""A function called for every row; where it raises, it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat, starmap
from typing import Any

from mlsm._guard import Raised, drain

__all__ = ["Calls", "mapped"]


class Calls:
    """The calls of a function, a row each, made as far as they are asked for.

    `answers` holds what was returned so far; where it raised stands `Raised`.

    Args:
        function: called with a value of every column.
        columns: its arguments; with none it is called without.
        size: the number of rows.
        opens: told of the row that raised; tells whether to go no further.
        interrupts: whether a `KeyboardInterrupt` is the function's own, as it is where no keyboard is.

    Example:
        >>> calls = Calls(abs, [[-1, -2, -3]], 3)
        >>> calls.ask(2), list(calls.answers), calls.ask(3), calls.answers
        (True, [1, 2], True, [1, 2, 3])
    """

    def __init__(
        self,
        function: Any,
        columns: Sequence[Iterable[Any]],
        size: int,
        opens: Callable[[int], bool] | None = None,
        *,
        interrupts: bool = False,
    ) -> None:
        self._calls: Iterator[Any] = map(function, *columns) if columns else starmap(function, repeat((), size))
        self._size = size
        self._opens = opens
        self._interrupts = interrupts
        self.answers: list[Any] = []

    def ask(self, stop: int) -> bool:
        """Call for the rows before this one; False where it was broken off."""
        answers, opens, whole = self.answers, self._opens, stop == self._size  # which ends by itself
        while len(answers) < stop:
            try:
                raised = drain(self._calls if whole else islice(self._calls, stop - len(answers)), answers)
            except KeyboardInterrupt as error:
                if not self._interrupts:
                    raise
                raised = Raised(error)
            if raised is None and len(answers) < stop:
                raised = Raised(StopIteration())  # a function that raises it ends `map` in silence
            if raised is not None:
                answers.append(raised)
                if opens is not None and opens(len(answers) - 1):
                    return False
        return True


def mapped(function: Any, columns: Sequence[Iterable[Any]], size: int, *, interrupts: bool = False) -> list[Any]:
    """Call a function for every row; where it raises stands `Raised`, and it goes on.

    Args:
        function: called with a value of every column.
        columns: its arguments; with none it is called without.
        size: the number of rows.
        interrupts: whether a `KeyboardInterrupt` is the function's own.
    """
    calls = Calls(function, columns, size, interrupts=interrupts)
    calls.ask(size)
    return calls.answers
