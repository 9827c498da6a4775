"""A catalog made ready, once: models loaded, batch models tried on records of our own."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

from mlsm._catalog import Catalog
from mlsm._fields import Reading
from mlsm._guard import Raised, attempt
from mlsm._model import Model
from mlsm._result import Failure
from mlsm._typing import Shape
from mlsm.contracts import Predictor, Reasoned
from mlsm.engine.order import Prepared, Step, prepare
from mlsm.runtimes import RUNTIMES

__all__ = ["NotRowWise", "load_predictor", "prepared"]


class NotRowWise(Exception):  # noqa: N818 - shown to people as the type of an `error`
    """A batch model whose answer for a row depends on the row's neighbours."""


def prepared(catalog: Catalog, *, reading: Reading | None = None, shape: Shape = "flat") -> Prepared:
    """Make a catalog ready to score; the catalog remembers it.

    Batch models are asked about typical records of their fields, in several orders; one
    that is not row-wise answers every record with an error from then on.
    """
    key = shape if reading is None else (shape, reading)
    if key not in catalog.ready:
        made = prepare(catalog, load_predictor, reading=Reading() if reading is None else reading, shape=shape)
        catalog.ready[key] = replace(made, steps=tuple(_tried(step) for step in made.steps))
    found: Prepared = catalog.ready[key]
    return found


def load_predictor(model: Model) -> Predictor:
    """Load a model with the runtime of its kind."""
    predictor: Predictor = import_module(RUNTIMES[model.kind]).load(model)
    return predictor


def _tried(step: Step) -> Step:
    if step.predictor.by_row or step.upstreams:
        return step
    from mlsm.checks.typical import typical_values
    from mlsm.engine.trial import try_rowwise

    rows = typical_values(step.model.inputs)
    failure = attempt(try_rowwise, step, rows) if rows else None
    return step if failure is None or isinstance(failure, Raised) else replace(step, predictor=_Refusing(failure))


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
