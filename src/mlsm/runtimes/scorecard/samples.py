"""Values on which the function of one record and the columns' expressions are compared."""

from __future__ import annotations

from typing import Any

from mlsm._fields import Field, Fields
from mlsm.runtimes.scorecard.criteria import Events
from mlsm.runtimes.scorecard.edges import edges_of
from mlsm.runtimes.scorecard.plan import Plan

__all__ = ["samples_of"]

_MOST = 200


def samples_of(plan: Plan, fields: Fields) -> tuple[tuple[Any, ...], ...]:
    """Give records that stand at the edges of the rules, every field at another one each time."""
    columns = [_values(plan, field) for field in fields]
    rows = min(_MOST, 2 * max((len(column) for column in columns), default=1))
    return tuple(
        tuple(column[(row + place * (row // len(column) + 1)) % len(column)] for place, column in enumerate(columns))
        for row in range(rows)
    )


def _values(plan: Plan, field: Field) -> list[Any]:
    if field.name not in plan.declared:  # the model declares it, no rule asks it
        return [None] if field.nullable else [{"int": 1, "float": 1.0, "bool": True}.get(field.kind.name, "x")]
    terms = [
        term
        for term in (one for several in plan.terms for one in several.single)
        if term.field == field.name or (term.fading is not None and term.fading.field == field.name)
    ]
    values = edges_of(plan.declared[field.name].type, terms, nullable=field.nullable)
    if not any(isinstance(term.test, Events) for term in terms):
        return values
    members = [] if field.kind.item is None else [member.name for member in field.kind.item.members or ()]
    return [None if events is None else [dict.fromkeys(members) | event for event in events] for events in values]
