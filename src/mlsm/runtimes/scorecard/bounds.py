"""The least and the greatest that a table can give."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from mlsm.runtimes.scorecard.criteria import Among, Elapsed, Empty, Events, Within
from mlsm.runtimes.scorecard.edges import CLOCK, edges_of
from mlsm.runtimes.scorecard.function import record_function
from mlsm.runtimes.scorecard.plan import Part, Plan, Term

__all__ = ["part_bounds", "range_of_plan", "total_bounds"]


def range_of_plan(plan: Plan) -> tuple[float, float] | None:
    """Give the range of the score; None where it has no end."""
    low, high = (bound * plan.factor for bound in total_bounds(plan))
    return (min(low, high), max(low, high)) if math.isfinite(low) and math.isfinite(high) else None


def total_bounds(plan: Plan) -> tuple[float, float]:
    """Give bounds that no total passes; all fields may be at their best at once."""
    found = [part_bounds(plan, part) for part in plan.parts]
    low, high = (plan.baseline + sum(ends) for ends in zip(*found, strict=True))
    return _clipped(low, plan.floor, plan.cap), _clipped(high, plan.floor, plan.cap)


def part_bounds(plan: Plan, part: Part) -> tuple[float, float]:
    """Give bounds of what a part adds, without the baseline."""
    low = high = 0.0
    for name in dict.fromkeys(term.field for term in part.terms):
        terms = [term for term in part.terms if term.field == name]
        excluding = [term for term in terms if _may_exclude(term)]
        ends = [_alone(term) for term in terms if not _may_exclude(term)]
        if excluding:
            ends.append(_together(plan, name, excluding))
        low, high = low + sum(end[0] for end in ends), high + sum(end[1] for end in ends)
    return _clipped(low, part.floor, part.cap), _clipped(high, part.floor, part.cap)


def _may_exclude(term: Term) -> bool:
    """Tell whether it can be tried out which rules of a field go together."""
    return (
        not term.beside
        and term.fading is None
        and isinstance(term.test, (Among, Within, Elapsed, Empty))
        and term.type != "events"
    )


def _together(plan: Plan, name: str, terms: Sequence[Term]) -> tuple[float, float]:
    """Try rules of one field on every value at which their sum may change."""
    declared = plan.declared[name]
    part = Part(name=None, terms=tuple(terms))
    alone = msgspec.structs.replace(
        plan, baseline=0.0, parts=(part,), floor=None, cap=None, labels=(), cells=None, wants_as_of=True, factor=1.0
    )
    record = record_function(alone, [name])
    sums = [record(value, CLOCK) for value in edges_of(declared.type, terms, nullable=not declared.required)]
    return min(sums), max(sums)


def _alone(term: Term) -> tuple[float, float]:
    points = term.points
    if isinstance(term.test, Events) and term.test.each:
        points = term.limit if term.limit is not None else points and math.copysign(math.inf, points)
    return min(0.0, points), max(0.0, points)


def _clipped(value: float, floor: float | None, cap: float | None) -> float:
    value = value if floor is None else max(value, floor)
    return value if cap is None else min(value, cap)
