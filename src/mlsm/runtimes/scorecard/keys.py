"""What may stand behind each key of a points table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, NamedTuple

from mlsm.runtimes.scorecard.table import Rule

__all__ = ["FIELD_KEYS", "GRID_KEYS", "GROUP_KEYS", "ROOT_KEYS", "RULE_KEYS", "TYPES", "Key", "UnfitError", "number_of"]

TYPES = {
    "int": "int",
    "float": "float",
    "number": "float",
    "bool": "bool",
    "str": "str",
    "text": "str",
    "date": "date",
    "datetime": "datetime",
    "events": "events",
}
"""The words for a field's type, and what each means."""

_DAYS_MAX = 1_000_000


class UnfitError(ValueError):
    """A value is not what its key wants."""


class Key(NamedTuple):
    """What a key wants, in words, and the function that reads it or raises `UnfitError`."""

    expected: str
    read: Callable[[Any], Any]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UnfitError
    if isinstance(value, int) and abs(value) > 2**53:
        raise UnfitError
    return float(value) + 0.0  # never -0.0, which a sum of nothing would show


def number_of(value: Any) -> float | None:
    """Read a number; None where it is none."""
    try:
        return _number(value)
    except UnfitError:
        return None


def _bound(value: Any) -> Any:
    """Read a number, as it is written, or a date."""
    if isinstance(value, date):
        return _scalar(value)
    _number(value)
    return value


def _positive(value: Any) -> float:
    number = _number(value)
    if number <= 0:
        raise UnfitError
    return number


def _whole(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _DAYS_MAX:
            raise UnfitError
        return value

    return read


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnfitError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise UnfitError
    return value


def _field(value: Any) -> str:
    """Read a field's name; polars would take some names for patterns of names."""
    name = _text(value)
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        raise UnfitError("no field can be called so")
    return name


def _pattern(value: Any) -> str:
    try:
        re.compile(_text(value))
    except re.error as error:
        raise UnfitError(f"it cannot be used ({error})") from error
    return str(value)


def _words(value: Any) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not words or not all(isinstance(w, str) and w for w in words):
        raise UnfitError
    return tuple(dict.fromkeys(words))


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (bool, date)):
        if getattr(value, "tzinfo", None) is not None:
            raise UnfitError
        return value
    if isinstance(value, time):
        raise UnfitError
    _number(value)
    return value


