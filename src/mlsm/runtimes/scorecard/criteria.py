"""What a rule asks, in the terms of its field's type: the one meaning that is compiled twice."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

import msgspec

from mlsm.runtimes.scorecard.rules import TEXT, family_of
from mlsm.runtimes.scorecard.table import Rule

__all__ = [
    "Among",
    "Elapsed",
    "Empty",
    "Events",
    "Matching",
    "Past",
    "Test",
    "UnsuitedError",
    "Within",
    "Words",
    "test_of",
]

_DAY = timedelta(days=1)
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


class UnsuitedError(ValueError):
    """A criterion does not suit the type of its field; the text is the rest of a sentence."""


class Among(msgspec.Struct, frozen=True, tag=True):
    """Be one of some values, or none of them; `folded` compares without regard to case."""

    values: tuple[Any, ...]
    negated: bool = False
    folded: bool = False


class Words(msgspec.Struct, frozen=True, tag=True):
    """Hold one of some words: anywhere, at the start or at the end."""

    words: tuple[str, ...]
    place: str
    folded: bool = False


class Matching(msgspec.Struct, frozen=True, tag=True):
    """Hold what a regular expression of Python finds."""

    pattern: str


class Within(msgspec.Struct, frozen=True, tag=True):
    """Lie in a range; a bound that is None is no bound, an open one does not belong to it."""

    low: Any = None
    high: Any = None
    open_low: bool = False
    open_high: bool = False


class Elapsed(msgspec.Struct, frozen=True, tag=True):
    """Have been so many whole days ago, both bounds included; None is no bound."""

    low: int | None = None
    high: int | None = None


class Empty(msgspec.Struct, frozen=True, tag=True):
    """Be missing, or be there."""

    empty: bool


class Past(msgspec.Struct, frozen=True, tag=True):
    """Be there, as a date that is not after the clock."""


class Events(msgspec.Struct, frozen=True, tag=True):
    """Have happened: events not after the clock, within a window, with some members' values.

    Where `each` is true every one of them counts; otherwise their number lies in a range.
    """

    each: bool
    within: int | None = None
    where: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    low: int | None = None
    high: int | None = None


Test: TypeAlias = Among | Words | Matching | Within | Elapsed | Empty | Past | Events


def test_of(rule: Rule, kind: str, *, ignore_case: bool) -> Test:
    """Read a rule's criterion for a field of a type.

    Args:
        rule: the rule.
        kind: the field's type, as in `Declared`.
        ignore_case: what holds where the rule does not say so.

    Raises:
        UnsuitedError: the two do not go together.
    """
    family = family_of(rule)
    if family == "is_empty":
        return Empty(bool(rule.is_empty))
    if family == "events" or kind == "events":
        return _events(rule, kind, family)
    if family in ("equals", "one_of", "none_of", *TEXT):
        folded = kind == "str" and (ignore_case if rule.ignore_case is None else rule.ignore_case)
        return _text(rule, kind, family, folded) if family in TEXT else _among(rule, kind, folded)
    return _range(rule, kind) if family == "range" else _elapsed(rule, kind, family)


def _elapsed(rule: Rule, kind: str, family: str | None) -> Test:
    if kind not in ("date", "datetime"):
        if family is None and rule.since is not None:
            return Empty(empty=False)
        raise UnsuitedError(f"asks for days since it, but it is {kind}; expected a date.")
    if family is None:
        return Past() if rule.since is None else Empty(empty=False)
    low, high = rule.days_since_between or (rule.days_since_at_least, rule.days_since_at_most)
    if low is None and high is not None:
        low = 0  # what lies ahead is no past
    return Elapsed(low, high)


def _events(rule: Rule, kind: str, family: str | None) -> Events:
    if kind != "events":
        raise UnsuitedError(f"counts events, but it is {kind}; expected a list of events.")
    if family != "events":
        raise UnsuitedError("has a criterion that is none for a list of events; expected each, or times_at_least.")
    low, high = rule.times_between or (rule.times_at_least, rule.times_at_most)
    where = tuple((name, tuple(map(_plain, values))) for name, values in (rule.where or {}).items())
    return Events(each=bool(rule.each), within=rule.within_days, where=where, low=low, high=high)


def _plain(value: Any) -> Any:
    """Give a member's value as the member's type has it: numbers are floats."""
    return value if isinstance(value, (bool, str)) else float(value)


def _among(rule: Rule, kind: str, folded: bool) -> Among:
    given = rule.one_of or rule.none_of or (rule.equals,)
    values = [_value(value, kind) for value in given]
    if folded:
        values = [value.casefold() for value in values]
    return Among(tuple(dict.fromkeys(values)), negated=rule.none_of is not None, folded=folded)


def _value(value: Any, kind: str) -> Any:
    """Read a value of a table as one of the field's type."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "float" and number:
        return float(value) + 0.0
    if kind == "int" and number and value == int(value):
        return _within_64_bits(int(value))
    if type(value) is {"str": str, "bool": bool, "date": date}.get(kind):
        return value
    hint = " A moment is compared by a range, such as between." if kind == "datetime" else ""
    raise UnsuitedError(f"is compared with {value!r}, but it is {kind}.{hint}")


