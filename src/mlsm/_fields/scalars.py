"""The coercion table's scalars: how a raw value that is there becomes a number, a date, text."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

from mlsm._fields.kinds import BLANKS, UNSET, Kind, Reading
from mlsm._fields.problems import UnreadableError

__all__ = ["INT_MAX", "INT_MIN", "cast_of", "check_of", "plain_range"]

_Cast: TypeAlias = Callable[[Any], Any]

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
_INT = re.compile(r"[+-]?[0-9]+(?:\.0*)?\Z")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
)
_DIGITS_MAX = 400
"""Longer text is no number; Python refuses to read integers of over 4,300 digits."""


def cast_of(kind: Kind, reading: Reading) -> _Cast:
    """Give the function that reads a scalar, or raises `UnreadableError`."""
    if kind.name == "literal":
        return _literal_cast(kind, reading)
    casts: dict[str, Callable[[Reading], _Cast]] = {
        "int": _int_cast,
        "float": _float_cast,
        "bool": _bool_cast,
        "str": _str_cast,
        "date": _date_cast,
        "datetime": _datetime_cast,
    }
    return casts[kind.name](reading)


def _plain(value: Any) -> Any:
    """Turn a scalar of numpy or of its like into Python's own."""
    if getattr(value, "ndim", None) != 0 or not hasattr(value, "item"):
        return value
    if getattr(value.dtype, "kind", None) == "M":
        value = value.astype("datetime64[us]")  # nanoseconds would become an int
    return value.item()


def _number_text(text: str, pattern: re.Pattern[str], decimal: str) -> str:
    text = text.strip(BLANKS)
    if decimal != ".":
        if "." in text:
            raise UnreadableError
        text = text.replace(decimal, ".")
    if len(text) > _DIGITS_MAX or not pattern.match(text):
        raise UnreadableError
    return text


def _int_cast(reading: Reading) -> _Cast:
    decimal = reading.decimal

    def cast(value: Any) -> int:
        if type(value) is not int:
            value = _plain(value)
            if isinstance(value, bool):
                raise UnreadableError
            if isinstance(value, str):
                value = int(_number_text(value, _INT, decimal).partition(".")[0])
            elif isinstance(value, (float, Decimal)):
                if not math.isfinite(value) or value != int(value):
                    raise UnreadableError("not a whole number")
                value = int(value)
            elif isinstance(value, int):
                value = int(value)
            else:
                raise UnreadableError
        if not INT_MIN <= value <= INT_MAX:
            raise UnreadableError("beyond 64 bits")
        return value  # type: ignore[no-any-return]  # narrowed above

    return cast


def _float_cast(reading: Reading) -> _Cast:
    decimal = reading.decimal

    def cast(value: Any) -> float:
        if type(value) is not float:
            value = _plain(value)
            if isinstance(value, bool):
                raise UnreadableError
            if isinstance(value, str):
                value = float(_number_text(value, _FLOAT, decimal))
            elif isinstance(value, (int, float, Decimal)):
                try:
                    value = float(value)
                except OverflowError:
                    raise UnreadableError("too large") from None
            else:
                raise UnreadableError
        if not math.isfinite(value):
            raise UnreadableError("not finite")
        return value  # type: ignore[no-any-return]  # narrowed above

    return cast


def _bool_cast(reading: Reading) -> _Cast:
    words = {word.lower(): True for word in ("true", *reading.true)}
    words |= {word.lower(): False for word in ("false", *reading.false)}
    number = _int_cast(reading)

    def cast(value: Any) -> bool:
        value = _plain(value)
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            word = words.get(value.strip(BLANKS).lower())
            if word is not None:
                return word
        digit: int = number(value)
        if digit not in (0, 1):
            raise UnreadableError
        return digit == 1

    return cast


def _str_cast(reading: Reading) -> _Cast:  # noqa: ARG001 - one shape for all casts
    def cast(value: Any) -> str:
        if type(value) is not str:
            value = _plain(value)
            if isinstance(value, str):
                value = str.__str__(value)
            elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_DIGITS_MAX:
                return str(int(value))
            else:
                raise UnreadableError
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise UnreadableError("not valid Unicode") from None
        return value  # type: ignore[no-any-return]  # narrowed above

    return cast


