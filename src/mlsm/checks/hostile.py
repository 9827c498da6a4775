"""Values at the edges of a kind and beyond them, each with a word for what it is.

Whether a value satisfies its field is not said here: that is asked of the field itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeAlias

from mlsm._fields import Kind
from mlsm.checks.pattern import example_of
from mlsm.checks.typical import raw_value

__all__ = ["Hostile", "hostile_values"]

Hostile: TypeAlias = tuple[str, Any]
"""What a value is, in words, and the value."""

_EXAMPLES = 5
_LONG_TEXT = 5_000
_LONG_LIST = 500
_BEYOND_FLOAT = 10**400


def hostile_values(kind: Kind) -> Iterator[Hostile]:
    """Yield values that a model of this kind of field could meet, the worst ones too.

    Example:
        >>> from mlsm._fields import Kind
        >>> dict(hostile_values(Kind(name="int", ge=1)))["below the least"]
        0
    """
    yield from _of_any_kind()
    yield from _MAKERS[kind.name](kind)


def _of_any_kind() -> Iterator[Hostile]:
    yield "null", None
    yield "empty text", ""
    yield "blank text", " \t "
    yield "NaN", math.nan
    yield "infinite", math.inf
    yield "a flag", True
    yield "the number one", 1
    yield "a fraction", 0.5
    yield "text of another kind", "not of this kind"
    yield "a list", [1]
    yield "an object", {"x": 1}
    yield "bytes", b"bytes"
    yield "broken Unicode", "broken \ud800"
    yield "deeply nested", _nested(20)


def _nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [{"in": value}]
    return value


def _bounds(kind: Kind, step: Callable[[float, float], Any]) -> Iterator[Hostile]:
    """Give the values at each bound and one step to either side."""
    for bound in {b for b in (kind.ge, kind.gt) if b is not None}:
        yield "the least", step(bound, 0)
        yield "just above the least", step(bound, 1)
        yield "below the least", step(bound, -1)
    for bound in {b for b in (kind.le, kind.lt) if b is not None}:
        yield "the greatest", step(bound, 0)
        yield "just below the greatest", step(bound, -1)
        yield "above the greatest", step(bound, 1)


def _ints(kind: Kind) -> Iterator[Hostile]:
    yield from _bounds(kind, lambda bound, by: math.floor(bound) + int(by))
    yield from (
        ("zero", 0),
        ("minus one", -1),
        ("a hundred", 100),
        ("a million", 10**6),
        ("beyond exact floats", 2**53 + 1),
        ("the greatest of 64 bits", 2**63 - 1),
        ("the least of 64 bits", -(2**63)),
        ("beyond 64 bits", 2**63),
        ("huge", 10**30),
    )
    yield "an integral float", 12.0
    yield "an integral decimal", Decimal("12.00")
    yield "a number as text", " +0012.0 "
    yield "a fraction as text", "1.5"
    yield "digits that are not ASCII", "\u0661\u0662"


def _floats(kind: Kind) -> Iterator[Hostile]:
    yield from _bounds(
        kind, lambda bound, by: math.nextafter(bound, math.copysign(math.inf, by)) if by else float(bound)
    )
    yield from (
        ("zero", 0.0),
        ("minus zero", -0.0),
        ("negative", -1.5),
        ("tiny", 5e-324),
        ("a million", 1e6),
        ("huge", 1e308),
        ("hugely negative", -1e308),
        ("an int", 7),
        ("beyond floats", _BEYOND_FLOAT),
        ("a decimal", Decimal("0.1")),
    )
    yield "a number as text", " -1.5e3 "
    yield "infinite as text", "inf"
    yield "NaN as text", "nan"
    yield "beyond floats as text", "1e999"


def _bools(kind: Kind) -> Iterator[Hostile]:  # noqa: ARG001 - one shape for all makers
    yield "true", True
    yield "false", False
    yield "a word", "TRUE"
    yield "zero", 0
    yield "zero as text", "0"
    yield "the number two", 2
    yield "an unknown word", "perhaps"


def _texts(kind: Kind) -> Iterator[Hostile]:
    for what, length in (("the shortest", kind.min_length), ("the longest", kind.max_length)):
        if length is not None:
            yield f"{what} text", "x" * length
            yield f"shorter than {what} text", "x" * (length - 1)
            yield f"longer than {what} text", "x" * (length + 1)
    for seed in range(_EXAMPLES if kind.pattern is not None else 0):
        yield "text made from the pattern", example_of(kind.pattern or "", seed)
    yield from (
        ("one letter", "x"),
        ("one digit", "7"),
        ("accented text", "Ünïcödé Straße"),
        ("text beyond Latin", "株式会社 Ελλάδα Россия"),
        ("right-to-left text", "שלום عليكم"),
        ("an emoji", "👩‍🚀 🦄"),
        ("letters that change length in another case", "İıŉǰ"),
        ("combining marks", "e\u0301\u0301"),
        ("upper case", "UPPER CASE"),
        ("text with white space around", "  padded  "),
        ("lines and tabs", "one\ntwo\tthree\r\n"),
        ("quotes and braces", "'\"`{0} %s \\"),
        ("text like null", "null"),
        ("text like a number", "-1e5"),
        ("punctuation only", "-"),
        ("several words", "one two three four five"),
        ("long text", "long " * (_LONG_TEXT // 5)),
    )
    yield "a number", 42
    yield "a huge number", 10**30


def _dates(kind: Kind) -> Iterator[Hostile]:  # noqa: ARG001 - one shape for all makers
    for what, day in (
        ("the first date there is", date.min),
        ("the last date there is", date.max),
        ("the epoch", date(1970, 1, 1)),
        ("before the epoch", date(1900, 2, 28)),
        ("a leap day", date(2024, 2, 29)),
        ("a date far ahead", date(2999, 12, 31)),
    ):
        yield what, day
        yield f"{what}, as text", day.isoformat()
    yield "a date that is none", "2023-02-29"
    yield "a month that is none", "2023-13-01"
    yield "a midnight", datetime(2024, 1, 1, tzinfo=UTC)
    yield "a time of day", datetime(2024, 1, 1, 12, 30, tzinfo=UTC)


def _datetimes(kind: Kind) -> Iterator[Hostile]:
    yield from _dates(kind)
    yield from (
        ("the first moment there is", datetime.min.replace(tzinfo=UTC)),
        ("the last moment there is", datetime.max.replace(tzinfo=UTC)),
        ("a moment without zone", datetime(2024, 1, 1, 12, 30)),  # noqa: DTZ001 - the point of it
        ("a moment of another zone", datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    )
    yield "before the first moment in UTC", "0001-01-01T00:00:00+14:00"
    yield "a leap second", "2016-12-31T23:59:60"


def _literals(kind: Kind) -> Iterator[Hostile]:
    for value in kind.values:
        yield "a listed value", value
    for value in kind.values:
        if isinstance(value, str):
            yield "a listed value in another case", value.swapcase()
            yield "a listed value with white space", f" {value} "
    yield "a value that is not listed", "none of those listed"


def _lists(kind: Kind) -> Iterator[Hostile]:
    item = kind.item or Kind(name="str")
    typical = raw_value(item, 1)
    for what, length in (("the shortest", kind.min_length), ("the longest", kind.max_length)):
        if length is not None:
            yield f"{what} list", [typical] * length
            yield f"shorter than {what} list", [typical] * max(0, length - 1)
            yield f"longer than {what} list", [typical] * (length + 1)
    yield "an empty list", []
    yield "a list as text", "[]"
    yield "one item", [typical]
    yield "one item twice", [typical, typical]
    yield "a long list", [typical] * _LONG_LIST
    for what, value in hostile_values(item):
        yield f"a list with {what}", [value] if typical is None else [typical, value]


def _objects(kind: Kind) -> Iterator[Hostile]:
    typical = raw_value(kind, 1)
    base: Mapping[str, Any] = typical if isinstance(typical, dict) else {}
    yield "an empty object", {}
    yield "an object as text", "{}"
    yield "an object with a key too many", {**base, "one too many": 1}
    if kind.members is None:
        for what, value in hostile_values(kind.item) if kind.item is not None else ():
            yield f"an object with {what}", {**base, "another": value}
        yield "an object with an empty key", {"": next(iter(base.values()), None)}
        return
    for member in kind.members:
        yield f"{member.column} missing", {name: value for name, value in base.items() if name != member.column}
        for what, value in hostile_values(member.kind):
            yield f"{member.column} {what}", {**base, member.column: value}


_MAKERS: dict[str, Callable[[Kind], Iterator[Hostile]]] = {
    "int": _ints,
    "float": _floats,
    "bool": _bools,
    "str": _texts,
    "date": _dates,
    "datetime": _datetimes,
    "literal": _literals,
    "list": _lists,
    "object": _objects,
}