def _text(rule: Rule, kind: str, family: str, folded: bool) -> Words | Matching:
    if kind != "str":
        raise UnsuitedError(f"is asked as text ({family}), but it is {kind}.")
    if rule.matches is not None:
        return Matching(rule.matches)
    words: tuple[str, ...] = getattr(rule, family)
    return Words(tuple(word.casefold() for word in words) if folded else words, family, folded)


def _range(rule: Rule, kind: str) -> Within:
    low: Any
    high: Any
    if rule.between is not None:
        low, high, open_low, open_high = *rule.between, False, False
    else:
        low = rule.above if rule.at_least is None else rule.at_least
        high = rule.below if rule.at_most is None else rule.at_most
        open_low, open_high = rule.above is not None, rule.below is not None
    dates = any(isinstance(bound, date) for bound in (low, high))
    if kind not in (("date", "datetime") if dates else ("int", "float")):
        raise UnsuitedError(f"is compared with {'a date' if dates else 'a number'}, but it is {kind}.")
    if dates:
        return _moments(low, high, open_low, open_high, kind)
    if kind == "float":
        return Within(_float(low), _float(high), open_low, open_high)
    return _wholes(low, high, open_low, open_high)


def _float(bound: Any) -> float | None:
    return None if bound is None else float(bound) + 0.0


def _wholes(low: Any, high: Any, open_low: bool, open_high: bool) -> Within:
    """Close a range of whole numbers at whole numbers: no number is then compared across types."""
    if low is not None:
        low = math.floor(low) + 1 if open_low else math.ceil(low)
    if high is not None:
        high = math.ceil(high) - 1 if open_high else math.floor(high)
    return Within(_within_64_bits(low), _within_64_bits(high))


def _within_64_bits(value: int | None) -> int | None:
    if value is not None and not _INT_MIN <= value <= _INT_MAX:
        raise UnsuitedError(f"is compared with {value:.3g}, but it is int, which has 64 bits.")
    return value


def _moments(low: Any, high: Any, open_low: bool, open_high: bool, kind: str) -> Within:
    """Bound dates by dates and moments by moments; a day, as a bound of moments, is all of it."""
    if kind == "date":
        if any(isinstance(bound, datetime) for bound in (low, high)):
            raise UnsuitedError("is compared with a time of day, but it is date.")
        return Within(low, high, open_low, open_high)
    if low is not None and not isinstance(low, datetime):
        low, open_low = _midnight(low, after=open_low), False
    if high is not None and not isinstance(high, datetime):
        high, open_high = _midnight(high, after=not open_high), True
    low, high = (None if bound is None else bound.replace(tzinfo=UTC) for bound in (low, high))
    return Within(low, high, open_low, open_high)


def _midnight(day: date, *, after: bool) -> datetime:
    if after and day == date.max:
        raise UnsuitedError(f"is compared with {day}, after which there is no day.")
    return datetime.combine(day, time(), UTC) + (_DAY if after else timedelta())
