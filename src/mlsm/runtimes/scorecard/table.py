"""The points table as it is written: frozen values, one attribute a key of the file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeAlias

import msgspec

__all__ = ["REST", "Declared", "Grid", "Group", "Labels", "Rule", "Scalar", "Table"]

Scalar: TypeAlias = str | int | float | bool | date | datetime

REST = "rest"
"""Stands in place of a threshold for everything below the others."""

Labels: TypeAlias = tuple[tuple[str, float | None], ...]
"""Labels, best first, each with the least that earns it; None for the rest."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What the table says of a field.

    Args:
        name: the field.
        type: one of `int`, `float`, `bool`, `str`, `date`, `datetime`, `events`.
        required: whether a record without it is invalid.
        date: of events, the member that holds the time of each.
        line: where it stands.
    """

    name: str
    type: str
    required: bool = False
    date: str = "date"
    line: int = msgspec.field(default=1)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: a criterion on a field, and the points of those who meet it.

    Its attributes are the keys of `[[rule]]`, described in the package's docstring; `line`
    is where it stands. Further criteria, all or any of which hold besides its own, are rules
    without points.
    """

    field: str
    points: float
    group: str | None = None
    text: str | None = None
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = None
    none_of: tuple[Scalar, ...] | None = None
    contains: tuple[str, ...] | None = None
    starts_with: tuple[str, ...] | None = None
    ends_with: tuple[str, ...] | None = None
    matches: str | None = None
    ignore_case: bool | None = None
    at_least: float | date | None = None
    at_most: float | date | None = None
    above: float | date | None = None
    below: float | date | None = None
    between: tuple[float | date, float | date] | None = None
    is_empty: bool | None = None
    days_since_at_least: int | None = None
    days_since_at_most: int | None = None
    days_since_between: tuple[int, int] | None = None
    within_days: int | None = None
    times_at_least: int | None = None
    times_at_most: int | None = None
    times_between: tuple[int, int] | None = None
    each: bool | None = None
    max_points: float | None = None
    where: dict[str, tuple[Scalar, ...]] | None = None
    half_life: float | None = None
    fades_over: float | None = None
    since: str | None = None
    on_top: bool | None = None
    all: tuple[Rule, ...] | None = None
    any: tuple[Rule, ...] | None = None
    line: int = 1

    @property
    def asked(self) -> tuple[Rule, ...]:
        """Give the rule itself and the further criteria that it has, each as a rule without points."""
        return (self, *(self.all or ()), *(self.any or ()))

    def given(self) -> dict[str, Any]:
        """Give the keys that were written, in the order of the attributes."""
        values = {name: getattr(self, name) for name in self.__struct_fields__ if name != "line"}
        return {name: value for name, value in values.items() if value is not None}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that are weighted, bounded and graded together.

    Args:
        name: what rules call it.
        weight: what the points of each rule are multiplied with.
        cap, floor: bounds of what the group adds, after its weight.
        half_life, fades_over: how the points of its rules with a date fade, unless they say so themselves.
        labels: its own grades.
        label_lines: where each of them stands.
        line: where it stands.
    """

    name: str
    weight: float = 1.0
    cap: float | None = None
    floor: float | None = None
    half_life: float | None = None
    fades_over: float | None = None
    labels: Labels = ()
    label_lines: dict[str, int] = {}
    line: int = 1


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A label of two: the grade of one group beside the grade of another.

    Args:
        of: the two groups.
        names: other names for some of the cells, by what they would be called.
        line: where it stands.
    """

    of: tuple[str, str]
    names: dict[str, str] = {}
    line: int = 1


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A whole scorecard.

    Args:
        baseline: the points that everybody has.
        cap, floor: bounds of the score.
        ignore_case: whether text is compared without regard to case, unless a rule says otherwise.
        fields: what is declared of fields.
        labels: thresholds of the score.
        label_lines: where each of them stands.
        groups, grid, rules: see there.
        source: the file, as people call it.
    """

    baseline: float = 0.0
    cap: float | None = None
    floor: float | None = None
    ignore_case: bool = False
    fields: tuple[Declared, ...] = ()
    labels: Labels = ()
    label_lines: dict[str, int] = {}
    groups: tuple[Group, ...] = ()
    grid: Grid | None = None
    rules: tuple[Rule, ...]
    source: str = "scorecard.toml"

    @property
    def asked(self) -> tuple[Rule, ...]:
        """Give every criterion of every rule, as rules."""
        return tuple(one for rule in self.rules for one in rule.asked)
