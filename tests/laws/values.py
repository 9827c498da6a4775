"""Declared fields of every kind, and raw values for them: good, missing, and wrong ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import numpy as np
import pandas as pd
from tests.laws.dice import Dice

from mlsm import Alias, Default, Meta, Reading

__all__ = ["ABSENT", "KINDS", "READINGS", "Declared", "declared_field", "raw_value"]

ABSENT: Any = object()
"""Stands for a key that a record does not have."""


class Event(TypedDict):
    """A nested record, as web sites send them."""

    what: str
    on: date
    weight: NotRequired[float]


@dataclass
class Company:
    """A class that looks at its own members."""

    name: str
    size: int = 0
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.name == "refused":
            raise ValueError(self.name)


class Place(msgspec.Struct):
    """The same of msgspec's kind."""

    city: str
    lat: float | None = None


_INTS = [0, 1, -5, 42, "42", "007", " 7 ", "+5", "1.0", "3.", 1.0, -3.0, Decimal(2), np.int64(3), np.float32(4), 10**15]
_BAD_INTS = [1.5, "1.5", "x", True, 2**63, -(2**63) - 1, "1e3", "\uff11", math.inf, Decimal("1.5"), [1], {}, b"1"]
_FLOATS = [0.0, -0.0, 1.5, 3, "2.5", "-1e3", " .5", "7.", "+0.25", Decimal("0.125"), np.float32(0.5), 2**60, "1e300"]
_BAD_FLOATS = ["x", "1,5,0", "1_0", True, math.inf, -math.inf, "inf", "1e400", 10**400, [], np.array([1.0])]
_TEXTS = ["a", "Ünïcode ☃", " padded ", "007", 7, "x" * 30, "true", "1.0", "A", "ab@example.com", np.str_("n")]
_BAD_TEXTS = [1.0, True, ["a"], {"a": 1}, b"a", date(2026, 1, 1), "\ud800", np.float64(1.0)]
_FLAGS = [True, False, "true", "FALSE", " True ", 1, 0, "1", "0", 1.0, "0.0", np.True_]
_BAD_FLAGS = [2, "2", "maybe", 0.5, [], "t", -1]
_DATES = [
    date(2026, 1, 31), "2026-01-31", " 2024-02-29 ", datetime.fromisoformat("2026-01-01"), "2026-01-01T00:00:00Z",
    "0001-01-01", "2026-01-01T02:00:00+02:00", date(9999, 12, 31), pd.Timestamp("2026-03-01"),
    np.datetime64("2026-03-01"),
]  # fmt: skip
_BAD_DATES = [
    "2026-02-30", "31/12/2026", 20260131, datetime.fromisoformat("2026-01-01T12:00"), "2026-1-1",
    "2026-01-01T00:00:01", True, 1.0, "x", "10000-01-01",
]  # fmt: skip
_MOMENTS = [
    datetime.fromisoformat("2026-01-01T12:30"), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5))),
    "2026-01-01T10:00", "2026-01-01 10:00:00.123456+0100", date(2026, 1, 1), "2026-01-01",
    pd.Timestamp("1969-12-31T23:59:59.999999999"), np.datetime64("2026-03-01T10:00:00.123456789"),
    datetime(1, 1, 1, tzinfo=UTC), "9999-12-31T23:59:59.999999Z",
]  # fmt: skip
_BAD_MOMENTS = [
    "9999-12-31T23:59:59-05:00", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "2026-01-01T25:00", 1, "soon",
    1735689600.0, False, "2026-01-01T10:00:00+99:00",
]  # fmt: skip
_EVENTS = [
    {"what": "visit", "on": "2026-01-01"},
    {"what": "form", "on": date(2026, 1, 2), "weight": "2.5", "other": 1},
    {"what": "mail", "on": "2026-01-03", "weight": None},
]
_BAD_EVENTS = [{"what": "visit"}, {"what": 1.5, "on": "x", "weight": "y"}, "not json", 5, {"what": "", "on": None}]


@dataclass(frozen=True)
class KindOfField:
    """A kind of field: its annotation, raw values that it takes, and values that it does not take."""

    annotation: Any
    good: list[Any]
    bad: list[Any]
    default: Any