def _moment(text: str, formats: tuple[str, ...]) -> datetime:
    text = text.strip(BLANKS)
    try:
        if _ISO.match(text):
            return datetime.fromisoformat(text)
        for declared in formats:
            try:
                return datetime.strptime(text, declared)  # noqa: DTZ007 - a naive time is UTC, by the table
            except ValueError:
                continue
    except ValueError:
        raise UnreadableError("no such date") from None
    raise UnreadableError("not a date")


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC, fold=0)
    try:
        found = value.astimezone(UTC)
        return found.replace(fold=0) if found.fold else found  # in UTC no time occurs twice
    except OverflowError:
        raise UnreadableError("out of range") from None


def _own(value: datetime) -> datetime:
    """Rebuild a datetime of a subclass (pandas has one) as Python's own."""
    if type(value) is datetime:
        return value
    parts = (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
    return datetime(*parts, tzinfo=value.tzinfo, fold=value.fold)


def _date_cast(reading: Reading) -> _Cast:
    formats = reading.date_formats

    def cast(value: Any) -> date:
        value = _plain(value)
        if isinstance(value, str):
            value = _moment(value, formats)
        if isinstance(value, datetime):
            value = _utc(_own(value))
            if value.timetz() != time(tzinfo=UTC):
                raise UnreadableError("has a time of day")
            return value.date()  # type: ignore[no-any-return]  # a datetime's date
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        raise UnreadableError

    return cast


def _datetime_cast(reading: Reading) -> _Cast:
    formats = reading.date_formats

    def cast(value: Any) -> datetime:
        value = _plain(value)
        if isinstance(value, str):
            value = _moment(value, formats)
        if isinstance(value, datetime):
            return _utc(_own(value))
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        raise UnreadableError

    return cast


def _literal_cast(kind: Kind, reading: Reading) -> _Cast:
    texts: dict[Any, Any] = {value: value for value in kind.values if isinstance(value, str)}
    numbers: dict[Any, Any] = {value: value for value in kind.values if isinstance(value, int)}
    as_text, as_number = _str_cast(reading), _int_cast(reading)

    def cast(value: Any) -> Any:
        for members, read in ((texts, as_text), (numbers, as_number)):
            if not members:
                continue
            try:
                key = read(value)
            except UnreadableError:
                continue
            found = members.get(key, UNSET)
            if found is UNSET and isinstance(key, str):
                found = members.get(key.strip(BLANKS), UNSET)
            if found is not UNSET:
                return found
        raise UnreadableError("not one of those listed")

    return cast


def check_of(kind: Kind) -> Callable[[Any], None]:
    """Give the function that checks the constraints, or raises `UnreadableError`."""
    if kind.name in ("int", "float"):
        low = (kind.ge if kind.ge is not None else -math.inf, kind.gt if kind.gt is not None else -math.inf)
        high = (kind.le if kind.le is not None else math.inf, kind.lt if kind.lt is not None else math.inf)
        open_low, open_high = kind.gt is not None, kind.lt is not None

        def check_bounds(value: Any) -> None:
            if value < low[0] or value > high[0]:
                raise UnreadableError("out of range")
            if (open_low and value <= low[1]) or (open_high and value >= high[1]):
                raise UnreadableError("out of range")

        return check_bounds
    pattern = None if kind.pattern is None else re.compile(kind.pattern)
    shortest = kind.min_length or 0
    longest = math.inf if kind.max_length is None else kind.max_length

    def check_length(value: Any) -> None:
        if not shortest <= len(value) <= longest:
            raise UnreadableError("too short" if len(value) < shortest else "too long")
        if pattern is not None and not pattern.search(value):
            raise UnreadableError("does not match")

    return check_length


def plain_range(kind: Kind) -> tuple[type | None, Any, Any]:
    """Give the type whose values within a closed range need no further look."""
    if kind.name == "bool":
        return bool, False, True
    if kind.name not in ("int", "float"):
        return None, None, None
    whole = kind.name == "int"
    low: float = INT_MIN if whole else -sys.float_info.max
    high: float = INT_MAX if whole else sys.float_info.max
    for bound in (kind.ge, kind.gt):
        low = low if bound is None else max(low, math.ceil(bound) if whole else bound)
    for bound in (kind.le, kind.lt):
        high = high if bound is None else min(high, math.floor(bound) if whole else bound)
    if kind.gt == low:
        low = low + 1 if whole else math.nextafter(low, math.inf)
    if kind.lt == high:
        high = high - 1 if whole else math.nextafter(high, -math.inf)
    return (int if whole else float), low, high
