"""A function called for every row; where it raises, it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat, starmap
from typing import Any

from mlsm._guard import Raised, drain

__all__ = ["mapped"]


def mapped(
    function: Any,
    columns: Sequence[Iterable[Any]],
    size: int,
    opens: Callable[[int], bool] | None = None,
    *,
    interrupts: bool = False,
) -> list[Any]:
    """Call a function for every row; where it raises stands `Raised`, and it goes on unless `opens` says so.

    Args:
        function: called with a value of every column.
        columns: its arguments; with none it is called without.
        size: the number of rows.
        opens: told of the row that raised; tells whether to go no further.
        interrupts: whether a `KeyboardInterrupt` is the function's own, as it is where no keyboard is.
    """
    calls: Iterator[Any] = map(function, *columns) if columns else starmap(function, repeat((), size))
    answers: list[Any] = []
    while len(answers) < size:
        try:
            raised = drain(calls, answers)
        except KeyboardInterrupt as error:
            if not interrupts:
                raise
            raised = Raised(error)
        if raised is None and len(answers) < size:
            raised = Raised(StopIteration())  # a function that raises it ends `map` in silence
        if raised is not None:
            answers.append(raised)
            if opens is not None and opens(len(answers) - 1):
                break
    return answers
