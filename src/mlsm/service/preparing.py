"""A catalog made ready, once: models loaded, batch models tried on records of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

from mlsm._catalog import Catalog
from mlsm._collector import collector_paused
from mlsm._fields import Reading
from mlsm._guard import Raised, attempt
from mlsm._model import AbsentModel, Model
from mlsm._result import Failure, Outcome
from mlsm._typing import Shape
from mlsm.contracts import Predictor, Reasoned
from mlsm.engine.answers import failed
from mlsm.engine.order import Prepared, Step, prepare
from mlsm.errors import DeclarationError
from mlsm.runtimes import RUNTIMES
from mlsm.service.workers import asked_elsewhere

__all__ = ["NotRowWise", "load_predictor", "prepared", "tried"]


class NotRowWise(Exception):  # noqa: N818 - shown to people as the type of an `error`
    """A batch model whose answer for a row depends on the row's neighbours."""


def prepared(catalog: Catalog, *, reading: Reading | None = None, shape: Shape = "flat") -> Prepared:
    """Make a catalog ready to score; the catalog remembers it.

    Batch models are asked about typical records of their fields, in several orders; one
    that is not row-wise answers every record with an error from then on.
    """
    key = shape if reading is None else (shape, reading)
    if key not in catalog.ready:
        load = partial(_loaded, catalog)
        with collector_paused():
            made = prepare(catalog, load, reading=Reading() if reading is None else reading, shape=shape)
            catalog.ready[key] = replace(made, steps=tuple(tried(step) for step in made.steps))
    found: Prepared = catalog.ready[key]
    return found


def load_predictor(model: Model) -> Predictor:
    """Load a model with the runtime of its kind."""
    predictor: Predictor = import_module(RUNTIMES[model.kind]).load(model)
    return predictor


def _loaded(catalog: Catalog, model: Model) -> Predictor:
    if isinstance(model, AbsentModel):
        return _Absent(model.why)
    if not model.isolation.isolated:
        return load_predictor(model)
    return asked_elsewhere(catalog, model)


def tried(step: Step) -> Step:
    """Try a batch model on typical records; in its own process, that has been done there."""
    if step.predictor.by_row or step.upstreams or step.away is not None:
        return step
    from mlsm.checks.typical import typical_values
    from mlsm.engine.trial import try_rowwise

    rows = [*step.predictor.samples, *typical_values(step.model.inputs)]
    failure = attempt(try_rowwise, step, rows) if rows else None
    if failure is not None and not isinstance(failure, Raised):
        return replace(step, predictor=_Refusing(failure), breaker=None)  # it costs nothing, and says why
    return _proven(step, rows) if step.predictor.single else step


def _proven(step: Step, rows: Sequence[tuple[Any, ...]]) -> Step:
    """Keep a model's way of its own to one record only where it answers as for a frame."""
    from mlsm.engine.trial import OneRow, try_paths

    inner = step.predictor
    difference = try_paths(step, rows)
    if difference is None:
        return step
    path = f"It is asked with a frame of one row, since its faster way was refused: {difference}."
    slow = OneRow(predictor=inner, fields=step.model.inputs, wants_as_of=step.wants_as_of, path=path)
    return replace(step, predictor=slow)


class _Absent:
    """Stands in for a model that could not be loaded: each record is skipped, with the reason."""

    by_row = True
    single = True
    path = "It is not called, since it could not be loaded."
    samples = ()

    def __init__(self, why: str) -> None:
        self._answer = failed(Failure(type="NotLoaded", message=why), Outcome.SKIPPED.code)
        self._why = why

    def record(self, *values: Any) -> object:  # noqa: ARG002 - the Protocol's
        return self._answer

    def columns(self, frame: Any, as_of: Any) -> object:  # noqa: ARG002 - the Protocol's
        raise DeclarationError(self._why)

    def explain(self, frame: Any, as_of: Any) -> Reasoned:  # noqa: ARG002 - the Protocol's
        raise DeclarationError(self._why)


class _Refusing:
    """Stands in for a model that is not row-wise."""

    by_row = True
    single = True
    path = "It is not called, since it is not row-wise."
    samples = ()

    def __init__(self, failure: Failure) -> None:
        self._failure = failure

    def record(self, *values: Any) -> object:  # noqa: ARG002 - the Protocol's
        raise NotRowWise(self._failure.message)

    def columns(self, frame: Any, as_of: Any) -> object:  # noqa: ARG002 - the Protocol's
        raise NotRowWise(self._failure.message)

    def explain(self, frame: Any, as_of: Any) -> Reasoned:  # noqa: ARG002 - the Protocol's
        raise NotRowWise(self._failure.message)
