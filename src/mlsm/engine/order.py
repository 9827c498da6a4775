"""A catalog made ready to score: what waits for what, and what each model reads."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlsm._batch import ModelColumns
from mlsm._catalog import Catalog
from mlsm._fields import Field, FieldReader, Reading, field_reader
from mlsm._model import ArtefactModel, Breaker, Model, OnFailure, SummaryModel
from mlsm._result import Given, Substitute, Upstream
from mlsm._typing import Function, Shape
from mlsm.contracts import Isolated, Predictor
from mlsm.engine.answers import Limits
from mlsm.engine.breaker import Circuits
from mlsm.errors import DeclarationError

__all__ = ["Prepared", "Slot", "Step", "When", "foundation", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A column that is read once for all models that declare it alike.

    Lists and objects have a slot a model, since a model could change what it is handed; in
    a nested record every model has data of its own.
    """

    field: Field
    column: str
    read: FieldReader
    model: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The condition under which a model applies, over some of the slots."""

    function: Function
    slots: tuple[int, ...]
    wants_as_of: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One model, ready to be called.

    Args:
        model: the model.
        place: its place in the catalog's order, which is the order of results.
        predictor: what is called.
        slots: the slots it reads, in the order of its fields.
        upstreams: places of the models that a summary stands on, by parameter.
        required: places of those without whose usable result it is skipped.
        limits: what it declares of its answers.
        when: the condition under which it applies.
        columns: whose columns its results are.
        source: its name, version and status.
        view: makes of an answer what summaries see.
        wants_as_of: whether it, or its condition where that is asked with it, is handed the clock.
        tolerance: how far two of its scores of one record may lie apart, relative to the greater or 1.
        watched: whether a summary stands on it.
        conditional: whether it may not be called although its fields are right.
        breaker: when it is no longer called, None for never.
        on_failure: what stands in for its failed results: `skip` for nothing; always so for a draft.
        stand_in: the declared value that stands in, if that is it.
        away: the predictor, where it asks the model in another process.
    """

    model: Model
    place: int
    predictor: Predictor
    slots: tuple[int, ...]
    upstreams: Mapping[str, int]
    required: tuple[int, ...]
    limits: Limits
    when: When | None
    columns: ModelColumns
    source: tuple[str, str, str]
    view: type[Upstream]
    wants_as_of: bool
    tolerance: float
    watched: bool
    conditional: bool
    breaker: Breaker | None = None
    on_failure: OnFailure = "skip"
    stand_in: Substitute | None = None
    away: Isolated | None = None

    @property
    def breaks(self) -> tuple[float, int] | None:
        """Give the share of failures, among so many calls, that opens the breaker; None for never."""
        return None if self.breaker is None else self.breaker.limits(self.model.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A catalog made ready: steps in the order of evaluation, slots, reading.

    `readers` are the slots' columns and readers once more, at hand for one record; `compiled`
    keeps the function that was written for one record, `circuits` the breakers of such records.
    """

    catalog: Catalog
    steps: tuple[Step, ...]
    slots: tuple[Slot, ...]
    readers: tuple[tuple[str, FieldReader], ...]
    reading: Reading
    shape: Shape
    circuits: Circuits = field(init=False, default_factory=Circuits, compare=False, repr=False)
    compiled: dict[str, Any] = field(init=False, default_factory=dict, compare=False, repr=False)

    @property
    def models(self) -> tuple[ModelColumns, ...]:
        """Give the models in the order of their results."""
        return tuple(step.columns for step in sorted(self.steps, key=lambda step: step.place))

    @property
    def views(self) -> tuple[type[Upstream], ...]:
        """Give what makes of each model's answer what summaries see, in the order of their results."""
        return tuple(step.view for step in sorted(self.steps, key=lambda step: step.place))

    @property
    def sources(self) -> frozenset[str]:
        """Name the columns of the input that are read."""
        return frozenset({"data"} if self.shape == "nested" else (slot.field.column for slot in self.slots))


def prepare(
    catalog: Catalog, load: Callable[[Model], Predictor], *, reading: Reading, shape: Shape = "flat"
) -> Prepared:
    """Make a catalog ready to score.

    Args:
        catalog: the models.
        load: makes a model callable.
        reading: how the data spells values.
        shape: `flat` records, or `nested` ones with `record["data"][name][version]`.

    Raises:
        DeclarationError: a `when` names what is no field.
    """
    watched = {key for model in catalog.running for key in catalog.upstreams(model.key).values()}
    places = {model.key: place for place, model in enumerate(catalog.running)}
    slots: dict[Any, tuple[int, Slot]] = {}
    steps = []
    for model in catalog.order:
        taken = {field.name: _slot(model, field, slots, reading, shape) for field in model.inputs}
        upstreams = {name: places[key] for name, key in catalog.upstreams(model.key).items()}
        required = model.required if isinstance(model, SummaryModel) else ()
        source = (model.name, model.version, model.status)
        given = tuple(Given(model=key) for key in catalog.upstreams(model.key).values())
        predictor = load(model)
        away = predictor if isinstance(predictor, Isolated) else None
        when: When | None = _when(model, taken)
        asked_there = away is not None and not isinstance(model, ArtefactModel)  # a condition may hang as well
        steps.append(
            Step(
                model=model,
                place=places[model.key],
                predictor=predictor,
                slots=tuple(taken.values()),
                upstreams=upstreams,
                required=tuple(upstreams[name] for name in required),
                limits=Limits.of(model),
                when=None if asked_there else when,
                columns=ModelColumns(name=model.name, version=model.version, status=model.status, given=given),
                source=source,
                view=Upstream.of(source),
                wants_as_of=model.wants_clock if asked_there else model.wants_as_of,
                tolerance=model.tolerance,
                watched=model.key in watched,
                conditional=bool(required) or model.when is not None,
                breaker=model.failing.breaker,
                on_failure=model.failing.on_failure if model.status == "active" else "skip",
                stand_in=_stand_in(model),
                away=away,
            )
        )
    ordered = tuple(slot for _, slot in sorted(slots.values(), key=lambda entry: entry[0]))
    readers = tuple((slot.column, slot.read) for slot in ordered)
    return Prepared(catalog=catalog, steps=tuple(steps), slots=ordered, readers=readers, reading=reading, shape=shape)


def _stand_in(model: Model) -> Substitute | None:
    failing = model.failing
    declared = failing.on_failure == "default" and model.status == "active"
    return Substitute(score=failing.score, label=failing.label) if declared else None


def _slot(model: Model, field: Field, slots: dict[Any, tuple[int, Slot]], reading: Reading, shape: Shape) -> int:
    own = (model.name, model.version) if shape == "nested" else None
    owner = model.key if field.kind.mutable or own else None
    key = (field.column, repr((field.kind, field.nullable, field.default)), owner, own)
    if key not in slots:
        slots[key] = len(slots), Slot(field=field, column=field.column, read=field_reader(field, reading), model=own)
    return slots[key][0]


def _when(model: Model, taken: Mapping[str, int]) -> When | None:
    if model.when is None:
        return None
    condition = model.when
    names = _parameters(condition, model.key)
    if unknown := [name for name in names if name not in taken and name != "as_of"]:
        raise DeclarationError(
            f"The condition `when` of {model.key!r} reads {unknown}, which are no fields; "
            f"expected some of {list(taken)}."
        )
    fields = tuple(taken[name] for name in names if name != "as_of")
    wants_as_of = "as_of" in names
    if wants_as_of and names[-1] != "as_of":
        raise DeclarationError(f"The condition `when` of {model.key!r} takes 'as_of' before a field; expected it last.")
    return When(function=lambda *values: bool(condition(*values)), slots=fields, wants_as_of=wants_as_of)


def _parameters(condition: Function, key: str) -> list[str]:
    try:
        parameters = inspect.signature(condition).parameters.values()
    except (TypeError, ValueError) as error:
        raise DeclarationError(
            f"The condition `when` of {key!r} has no readable signature; expected a function of some of the fields.",
            hint="Wrap it: `when=lambda employees: condition(employees)`.",
        ) from error
    if named := [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]:
        raise DeclarationError(f"The condition `when` of {key!r} takes {named} by name only; expected by position.")
    return [parameter.name for parameter in parameters]


def foundation(prepared: Prepared, key: str, answered: Collection[str]) -> set[int]:
    """Find the places of a model and of what must be called for it: what it stands on, but for what is answered."""
    found: set[int] = set()
    for step in reversed(prepared.steps):  # what a model stands on comes before it
        if step.model.key == key or (step.place in found and step.model.key not in answered):
            found |= {step.place, *step.upstreams.values()}
    return found
