"""What a line of a file of golden records may hold: every mistake in it is told."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from mlsm._result import Outcome, Reasons

__all__ = ["GIVEN", "HEADER", "LINE", "Keys", "read_keys"]

_OUTCOMES = tuple(str(outcome) for outcome in Outcome)
_GIVEN_OUTCOMES = ("ok", "abstained", "invalid", "error")
"""How an upstream may be said to have dealt with a record: a stand-in cannot crash or be late."""
_FACETS = ("score", "label", "output", "reasons")


@dataclass(frozen=True, slots=True)
class _Key:
    """One key: what tells that a value is wrong, and whether the key must be there."""

    wrong: Callable[[Any, str], list[str]]
    required: bool = False


Keys: TypeAlias = Mapping[str, _Key]
"""The keys that an object may have."""


def read_keys(found: Mapping[str, Any], keys: Keys, inside: str | None = None) -> tuple[dict[str, Any], list[str]]:
    """Give what an object holds under the keys that exist, and everything that is wrong.

    Args:
        found: the object.
        keys: the keys that exist.
        inside: the key under which it stands, None for a line itself.
    """
    where = "the line" if inside is None else repr(inside)
    known = list(keys)
    unknown = [
        f"{where} holds the unknown key {key!r}; expected {', '.join(known[:-1])} or {known[-1]}."
        for key in found
        if key not in keys
    ]
    absent = [f"{where} lacks {name!r}." for name, key in keys.items() if key.required and name not in found]
    wrong = [
        problem
        for name, key in keys.items()
        if name in found
        for problem in key.wrong(found[name], name if inside is None else f"{inside}.{name}")
    ]
    return {name: found[name] for name in keys if name in found}, [*unknown, *absent, *wrong]


def _kind(expected: str, fits: Callable[[Any], bool]) -> Callable[[Any, str], list[str]]:
    def wrong(value: Any, where: str) -> list[str]:
        return [] if fits(value) else [f"{where!r} is {_shown(value)}; expected {expected}."]

    return wrong


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf


def _is_time(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _expect(value: Any, where: str) -> list[str]:
    if not isinstance(value, dict) or not value:
        return [f'{where!r} is {_shown(value)}; expected an object such as {{"outcome": "ok", "score": 72.0}}.']
    read, wrong = read_keys(value, EXPECT, where)
    return wrong or _of_a_failure(read, where)


def _given(value: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where!r} is {_shown(value)}; expected an object with a result for each upstream."]
    wrong = []
    for name, result in value.items():
        inside = f"{where}.{name}"
        if not isinstance(result, dict):
            wrong.append(f'{inside!r} is {_shown(result)}; expected an object such as {{"score": 72.0}}.')
            continue
        read, problems = read_keys(result, GIVEN, inside)
        wrong += problems or _of_a_failure(read, inside)
        if not problems and read.get("outcome", "ok") == "ok" and all(read.get(facet) is None for facet in _FACETS):
            wrong.append(f"{inside!r} is ok with nothing in it; expected a score, a label or output.")
    return wrong


def _of_a_failure(read: Mapping[str, Any], inside: str) -> list[str]:
    """Refuse a score of a result that cannot have one."""
    outcome = read.get("outcome", "ok")
    held = [facet for facet in _FACETS if read.get(facet) is not None]
    if outcome == "ok" or not held:
        return []
    return [f"{inside!r} is {outcome} and has {' and '.join(held)}; expected these of an ok result only."]


def _reasons(value: Any, where: str) -> list[str]:
    if value is None:
        return []
    try:
        msgspec.convert(value, Reasons)  # which refuses unknown keys
    except msgspec.ValidationError as error:
        return [f"{where!r} cannot be read: {error}."]
    known = Reasons.__struct_fields__
    return [
        f"{where!r} holds the unknown key {key!r}; expected {', '.join(known)}." for key in value if key not in known
    ]


_object = _kind("an object", lambda value: isinstance(value, dict))
_text = _kind("text", lambda value: isinstance(value, str) and bool(value))
_number_or_null = _kind("a finite number or null", lambda value: value is None or _is_number(value))
_text_or_null = _kind("text or null", lambda value: value is None or isinstance(value, str))
_output = _kind("an object or null", lambda value: value is None or isinstance(value, dict))
_tolerance = _kind("a number from 0", lambda value: _is_number(value) and value >= 0)
_time = _kind("a time in ISO form, such as 2026-11-22T00:00:00Z", _is_time)


def _one_of(names: tuple[str, ...]) -> Callable[[Any, str], list[str]]:
    return _kind(f"one of {', '.join(names)}", lambda value: value in names)


EXPECT: Keys = {
    "outcome": _Key(_one_of(_OUTCOMES)),
    "score": _Key(_number_or_null),
    "label": _Key(_text_or_null),
    "output": _Key(_output),
    "reasons": _Key(_reasons),
}
GIVEN: Keys = {name: key for name, key in EXPECT.items() if name != "reasons"} | {
    "outcome": _Key(_one_of(_GIVEN_OUTCOMES))
}
LINE: Keys = {
    "version": _Key(_text),
    "note": _Key(_text),
    "as_of": _Key(_time),
    "tolerance": _Key(_tolerance),
    "record": _Key(_object, required=True),
    "given": _Key(_given),
    "expect": _Key(_expect, required=True),
}
HEADER: Keys = {
    "golden": _Key(_kind("1, the form that this program reads", lambda value: value == 1 and value is not True)),
    "model": _Key(_text),
    "version": _Key(_text),
    "as_of": _Key(_time),
    "tolerance": _Key(_tolerance),
}
