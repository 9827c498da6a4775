"""A model that keeps failing is no longer called, so that its failures cost nothing more.

A window slides over the calls, and it is looked at where a call failed, never where one went
well: a model that does not fail pays nothing. What it comes to depends on the records and
their order alone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from mlsm._model import Breaker
from mlsm._result import Failure, Outcome
from mlsm.engine.answers import Answer, failed

__all__ = ["FAILURES", "Window", "broken", "opens_at"]

FAILURES = (Outcome.ERROR.code, Outcome.TIMEOUT.code, Outcome.CRASHED.code)
"""The codes of outcomes that count: a result that was skipped was no call."""


class Window:
    """The failures among the last calls.

    Example:
        >>> window = Window(share=0.5, size=4)
        >>> [window.failed(call) for call in (0, 7, 8, 9)]
        [False, False, False, True]
    """

    __slots__ = ("_calls", "_most", "_size")

    def __init__(self, share: float, size: int) -> None:
        self._size = size
        self._most = math.floor(share * size + 1e-9)
        self._calls: deque[int] = deque(maxlen=self._most + 1)

    @classmethod
    def of(cls, breaker: Breaker, status: str) -> Window:
        """Make the empty window of a model of this status."""
        return cls(*breaker.limits(status))

    def failed(self, call: int) -> bool:
        """Note that this call failed; tell whether more failed than may, among the last ones."""
        calls = self._calls
        calls.append(call)
        return len(calls) > self._most and call - calls[0] < self._size


def opens_at(window: Window, calls: Iterable[int]) -> int | None:
    """Find the first of these failed calls, in order, at which the breaker opens."""
    return next((call for call in calls if window.failed(call)), None)


def broken(breaker: Breaker, status: str, where: str = "in this part of the input") -> Answer:
    """Make the answer for a record that a model is spared.

    Example:
        >>> print(broken(Breaker(), "draft").error)
        {"culprits":[],"message":"Not called: more than 50% of 200 calls failed in this part of the input,
        so the breaker is open.","problems":[],"type":"BreakerOpen"}
    """
    share, window = breaker.limits(status)
    message = f"Not called: more than {share * 100:.4g}% of {window:,} calls failed {where}, so the breaker is open."
    return failed(Failure(type="BreakerOpen", message=message), Outcome.SKIPPED.code)
