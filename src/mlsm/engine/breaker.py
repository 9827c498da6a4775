"""A model that keeps failing is no longer called, so that its failures cost nothing more.

A window slides over the calls, and it is looked at where a call failed, never where one went
well: a model that does not fail pays nothing. What it comes to depends on the records and
their order alone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock

from mlsm._model import Breaker
from mlsm._result import Failure, Outcome
from mlsm.engine.answers import Answer, failed

__all__ = ["FAILURES", "Circuits", "Window", "broken", "opens_at"]

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


class Circuits:
    """The breakers of a catalog whose records are scored one by one, for as long as it is kept.

    Their windows count the records that the catalog was asked about. All times are those of
    the scoring, and nothing waits: whoever comes after the cool-down calls once and finds out.

    Example:
        >>> from datetime import UTC
        >>> circuits, breaker, now = Circuits(), Breaker(window=2, cooldown=30), datetime(2026, 11, 22, tzinfo=UTC)
        >>> for _ in range(2):
        ...     circuits.records += 1
        ...     circuits.failed(0, breaker, "active", now)
        >>> circuits.bars(0, breaker, now), circuits.bars(0, breaker, now + timedelta(seconds=31))
        (True, False)
    """

    __slots__ = ("_lock", "_windows", "opened", "records")

    def __init__(self) -> None:
        self.records = 0
        self.opened: dict[int, datetime] = {}
        self._windows: dict[int, Window] = {}
        self._lock = Lock()

    def failed(self, place: int, breaker: Breaker, status: str, now: datetime) -> None:
        """Note that the model at a place failed now; it may open its breaker."""
        with self._lock:
            window = self._windows.setdefault(place, Window.of(breaker, status))
            if window.failed(self.records):
                self.opened.setdefault(place, now)

    def bars(self, place: int, breaker: Breaker, now: datetime) -> bool:
        """Tell whether the model is not to be called; after the cool-down one caller may."""
        with self._lock:
            opened = self.opened.get(place)
            if opened is None:
                return False
            if opened <= now < opened + timedelta(seconds=breaker.cooldown):  # a clock that was set back ends it
                return True
            self.opened[place] = now  # until this one call tells, it is open for all others
            return False

    def well(self, place: int) -> None:
        """Close the breaker: a call went well."""
        with self._lock:
            self.opened.pop(place, None)
            self._windows.pop(place, None)


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
