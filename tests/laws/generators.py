"""Catalogs and records that reach every outcome there is without a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from hypothesis import strategies as st
from tests.laws.dice import Dice
from tests.laws.functions import FRAMES, STYLES, as_condition, as_frame_function, as_function
from tests.laws.values import ABSENT, KINDS, READINGS, Declared, declared_field, raw_value

from mlsm import Catalog, Model, Reading, Result, SummaryModel, model, summary_model

__all__ = ["AS_OF", "Case", "cases", "events_of"]

Made: TypeAlias = tuple[Model, tuple[Declared, ...], frozenset[str]]
"""A model, its fields as they were declared, and what is special about it."""

AS_OF = datetime(2026, 11, 22, 12, tzinfo=UTC)
_COLUMNS = 5
_ARROW_KINDS = tuple(kind for kind in KINDS if kind not in ("literal of both", "mapping", "class", "struct"))


@dataclass(frozen=True)
class Case:
    """Models, and records for them."""

    models: tuple[Model, ...]
    declared: dict[str, tuple[Declared, ...]]
    marks: dict[str, frozenset[str]]
    records: list[dict[str, Any]]
    reading: Reading
    nested: bool
    part_rows: int

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.models)

    @property
    def options(self) -> dict[str, Any]:
        return {"reading": self.reading, "shape": "nested" if self.nested else "flat", "as_of": AS_OF}


@st.composite
def cases(draw: st.DrawFn, *, min_records: int = 1) -> Case:
    """Draw a catalog of up to eight models and some records.

    Only the sizes shrink: what is in them comes from dice, which is ten times as fast as
    drawing each value, and repeats itself less.
    """
    plain, summaries = draw(st.integers(1, 4), label="models"), draw(st.integers(0, 3), label="summaries")
    count = draw(st.integers(min_records, 8), label="records")
    part_rows = draw(st.integers(1, 9), label="part_rows")
    dice = Dice(draw(st.integers(0, 2**32), label="seed"))
    columns = [declared_field(dice, f"f{place}", dice.pick(tuple(KINDS))) for place in range(_COLUMNS)]
    made: list[Made] = []
    for place in range(plain):
        made.append(_plain_model(dice, place, columns, made))
    for place in range(summaries):
        made.append(_summary(dice, place, columns, made))
    declared = {model.key: fields for model, fields, _ in made}
    nested = dice.seldom()
    return Case(
        models=tuple(dice.shuffled([model for model, *_ in made])),
        declared=declared,
        marks={model.key: marks for model, _, marks in made},
        records=[(_nested if nested else _flat)(dice, place, declared) for place in range(count)],
        reading=dice.pick(READINGS),
        nested=nested,
        part_rows=part_rows,
    )


def _fields(dice: Dice, columns: list[Declared], kinds: tuple[str, ...], least: int) -> tuple[Declared, ...]:
    """Take fields over shared columns; now and then a model declares a column in its own way."""
    fields = []
    for shared in dice.some(columns, least, 3):
        if shared.kind not in kinds:
            fields.append(declared_field(dice, shared.name, "str"))
        else:
            fields.append(declared_field(dice, shared.name, dice.pick(kinds)) if dice.seldom() else shared)
    return tuple(fields)


def _plain_model(dice: Dice, place: int, columns: list[Declared], before: list[Made]) -> Made:
    call = dice.pick(("fields", "data", *FRAMES))
    fields = _fields(dice, columns, _ARROW_KINDS if call == "pyarrow" else tuple(KINDS), 1 if call in FRAMES else 0)
    annotations = {field.name: field.annotation for field in fields}
    twin = bool(before) and dice.seldom()
    name, version = (before[-1][0].name, f"{place}.1") if twin else (f"m{place}", "1")
    status = "draft" if twin else dice.pick(("active", "active", "active", "draft", "draft", "retired"))
    salt, wants_as_of, mutates = dice.number(100), dice.seldom(), dice.coin()
    limits = _limits(dice)
    when, clocked = _condition(dice, fields)
    marks = frozenset({call, *_marks(as_of=wants_as_of, mutates=mutates, when=when, clocked=clocked), *limits})
    clock = ["as_of"] if wants_as_of else []
    if call == "data":
        function = as_function(["data", "results", *clock], salt, mutates=mutates)
        return Model(name, annotations, version, function, status, when=when, **limits), fields, marks
    decorate = model(
        name=name, version=version, fields=annotations, status=status, batch=call in FRAMES, when=when, **limits
    )
    if call == "fields":
        return decorate(as_function([*annotations, *clock], salt, mutates=mutates)), fields, marks
    style = dice.pick(STYLES)
    function = as_frame_function(call, style, salt, wants_as_of=wants_as_of, mutates=mutates)
    return decorate(function), fields, marks | {style}


def _limits(dice: Dice) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if dice.seldom():
        limits["range"] = (0, 90)
    if dice.seldom():
        limits["labels"] = ("A", "B")
    return limits


def _condition(dice: Dice, fields: tuple[Declared, ...]) -> tuple[Callable[..., Any] | None, bool]:
    if not dice.seldom():
        return None, False
    names = [field.name for field in fields if dice.coin()]
    clocked = dice.coin()
    return as_condition([*names, *(["as_of"] if clocked else [])], dice.number(100)), clocked


def _marks(*, as_of: bool, mutates: bool, when: Any, clocked: bool) -> Iterator[str]:
    if as_of:
        yield "as_of"
    if mutates:
        yield "mutates"
    if when is not None:
        yield "when"
    if clocked:
        yield "when with as_of"


def _summary(dice: Dice, place: int, columns: list[Declared], before: list[Made]) -> Made:
    running = [model for model, *_ in before if model.status != "retired"]
    active = [model for model in running if model.status == "active"]
    status = "active" if active and dice.coin() else "draft"
    usable = active if status == "active" else running
    if not usable:
        return _plain_model(dice, place + 10, columns, [])
    chosen = {model.key: model for model in dice.some(usable, 1, 3)}
    if not dice.seldom():
        chosen[usable[-1].key] = usable[-1]  # often the summary before, so that they stand on each other
    by_name = dice.coin()
    upstreams = {
        f"u{number}": one.name if by_name and one.status == "active" else one.key
        for number, one in enumerate(chosen.values())
    }
    call = dice.pick(("fields", "data", *FRAMES))
    fields = _fields(dice, columns, _ARROW_KINDS if call == "pyarrow" else tuple(KINDS), 0)
    annotations = {field.name: field.annotation for field in fields}
    require = tuple(name for name in upstreams if dice.seldom())
    salt, wants_as_of, mutates = dice.number(100), dice.seldom(), dice.coin()
    clock, name = ["as_of"] if wants_as_of else [], f"s{place}"
    own = _marks(as_of=wants_as_of, mutates=mutates, when=None, clocked=False)
    marks = frozenset({"summary", call, *own, *(["require"] if require else [])})
    if call == "data":
        function = as_function(["data", "results", *clock], salt, mutates=mutates)
        return SummaryModel(name, upstreams, "1", function, annotations, status, require=require), fields, marks
    if call == "fields":
        function = as_function([*upstreams, *annotations, *clock], salt, mutates=mutates)
    else:
        function = as_frame_function(call, dice.pick(STYLES), salt, wants_as_of=wants_as_of, mutates=mutates)
    decorate = summary_model(
        name=name, version="1", models=upstreams, fields=annotations, status=status, require=require,
        batch=call != "fields",
    )  # fmt: skip
    return decorate(function), fields, marks


def _flat(dice: Dice, place: int, declared: dict[str, tuple[Declared, ...]]) -> dict[str, Any]:
    kinds = {field.column: field.kind for fields in declared.values() for field in fields}
    drawn = {column: raw_value(dice, kind) for column, kind in kinds.items()}
    record_id = dice.pick((f"r{place}", f"00{place}", place))
    return {"id": record_id, **{column: value for column, value in drawn.items() if value is not ABSENT}}


def _nested(dice: Dice, place: int, declared: dict[str, tuple[Declared, ...]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, fields in declared.items():
        name, _, version = key.partition("@")
        if dice.seldom() and dice.seldom():
            data.setdefault(name, {})[version] = None
        elif not (dice.seldom() and dice.seldom()):
            drawn = {field.column: raw_value(dice, field.kind) for field in fields}
            own = {column: value for column, value in drawn.items() if value is not ABSENT}
            data.setdefault(name, {})[version] = own
    return {"id": str(place), **({} if dice.seldom() and dice.seldom() else {"data": data})}


def _depth(catalog: Catalog, key: str) -> int:
    return 1 + max((_depth(catalog, upstream) for upstream in catalog.upstreams(key).values()), default=-1)


def events_of(case: Case, results: tuple[Result, ...]) -> set[str]:
    """Name all that happened in a case, for counting."""
    catalog = case.catalog
    events = {"nested" if case.nested else "flat", "own words" if case.reading.null else "plain words"}
    for one in case.models:
        events |= {f"status {one.status}"}
    for one in catalog.running:
        events |= case.marks[one.key] | {f"depth {_depth(catalog, one.key)}"}
        if len([other for other in catalog.running if other.name == one.name]) > 1:
            events.add("two versions")
        for field in case.declared[one.key]:
            events |= {
                f"kind {field.kind}",
                "default" if field.default else "optional" if field.optional else "required",
            }
            events |= {"alias"} if field.column != field.name else set()
    for result in results:
        events |= {f"outcome {result.outcome.value}", f"{_call(case, result.key)} {result.outcome.value}"}
        events |= {part for part in ("score", "label", "output", "reasons") if getattr(result, part) is not None}
        if result.error is not None:
            events |= {f"problem {problem.problem}" for problem in result.error.problems}
            events.add(f"type {result.error.type}")
            events |= {"several problems"} if len(result.error.problems) > 1 else set()
            events |= {"nested path"} if any("[" in problem.path for problem in result.error.problems) else set()
    return events


def _call(case: Case, key: str) -> str:
    marks = case.marks[key]
    form = next(call for call in ("fields", "data", *FRAMES) if call in marks)
    return f"summary of {form}" if "summary" in marks else form
