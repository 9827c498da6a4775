"""The fields of a table and their types: as declared, else as the rules ask about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from mlsm._fields import Field, Fields, Kind
from mlsm.runtimes.scorecard.keys import TYPES
from mlsm.runtimes.scorecard.mistakes import Mistake
from mlsm.runtimes.scorecard.rules import RANGE, TEXT, family_of
from mlsm.runtimes.scorecard.table import Declared, Rule, Table

__all__ = ["declared_of", "fields_of", "type_of", "unfit_fields"]


def declared_of(table: Table, given: Fields | None, mistakes: list[Mistake]) -> dict[str, Declared]:
    """Find the type of every field that a rule asks about, in order of first appearance.

    Args:
        table: the points table.
        given: what is declared outside of it, which comes first.
        mistakes: receives rules that contradict each other.
    """
    told = {declared.name: declared for declared in table.fields}
    for field in given or ():
        known = told.get(field.name, Declared(name=field.name, type="str"))
        told[field.name] = _given(field, known)
    found: dict[str, Declared] = {}
    asked: dict[str, tuple[str, int]] = {}
    for rule in table.asked:
        for name, kind in _asked(rule):
            if name in told:
                found[name] = told[name]
                continue
            before = asked.get(name)
            merged = _merged(None if before is None else before[0], kind)
            if merged is None and before is not None:
                message = f"The rule on {name!r} asks it as {kind}, the one at line {before[1]} as {before[0]}."
                mistakes.append(Mistake(rule.line, message, f'Change one, or write {name} = "str" under [fields].'))
                continue
            asked[name] = merged or "", rule.line if before is None or before[0] == "" else before[1]
            found[name] = Declared(name=name, type=merged or "str", line=rule.line)
    return found


def _given(field: Field, known: Declared) -> Declared:
    kind = type_of(field.kind)
    required = field.required
    return msgspec.structs.replace(known, type=kind, required=required)


def type_of(kind: Kind) -> str:
    """Give the table's word for a kind of field; the kind's own where there is none."""
    if kind.name == "literal":
        return "str" if all(isinstance(value, str) for value in kind.values) else "int"
    if kind.name == "list" and kind.item is not None and kind.item.members is not None:
        return "events"
    return kind.name


def unfit_fields(table: Table, given: Fields, declared: Mapping[str, Declared]) -> Iterator[Mistake]:
    """Find fields that the rules ask, and the model lacks or declares as something that no rule can ask."""
    for rule in table.asked:
        for name in (rule.field, rule.since):
            if name is not None and name not in given.names:
                message = f"The rule asks {name!r}, which is no field of the model; it declares {list(given.names)}."
                yield Mistake(rule.line, message, f"Declare {name!r} beside the others, or none at all.")
    for field in given:
        wanted = {member for rule in table.asked if rule.field == field.name for member in rule.where or {}}
        told = declared.get(field.name)
        if told is None:
            continue
        if told.type not in TYPES.values():
            message = f"The field {field.name!r} is declared as {field.kind}, of which no rule can ask."
            yield Mistake(told.line, message, f"Declare one of {', '.join(TYPES)}.")
        elif told.type == "events":
            members = {member.name: member.kind.name for member in (field.kind.item and field.kind.item.members) or ()}
            if members.get(told.date) != "datetime" or wanted - members.keys():
                message = (
                    f"The events of {field.name!r} are declared with {members}; expected {told.date!r} as datetime"
                )
                message += "".join(f", {member!r}" for member in sorted(wanted)) + "."
                yield Mistake(told.line, message, 'Name the member with the time by date = "..." under [fields].')


def _asked(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield each field that a rule reads with the type that it asks for, blank where any will do."""
    family = family_of(rule)
    if family == "range":
        bound = next(bound for name in RANGE if (bound := getattr(rule, name)) is not None)
        yield rule.field, "datetime" if isinstance(bound[0] if isinstance(bound, tuple) else bound, date) else "float"
    elif family in ("equals", "one_of", "none_of"):
        yield rule.field, _type_of_value((rule.one_of or rule.none_of or (rule.equals,))[0])
    elif family in TEXT:
        yield rule.field, "str"
    elif family == "events":
        yield rule.field, "events"
    elif family == "days_since" or (family is None and rule.since is None):
        yield rule.field, "datetime"
    else:
        yield rule.field, ""
    if rule.since is not None:
        yield rule.since, "datetime"


def _type_of_value(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "float"
    if isinstance(value, datetime):
        return "datetime"
    return "date" if isinstance(value, date) else "str"


def _merged(before: str | None, kind: str) -> str | None:
    if not before or before == kind:
        return kind
    if not kind:
        return before
    return "date" if {before, kind} == {"date", "datetime"} else None


def fields_of(table: Table, declared: Mapping[str, Declared]) -> Fields:
    """Make the fields of a model that a table is."""
    return Fields(
        [
            Field(name=one.name, column=one.name, kind=_kind(one, table.asked), nullable=not one.required)
            for one in declared.values()
        ]
    )


def _kind(declared: Declared, rules: tuple[Rule, ...]) -> Kind:
    if declared.type != "events":
        return Kind(name=declared.type)  # type: ignore[arg-type]  # one of the words in `keys.TYPES`
    members = {declared.date: Kind(name="datetime")}
    for rule in rules:
        for name, values in (rule.where or {}).items() if rule.field == declared.name else ():
            members.setdefault(name, Kind(name=_type_of_value(values[0])))  # type: ignore[arg-type]  # as above
    found = [Field(name=name, column=name, kind=kind, nullable=True) for name, kind in members.items()]
    return Kind(name="list", item=Kind(name="object", members=tuple(found)))
