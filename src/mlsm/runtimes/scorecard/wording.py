"""What a criterion says, in words for reasons and warnings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlsm.runtimes.scorecard.criteria import Among, Elapsed, Empty, Events, Matching, Test, Within, Words

__all__ = ["range_of", "text_of"]

_PLACES = {"contains": "contains", "starts_with": "begins with", "ends_with": "ends with"}


def text_of(field: str, test: Test) -> str:  # noqa: PLR0911 - one a kind of test
    """Say what a criterion asks of a field.

    Example:
        >>> text_of("employees", Within(low=500.0))
        'employees is at least 500'
    """
    match test:
        case Among(values, negated, _):
            return f"{field} is {'not ' if negated else ''}{_any_of(values)}"
        case Words(words, place, _):
            return f"{field} {_PLACES[place]} {_any_of(words)}"
        case Matching(pattern):
            return f"{field} matches {pattern}"
        case Within():
            return f"{field} is {range_of(test)}"
        case Elapsed(low, high):
            return f"{field} is {_span(low, high)} days ago"
        case Empty(empty):
            return f"{field} is {'empty' if empty else 'known'}"
        case Events():
            return _events(field, test)
        case _:
            return f"{field} lies in the past"


def range_of(test: Within) -> str:
    """Say where a range begins and ends."""
    low, high = _shown(test.low), _shown(test.high)
    above, below = "above" if test.open_low else "at least", "below" if test.open_high else "at most"
    if test.low is None:
        return f"{below} {high}"
    if test.high is None:
        return f"{above} {low}"
    if not test.open_low and not test.open_high:
        if test.low == test.high:
            return low
        return f"between {low} and {high}"
    return f"{above} {low} and {below} {high}"


def _events(field: str, test: Events) -> str:
    where = "".join(f" with {name} {_any_of(values)}" for name, values in test.where)
    window = "" if test.within is None else f" within {test.within} days"
    times = "each of" if test.each else f"{_span(test.low, test.high)} times"
    return f"{times} {field}{where}{window}"


def _span(low: int | None, high: int | None) -> str:
    if low is None or (low == 0 and high is not None and high > 0):
        return f"at most {high}"
    if high is None:
        return f"at least {low}"
    return str(low) if low == high else f"{low} to {high}"


def _any_of(values: Iterable[Any]) -> str:
    shown = [_shown(value) for value in values]
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)