KINDS: dict[str, KindOfField] = {
    "int": KindOfField(int, _INTS, _BAD_INTS, -1),
    "int bounded": KindOfField(Annotated[int, Meta(ge=0, lt=50)], [0, 42, "007", 49.0], [-1, 50, "50", *_BAD_INTS], 0),
    "float": KindOfField(float, _FLOATS, _BAD_FLOATS, 0.5),
    "float bounded": KindOfField(
        Annotated[float, Meta(gt=-1, le=1.5)], [0.0, 1.5, "1", -0.5], [-1, "-1.0", 1.6, *_BAD_FLOATS], 9.0
    ),
    "str": KindOfField(str, _TEXTS, _BAD_TEXTS, "none"),
    "str pattern": KindOfField(
        Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=20)],
        ["a@b.c", "ü@x"],
        ["a", "a@b\n ", "a@" + "b" * 20, *_BAD_TEXTS],
        "x@y",
    ),
    "bool": KindOfField(bool, _FLAGS, _BAD_FLAGS, False),
    "date": KindOfField(date, _DATES, _BAD_DATES, date(2020, 1, 1)),
    "datetime": KindOfField(datetime, _MOMENTS, _BAD_MOMENTS, datetime(2020, 1, 1, tzinfo=UTC)),
    "literal of text": KindOfField(Literal["A", "B", "7"], ["A", " B ", "7", 7], ["C", "a", 1, True, ["A"]], "A"),
    "literal of ints": KindOfField(Literal[1, 2, 3], [1, "2", 3.0, " 1 "], [4, "x", True, 1.5], 2),
    "literal of both": KindOfField(Literal["x", 1], ["x", 1, "1", 1.0], ["y", 2, [], True], "x"),
    "list of ints": KindOfField(
        list[int], [[], [1, "2"], (3,), "[4]", np.array([5])], [1, ["x"], [None], "[", {}, "[NaN]"], [9]
    ),
    "list bounded": KindOfField(
        Annotated[list[str], Meta(min_length=1, max_length=2)], [["a"], ["a", 7]], [[], ["a"] * 3, [1.5]], ["d"]
    ),
    "list of lists": KindOfField(list[list[float | None]], [[], [[1, None], []], "[[null]]"], [[1], [["x"]]], []),
    "mapping": KindOfField(dict[str, float], [{}, {"a": 1, "b": "2"}, '{"c": 3}'], [{"a": "x"}, [], {"\ud800": 1}], {}),
    "typed dict": KindOfField(Event, _EVENTS, _BAD_EVENTS, None),
    "list of events": KindOfField(list[Event], [[], _EVENTS, _EVENTS[:1]], [_BAD_EVENTS, _EVENTS + _BAD_EVENTS], []),
    "class": KindOfField(
        Company, [{"name": "n"}, {"name": "m", "size": "7", "tags": ["t"]}], [{}, {"name": "refused"}], Company("d")
    ),
    "struct": KindOfField(Place, [{"city": "c"}, {"city": "d", "lat": 1}], [{"lat": "x"}, "x", 1], Place("d")),
}  # fmt: skip

READINGS = (
    Reading(),
    Reading(
        null=frozenset({"unknown", "n/a", "99"}),
        true=frozenset({"yes", "Ja"}),
        false=frozenset({"no"}),
        date_formats=("%d.%m.%Y", "%d.%m.%Y %H:%M"),
        decimal=",",
    ),
)
_MISSING = [None, "", " \t", math.nan, Decimal("NaN"), pd.NA, pd.NaT, np.float32("nan"), ABSENT]
_OWN = ["unknown", " n/a ", "99", 99, "yes", "JA", "no", "31.12.2026", "31.12.2026 10:30", "1,5", "1.000,5", "1,0"]


@dataclass(frozen=True)
class Declared:
    """A field as it is declared, and where its raw values come from."""

    name: str
    kind: str
    annotation: Any
    column: str
    optional: bool
    default: bool


def declared_field(dice: Dice, name: str, kind: str) -> Declared:
    """Take a field of a kind: required, optional or with a default, with an alias or without."""
    found = KINDS[kind]
    optional, default, alias = dice.coin(), found.default is not None and dice.seldom(), dice.seldom()
    annotation: Any = found.annotation | None if optional else found.annotation
    if default:
        annotation = Annotated[annotation, Default(found.default)]
    column = f"{name} of Lead.x" if alias else name
    if alias:
        annotation = Annotated[annotation, Alias(column)]
    return Declared(name=name, kind=kind, annotation=annotation, column=column, optional=optional, default=default)


def raw_value(dice: Dice, kind: str) -> Any:
    """Give a raw value for a kind: mostly a good one, else missing, wrong, or in a project's own words."""
    found = KINDS[kind]
    return dice.pick(found.good if dice.number(8) else [*_MISSING, *found.bad, *_OWN])
