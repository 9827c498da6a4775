"""Values of a field at which a table's answer may change: around every bound, every word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from mlsm.runtimes.scorecard.criteria import Among, Elapsed, Events, Past, Words
from mlsm.runtimes.scorecard.criteria import Within as WithinRange
from mlsm.runtimes.scorecard.plan import Term

__all__ = ["CLOCK", "edges_of"]

CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
"""The time at which models are tried."""

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


def edges_of(kind: str, terms: Iterable[Term], *, nullable: bool) -> list[Any]:
    """Give values of a type around everything that terms compare them with, None among them.

    Args:
        kind: the field's type.
        terms: those that ask the field, or fade with it.
        nullable: whether the field may be missing.
    """
    found: list[Any] = [None] if nullable else []
    found += _PLAIN[kind]
    for term in terms:
        found += [value for value in _of_term(kind, term) if value is not None]
    seen = {repr(value): value for value in found}
    return list(seen.values())


def _of_term(kind: str, term: Term) -> Iterator[Any]:
    test = term.test
    if kind == "events":
        yield from _events(term, test if isinstance(test, Events) else Events(each=True))
    if kind in ("date", "datetime"):
        for days in _ages(kind, term):
            yield from _around(kind, _ago(kind, days))
    if term.type != kind:  # the term only fades with this field
        return
    match test:
        case WithinRange(low, high):
            for bound in [bound for bound in (low, high) if bound is not None]:
                yield from _around(kind, bound)
        case Among(values):
            for value in values:
                yield from _around(kind, value)
        case Words(words):
            yield from (shape.format(word) for word in words for shape in ("{}", "x{}x", "{}x", "x{}"))
        case _:
            return


def _fading_days(term: Term) -> list[float]:
    return [] if term.fading is None else [0.0, term.fading.days / 2, term.fading.days]


def _ages(kind: str, term: Term) -> list[float]:
    test, found = term.test, _fading_days(term)
    if isinstance(test, Past):
        return [*found, 0.0]
    if isinstance(test, Elapsed) and term.type == kind:
        found += [float(bound) for bound in (test.low, test.high) if bound is not None]
        found += [] if test.high is None else [test.high + 1.0]  # where the last of these days ends
    return found


def _ago(kind: str, days: float) -> Any:
    days = max(-100_000.0, min(float(days), 700_000.0))
    moment = CLOCK - timedelta(days=days)
    return moment.date() if kind == "date" else moment


def _around(kind: str, value: Any) -> Iterator[Any]:
    """Give a value and its neighbours, as far as there are any."""
    if kind == "float":
        yield from (value, math.nextafter(value, -math.inf), math.nextafter(value, math.inf))
    elif kind == "int":
        yield from (n for n in (value, value - 1, value + 1) if _INT_MIN <= n <= _INT_MAX)
    elif kind == "str":
        yield from (value, value.upper(), value + " ")
    elif kind in ("date", "datetime"):
        steps = (_DAY,) if kind == "date" else (_TICK, _DAY)
        for step in (-steps[-1], -steps[0], timedelta(), *steps):
            try:
                yield value + step
            except OverflowError:  # the first or the last day
                continue
    else:
        yield value


def _events(term: Term, test: Events) -> Iterator[list[dict[str, Any]]]:
    """Give lists of events: none, one, as many as are asked for, old ones and those to come."""
    where = {name: values[0] for name, values in test.where}
    window = [0.0, *_fading_days(term), *([] if test.within is None else [test.within, test.within + 1])]
    events = [{term.date: _ago("datetime", count), **where} for count in window]
    yield []
    yield from ([event] for event in events)
    yield [*events, {term.date: CLOCK + _DAY, **where}, {term.date: None, **where}]
    for number in {bound for bound in (test.low, test.high) if bound is not None and bound <= 100}:
        yield from ([events[0]] * count for count in (number, number + 1))
    if where:
        yield [{term.date: CLOCK, **dict.fromkeys(where)}]


_PLAIN: dict[str, list[Any]] = {
    "int": [0, 1, -1, 1_000_000],
    "float": [0.0, -0.0, 1.5, -1.0, 1e9],
    "bool": [True, False],
    "str": ["something else", "Äquator ß"],
    "date": [date(2000, 1, 1), CLOCK.date(), date(2030, 6, 1)],
    "datetime": [datetime.combine(date(2000, 1, 1), time(13, 5), UTC), CLOCK, CLOCK + 400 * _DAY],
    "events": [[]],
}
