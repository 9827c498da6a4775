"""The ways to ask an estimator: as tables, as trees walked here, or by its own call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlsm._fields.dtypes import dtype_of
from mlsm._guard import Raised, attempt
from mlsm.contracts import Reasoned
from mlsm.runtimes.sklearn.columns import Column, OpaqueError
from mlsm.runtimes.sklearn.features import Features, steps_of
from mlsm.runtimes.sklearn.library import Library
from mlsm.runtimes.sklearn.linear import Linear, RefusedError, linear_of
from mlsm.runtimes.sklearn.links import Link, links_of
from mlsm.runtimes.sklearn.reasons import explain_linear, explain_trees
from mlsm.runtimes.sklearn.rows import row_of
from mlsm.runtimes.sklearn.samples import samples_of
from mlsm.runtimes.sklearn.steps import columns_after
from mlsm.runtimes.sklearn.tables import Source
from mlsm.runtimes.sklearn.trees import trees_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Way", "columns_of", "way_of"]

_TOLERANCE = 1e-9
_FEW = 12
"""Samples where one record costs milliseconds."""
_SOME = 60
_MANY = 200

_LINEAR = "It is scored by tables made of its coefficients, one record and columns alike."
_TREES = "Its trees are walked in plain Python; columns are scored by scikit-learn."
_FINAL = "Its preprocessing is compiled, and its {} called on one row, since {}."
_WHOLE = "It is called on a table of one row, since {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one record is scored, and columns where that is not left to the library.

    Args:
        record: scores one record's values.
        path: says so.
        samples: records on which the two must agree.
        columns: scores a frame, or gives None where the library shall say what it refuses.
        explain: gives reasons.
    """

    record: Callable[..., Any]
    path: str
    samples: tuple[tuple[Any, ...], ...]
    columns: Callable[[pl.DataFrame], NDArray[np.float64] | None] | None = None
    explain: Callable[[pl.DataFrame], Reasoned] | None = None


def way_of(library: Library, features: Features, options: Mapping[str, Any]) -> Way:
    """Find the quickest way that agrees with the library.

    Args:
        library: the estimator, asked as it is.
        features: what it reads.
        options: `baseline` for reasons.
    """
    *before, final = steps_of(library.estimator)
    columns = attempt(columns_of, before, features, library.table.sources)
    if isinstance(columns, Raised):
        return _whole(library, features, _why(columns))
    known = Known(library=library, features=features, columns=columns, final=final, options=options)
    linear = attempt(_linear_way, known)
    if not isinstance(linear, Raised):
        return _typed(linear)
    trees = attempt(_trees_way, known)
    if not isinstance(trees, Raised):
        return _typed(trees)
    why = _why(linear if hasattr(final, "coef_") else trees)
    called = attempt(_final_way, known, why) if before else None
    return _whole(library, features, why) if called is None or isinstance(called, Raised) else _typed(called)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An estimator whose preprocessing is written down."""

    library: Library
    features: Features
    columns: tuple[Column, ...]
    final: Any
    options: Mapping[str, Any]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Give the fields, by the place of each column's feature."""
        return self.library.table.sources

    @property
    def parameters(self) -> int:
        """Count the values of a record."""
        return len(self.library.table.fields)

    def samples(self, limit: int, thresholds: Callable[[int], Sequence[float]] | None = None) -> Any:
        """Give records to compare the two ways on."""
        return samples_of(self.features, self.library.table, self.columns, limit=limit, thresholds=thresholds)


def _typed(way: Any) -> Way:
    found: Way = way
    return found


def _why(raised: Raised) -> str:
    """Tell why a way is barred: in words of ours, or the library's where it surprised us."""
    known = isinstance(raised.error, OpaqueError)
    return str(raised.error) if known else f"{raised.failure.type}: {raised.failure.message}"


def _whole(library: Library, features: Features, why: str) -> Way:
    samples = samples_of(features, library.table, (), limit=_FEW)
    return Way(record=library.record, path=_WHOLE.format(why), samples=samples)


def columns_of(before: Sequence[Any], features: Features, sources: Sequence[Source]) -> tuple[Column, ...]:
    """Write the preprocessing down.

    Raises:
        OpaqueError: a step of it, or a column that is no number, is not written down.
    """
    places = {feature.name: place for place, feature in enumerate(features.listed)}
    start = []
    for name in features.every:
        place = places.get(name, -1)  # a column that is dropped: it is in no result
        nullable = place >= 0 and sources[place].field.nullable
        start.append(Column(place=place, missing=math.nan if nullable else None))
    missing = {place: feature.missing for place, feature in enumerate(features.listed)}
    columns = columns_after(before, start, missing)
    for column in columns:
        if column.table is None and sources[column.place].field.kind.name not in ("int", "float", "bool"):
            raise OpaqueError(f"field {sources[column.place].field.name!r} is handed on as it is")
    return columns


def _linear_way(known: Known) -> Way:
    linear = linear_of(known.final, known.columns, known.sources)
    samples = known.samples(_MANY)
    allowed = [row for row in samples if all(term.of(row[term.source.place]) is not None for term in linear.terms)]
    if not allowed:
        raise OpaqueError("no record that was tried has an answer")
    expected = known.library.rows(allowed)
    fields = known.library.table.fields
    frame = pl.DataFrame(
        {field.name: [row[place] for row in allowed] for place, field in enumerate(fields)},
        schema={field.name: dtype_of(field.kind) for field in fields},
    )
    margins = linear.margins(frame)
    for link in links_of(known.library.answer, len(linear.intercepts)):
        if np.all(np.abs(link.columns(margins) - expected) <= _TOLERANCE * np.maximum(1.0, np.abs(expected))):
            baseline = known.options.get("baseline", {})
            return Way(
                record=linear.record(link, known.parameters, known.library.record),
                path=_LINEAR,
                samples=samples,
                columns=partial(_scored, linear, link),
                explain=partial(explain_linear, linear, link, baseline) if link.adds_up else None,
            )
    raise OpaqueError("its coefficients as tables answer otherwise than scikit-learn")


def _scored(linear: Linear, link: Link, frame: pl.DataFrame) -> NDArray[np.float64] | None:
    try:
        return link.columns(linear.margins(frame))
    except RefusedError:
        return None


def _trees_way(known: Known) -> Way:
    trees = trees_of(known.final, known.library.answer)
    row = row_of(known.columns, known.sources, known.parameters)
    missing = any(column.empty for column in known.columns)
    return Way(
        record=trees.record(row, known.library.record, missing=missing),
        path=_TREES,
        samples=known.samples(_SOME, trees.thresholds),
        explain=partial(explain_trees, known.library, known.columns, trees.link),
    )


def _final_way(known: Known, why: str) -> Way:
    """Compile the preprocessing alone."""
    final, library = known.final, known.library
    if hasattr(final, "feature_names_in_") or library.answer.labelled:
        raise OpaqueError("it wants a table with names")
    row = row_of(known.columns, known.sources, known.parameters)

    def record(*values: Any) -> Any:
        try:
            numbers = np.array([row(*values)])
        except (KeyError, TypeError):
            return library.record(*values)
        return float(library.answer.pick(library.answer.ask(final, numbers))[0])

    path = _FINAL.format(type(final).__name__, why)
    return Way(record=record, path=path, samples=known.samples(_FEW))
