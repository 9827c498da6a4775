"""What a fitted estimator tells of itself, and the quickest true way to ask it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from mlsm._fields import Fields
from mlsm._guard import Raised, attempt
from mlsm._model import ArtefactModel
from mlsm.contracts import Description, NoReasonsError, Reasoned
from mlsm.errors import DeclarationError
from mlsm.runtimes.sklearn.answers import Answer, answer_of
from mlsm.runtimes.sklearn.features import Features, features_of
from mlsm.runtimes.sklearn.files import open_estimator
from mlsm.runtimes.sklearn.holes import with_holes
from mlsm.runtimes.sklearn.library import Library
from mlsm.runtimes.sklearn.tables import table_of
from mlsm.runtimes.sklearn.ways import Way, way_of

__all__ = ["describe", "load"]

_NAMELESS = "It was fitted without names of columns: declare the fields in their order."
_TYPICAL: dict[str, Any] = {"number": 1.0, "text": "", "flag": True}


def describe(path: Path, options: Mapping[str, Any]) -> Description:
    """Tell the fields and the range of a fitted estimator; see `mlsm.runtimes.sklearn`."""
    opened = open_estimator(path, options)
    answer = answer_of(opened.estimator, options)
    features = features_of(opened.estimator)
    fields = None if features is None else _fields(opened.estimator, answer, features)
    named = features is not None and features.named
    return Description(
        fields=fields if named else None,
        range=answer.range,
        notes=opened.notes if named else (*opened.notes, _NAMELESS),
    )


def load(model: ArtefactModel) -> EstimatorPredictor:
    """Make a fitted estimator callable; see `mlsm.runtimes.sklearn`."""
    opened = open_estimator(model.path, model.options)
    features = features_of(opened.estimator)
    if features is None:
        features = Features.numbered(len(model.inputs))
    library = Library(
        estimator=opened.estimator,
        answer=answer_of(opened.estimator, model.options),
        table=table_of(features, model.inputs, model.key),
    )
    way = way_of(library, features, model.options)
    return EstimatorPredictor(library=library, way=way, record=way.record, path=way.path, samples=way.samples)


def _fields(estimator: Any, answer: Answer, features: Features) -> Fields:
    """Declare the fields; what may be missing is confirmed by asking.

    Raises:
        DeclarationError: the estimator's answer is no single number.
    """
    every = features.fields([one.name for one in features.listed])
    library = Library(estimator=estimator, answer=answer, table=table_of(features, every, "(described)"))

    def accepts(names: frozenset[str]) -> bool:
        row = [None if one.name in names else next(iter(one.values), _TYPICAL[one.kind]) for one in features.listed]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are of a record that we made up
            told = attempt(library.record, *row)
        if isinstance(told, Raised) and isinstance(told.error, DeclarationError):
            raise told.error
        return isinstance(told, dict) or (isinstance(told, float) and math.isfinite(told))

    accepts(frozenset())
    return with_holes(estimator, features, library.table, accepts)


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorPredictor:
    """A fitted estimator whose features are the fields of a model."""

    library: Library
    way: Way
    record: Callable[..., Any]
    path: str
    samples: Sequence[tuple[Any, ...]]
    by_row: bool = False
    single: bool = True

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:  # noqa: ARG002 - the Protocol's
        """Score a frame by tables of coefficients where those agree with the library, else by the library."""
        scores = None if self.way.columns is None else self.way.columns(frame)
        return self.library.columns(frame) if scores is None else scores

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Give what each field added: by coefficients, or by the trees' exact Shapley values.

        The baseline of a coefficient is the field's mean where a scaler or imputer was fitted
        with one, else zero; of categories it is none of them; the option `baseline` names others.

        Raises:
            NoReasonsError: it is neither linear nor made of trees that shap reads, or shap is absent.
        """
        if self.way.explain is None or self.library.answer.labelled:
            raise NoReasonsError
        return self.way.explain(frame)
