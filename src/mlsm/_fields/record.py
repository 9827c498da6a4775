"""The coercion table, for one value at a time. Its other half is `engine.columns`."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from mlsm._fields.declare import Field
from mlsm._fields.kinds import BLANKS, UNSET, Kind, Reading
from mlsm._result import Problem

__all__ = ["INT_MAX", "INT_MIN", "FieldReader", "field_reader", "is_missing"]

FieldReader: TypeAlias = Callable[[Any, list[Problem]], Any]
"""Reads one raw value; appends what is wrong to the list, and then returns None."""

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
_SHOWN_MAX = 80


class _UnreadableError(Exception):
    """A value that its kind does not take; never leaves this module."""

    def __init__(self, problem: str = "wrong type") -> None:
        super().__init__(problem)
        self.problem = problem


def field_reader(field: Field, reading: Reading) -> FieldReader:
    """Compile a field into a function that reads one raw value.

    Example:
        >>> from mlsm._fields import fields_of_mapping
        >>> read = field_reader(fields_of_mapping({"age": int})["age"], Reading())
        >>> problems = []
        >>> read(" 42 ", problems), read("x", problems), [str(problem) for problem in problems]
        (42, None, ["age: wrong type, expected int, got 'x'"])
    """
    return _reader(field.kind, field.column, field.nullable, field.default, reading)


def _reader(kind: Kind, path: str, nullable: bool, default: Any, reading: Reading) -> FieldReader:
    if kind.name in ("list", "object"):
        return _container_reader(kind, path, nullable, default, reading)
    cast = _cast(kind, reading)
    check = _check(kind) if kind.constrained else None
    null = reading.null
    plain, low, high = _plain_range(kind)

    def read(value: Any, problems: list[Problem]) -> Any:
        if type(value) is plain and low <= value <= high:
            return value
        if is_missing(value, null):
            if nullable:
                return default
            problems.append(_missing(path, kind))
            return None
        try:
            result = cast(value)
            if check is not None:
                check(result)
        except _UnreadableError as error:
            problems.append(_problem(path, kind, error.problem, value))
            return None
        return result

    return read


def _plain_range(kind: Kind) -> tuple[type | None, Any, Any]:
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


def is_missing(value: Any, null: frozenset[str]) -> bool:
    """Tell whether a raw value counts as missing."""
    if value is None or value is UNSET:
        return True
    if isinstance(value, str):
        if not value or value[0] in BLANKS or value[-1] in BLANKS:
            value = value.strip(BLANKS)
        return not value or value in null
    if isinstance(value, (float, Decimal, datetime)):
        return bool(value != value)  # noqa: PLR0124 - NaN and NaT differ from themselves
    return bool(type(value).__name__ == "NAType")


def _missing(path: str, kind: Kind) -> Problem:
    return Problem(path=path, problem="missing", expected=str(kind), got="nothing")


def _problem(path: str, kind: Kind, problem: str, value: Any) -> Problem:
    try:
        got = repr(value[:_SHOWN_MAX] if isinstance(value, str) else value)
    except Exception as error:  # noqa: BLE001 - a stranger's __repr__ must not hide the problem
        got = f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    if len(got) > _SHOWN_MAX:
        got = got[:_SHOWN_MAX] + "…"
    return Problem(path=path, problem=problem, expected=str(kind), got=got)


def _cast(kind: Kind, reading: Reading) -> _Cast:
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
    return value.item() if hasattr(value, "dtype") and hasattr(value, "item") else value


def _number_text(text: str, pattern: re.Pattern[str], decimal: str) -> str:
    text = text.strip(BLANKS)
    if decimal != ".":
        if "." in text:
            raise _UnreadableError
        text = text.replace(decimal, ".")
    if len(text) > _DIGITS_MAX or not pattern.match(text):
        raise _UnreadableError
    return text


def _int_cast(reading: Reading) -> _Cast:
    decimal = reading.decimal

    def cast(value: Any) -> int:
        if type(value) is not int:
            value = _plain(value)
            if isinstance(value, bool):
                raise _UnreadableError
            if isinstance(value, str):
                value = int(_number_text(value, _INT, decimal).partition(".")[0])
            elif isinstance(value, (float, Decimal)):
                if not math.isfinite(value) or value != int(value):
                    raise _UnreadableError("not a whole number")
                value = int(value)
            elif isinstance(value, int):
                value = int(value)
            else:
                raise _UnreadableError
        if not INT_MIN <= value <= INT_MAX:
            raise _UnreadableError("beyond 64 bits")
        return value  # type: ignore[no-any-return]  # narrowed above

    return cast


def _float_cast(reading: Reading) -> _Cast:
    decimal = reading.decimal

    def cast(value: Any) -> float:
        if type(value) is not float:
            value = _plain(value)
            if isinstance(value, bool):
                raise _UnreadableError
            if isinstance(value, str):
                value = float(_number_text(value, _FLOAT, decimal))
            elif isinstance(value, (int, float, Decimal)):
                try:
                    value = float(value)
                except OverflowError:
                    raise _UnreadableError("too large") from None
            else:
                raise _UnreadableError
        if not math.isfinite(value):
            raise _UnreadableError("not finite")
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
            raise _UnreadableError
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
                raise _UnreadableError
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise _UnreadableError("not valid Unicode") from None
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
        raise _UnreadableError("no such date") from None
    raise _UnreadableError("not a date")


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise _UnreadableError("out of range") from None


def _own(value: datetime) -> datetime:
    """Rebuild a datetime of a subclass (pandas has one) as Python's own."""
    if type(value) is datetime:
        return value
    parts = (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
    return datetime(*parts, tzinfo=value.tzinfo, fold=value.fold)


def _date_cast(reading: Reading) -> _Cast:
    formats = reading.date_formats

    def cast(value: Any) -> date:
        if isinstance(value, str):
            value = _moment(value, formats)
        if isinstance(value, datetime):
            value = _utc(_own(value))
            if value.timetz() != time(tzinfo=UTC):
                raise _UnreadableError("has a time of day")
            return value.date()  # type: ignore[no-any-return]  # a datetime's date
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        raise _UnreadableError

    return cast


def _datetime_cast(reading: Reading) -> _Cast:
    formats = reading.date_formats

    def cast(value: Any) -> datetime:
        if isinstance(value, str):
            value = _moment(value, formats)
        if isinstance(value, datetime):
            return _utc(_own(value))
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        raise _UnreadableError

    return cast


def _literal_cast(kind: Kind, reading: Reading) -> _Cast:
    texts = {value: value for value in kind.values if isinstance(value, str)}
    numbers = {value: value for value in kind.values if isinstance(value, int)}
    as_text, as_number = _str_cast(reading), _int_cast(reading)

    def cast(value: Any) -> Any:
        for members, read in ((texts, as_text), (numbers, as_number)):
            if not members:
                continue
            try:
                found = members.get(read(value), UNSET)
            except _UnreadableError:
                continue
            if found is not UNSET:
                return found
        raise _UnreadableError("not one of those listed")

    return cast


def _check(kind: Kind) -> Callable[[Any], None]:
    if kind.name in ("int", "float"):
        low = (kind.ge if kind.ge is not None else -math.inf, kind.gt if kind.gt is not None else -math.inf)
        high = (kind.le if kind.le is not None else math.inf, kind.lt if kind.lt is not None else math.inf)
        open_low, open_high = kind.gt is not None, kind.lt is not None

        def check_bounds(value: Any) -> None:
            if value < low[0] or value > high[0]:
                raise _UnreadableError("out of range")
            if (open_low and value <= low[1]) or (open_high and value >= high[1]):
                raise _UnreadableError("out of range")

        return check_bounds
    pattern = None if kind.pattern is None else re.compile(kind.pattern)
    shortest = kind.min_length or 0
    longest = math.inf if kind.max_length is None else kind.max_length

    def check_length(value: Any) -> None:
        if not shortest <= len(value) <= longest:
            raise _UnreadableError("too short" if len(value) < shortest else "too long")
        if pattern is not None and not pattern.search(value):
            raise _UnreadableError("does not match")

    return check_length


def _container_reader(kind: Kind, path: str, nullable: bool, default: Any, reading: Reading) -> FieldReader:
    fill = _list_filler(kind, path, reading) if kind.name == "list" else _object_filler(kind, path, reading)
    expected = (list, tuple) if kind.name == "list" else Mapping

    def read(value: Any, problems: list[Problem]) -> Any:
        if is_missing(value, reading.null):
            if nullable:
                return _copy(default)
            problems.append(_missing(path, kind))
            return None
        found = value
        if isinstance(value, str):
            try:
                found = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                found = UNSET
        elif hasattr(value, "to_list"):
            found = value.to_list()
        if not isinstance(found, expected):
            problems.append(_problem(path, kind, "wrong type", value))
            return None
        before = len(problems)
        filled = fill(found, problems)
        return filled if len(problems) == before else None

    return read


def _copy(default: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(default)) if isinstance(default, (list, dict)) else default


def _list_filler(kind: Kind, path: str, reading: Reading) -> Callable[[Any, list[Problem]], Any]:
    if kind.item is None:
        raise AssertionError(kind)
    read = _reader(kind.item, f"{path}[]", kind.item_nullable, None, reading)
    check = _check(kind) if kind.constrained else None

    def fill(items: Any, problems: list[Problem]) -> Any:
        values = []
        for place, item in enumerate(items):
            inner: list[Problem] = []
            values.append(read(item, inner))
            problems.extend(
                msgspec.structs.replace(problem, path=problem.path.replace(f"{path}[]", f"{path}[{place}]", 1))
                for problem in inner
            )
        if check is not None:
            try:
                check(values)
            except _UnreadableError as error:
                problems.append(_problem(path, kind, error.problem, items))
        return values

    return fill


def _object_filler(kind: Kind, path: str, reading: Reading) -> Callable[[Any, list[Problem]], Any]:
    if kind.members is None:
        return _mapping_filler(kind, path, reading)
    readers = [
        (member, _reader(member.kind, f"{path}.{member.column}", member.nullable, member.default, reading))
        for member in kind.members
    ]
    build = kind.build or dict

    def fill(value: Any, problems: list[Problem]) -> Any:
        before = len(problems)
        members = {member.name: read(value.get(member.column, UNSET), problems) for member, read in readers}
        return build(**members) if len(problems) == before else None

    return fill


def _mapping_filler(kind: Kind, path: str, reading: Reading) -> Callable[[Any, list[Problem]], Any]:
    if kind.item is None:
        raise AssertionError(kind)
    item, nullable = kind.item, kind.item_nullable

    def fill(value: Any, problems: list[Problem]) -> Any:
        return {
            str(key): _reader(item, f"{path}.{key}", nullable, None, reading)(inner, problems)
            for key, inner in value.items()
        }

    return fill