def _scalars(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise UnfitError
    items = [_scalar(item) for item in value]
    return tuple({(type(item), item): item for item in items}.values())


def _pair(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def pair(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise UnfitError
        low, high = read(value[0]), read(value[1])
        if isinstance(low, date) != isinstance(high, date) or (isinstance(low, date) and type(low) is not type(high)):
            raise UnfitError
        if low > high:
            raise UnfitError("nothing lies between them")
        return low, high

    return pair


def _where(value: Any) -> dict[str, tuple[Any, ...]]:
    if not isinstance(value, Mapping) or not value:
        raise UnfitError
    found = {}
    for name, wanted in value.items():
        items = _scalars(wanted if isinstance(wanted, (list, tuple)) else [wanted])
        if not _text(name) or len({_sort(item) for item in items}) > 1 or isinstance(items[0], date):
            raise UnfitError
        found[name] = items
    return found


def _sort(value: Any) -> str:
    return "float" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def _criteria(value: Any) -> tuple[Rule, ...]:
    """Read further criteria of a rule: a field and what is asked of it, each in a table of its own."""
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(one, Mapping) for one in value):
        raise UnfitError
    found = []
    for one in value:
        read = {}
        for name, given in one.items():
            if name not in _OF_CRITERION:
                raise UnfitError(f"{name!r} is none of {', '.join(_OF_CRITERION)}")
            try:
                read[name] = RULE_KEYS[name].read(given)
            except UnfitError as error:
                raise UnfitError(str(error) or f"{name} = {given!r} is not {RULE_KEYS[name].expected}") from error
        if "field" not in read or len(read) == 1:
            raise UnfitError(f"{dict(one)} names no field, or asks nothing of it")
        found.append(Rule(points=0.0, **read))
    return tuple(found)


def _type(value: Any) -> str:
    if value not in TYPES:
        raise UnfitError
    return TYPES[value]


def _two(value: Any) -> tuple[str, str]:
    if not isinstance(value, (list, tuple)) or len(value) != 2 or value[0] == value[1]:
        raise UnfitError
    return _text(value[0]), _text(value[1])


def _names(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise UnfitError
    return {_text(name): _text(label) for name, label in value.items()}


_NUMBER = Key("a number", _number)
_BOUND = Key("a number or a date", _bound)
_POSITIVE = Key("a number of days above 0", _positive)
_FLAG = Key("true or false", _flag)
_TEXT = Key("text", _text)
_WORDS = Key("text, or a list of texts", _words)
_SCALARS = Key("a list of values, none of them empty", _scalars)
_TIMES = Key("a whole number, 0 or more", _whole(0))
_CRITERIA = Key('a list of criteria, such as [{ field = "employees", at_least = 500 }]', _criteria)
_DAYS = Key("a whole number of days", _whole(-_DAYS_MAX))

ROOT_KEYS = {"baseline": _NUMBER, "cap": _NUMBER, "floor": _NUMBER, "ignore_case": _FLAG}
GROUP_KEYS = {
    "weight": _NUMBER,
    "cap": _NUMBER,
    "floor": _NUMBER,
    "half_life": _POSITIVE,
    "fades_over": _POSITIVE,
}
FIELD_KEYS = {
    "type": Key("one of " + ", ".join(TYPES), _type),
    "required": _FLAG,
    "date": Key("the name of the member that holds each event's time", _text),
}
GRID_KEYS = {"of": Key("the names of two groups", _two), "names": Key("labels by cell", _names)}
RULE_KEYS = {
    "field": Key("the name of a field", _field),
    "points": _NUMBER,
    "group": _TEXT,
    "text": _TEXT,
    "equals": Key("text, a number, true or false, or a date", _scalar),
    "one_of": _SCALARS,
    "none_of": _SCALARS,
    "contains": _WORDS,
    "starts_with": _WORDS,
    "ends_with": _WORDS,
    "matches": Key("a regular expression as Python writes them", _pattern),
    "ignore_case": _FLAG,
    "at_least": _BOUND,
    "at_most": _BOUND,
    "above": _BOUND,
    "below": _BOUND,
    "between": Key("two numbers or two dates, the lesser first", _pair(_bound)),
    "is_empty": _FLAG,
    "days_since_at_least": _DAYS,
    "days_since_at_most": _TIMES,
    "days_since_between": Key("two whole numbers of days, the lesser first", _pair(_whole(-_DAYS_MAX))),
    "within_days": Key("a whole number of days, 1 or more", _whole(1)),
    "times_at_least": _TIMES,
    "times_at_most": _TIMES,
    "times_between": Key("two whole numbers, the lesser first", _pair(_whole(0))),
    "each": _FLAG,
    "max_points": _NUMBER,
    "where": Key("a member's name with a value or a list of them", _where),
    "half_life": _POSITIVE,
    "fades_over": _POSITIVE,
    "since": Key("the name of a field that holds a date", _field),
    "on_top": _FLAG,
    "all": _CRITERIA,
    "any": _CRITERIA,
}
_OF_CRITERION = (
    "field", "equals", "one_of", "none_of", "contains", "starts_with", "ends_with", "matches", "ignore_case",
    "at_least", "at_most", "above", "below", "between", "is_empty",
    "days_since_at_least", "days_since_at_most", "days_since_between",
    "times_at_least", "times_at_most", "times_between", "within_days", "where",
)  # fmt: skip
