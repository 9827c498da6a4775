"""Which features may have no value: read off the fitted steps where those are written down, else asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mlsm._fields import Fields
from mlsm._guard import Raised, attempt
from mlsm.runtimes.sklearn.columns import OpaqueError
from mlsm.runtimes.sklearn.features import Features, steps_of
from mlsm.runtimes.sklearn.tables import Table
from mlsm.runtimes.sklearn.ways import columns_of

__all__ = ["with_holes"]

Accepts: TypeAlias = "Callable[[frozenset[str]], bool]"
"""Tells whether the estimator answers where these features have no value."""


def with_holes(estimator: Any, features: Features, table: Table, accepts: Accepts) -> Fields:
    """Declare a field for each feature, nullable where the estimator answers without a value.

    Each question costs milliseconds; what the fitted steps let one expect takes two, and only
    where it proves wrong are features looked for by halves.

    Args:
        estimator: fitted.
        features: what it reads.
        table: of fields that are all nullable.
        accepts: asks the estimator.
    """
    names = frozenset(one.name for one in features.listed)
    expected = attempt(_expected, estimator, features, table)
    if not isinstance(expected, Raised):
        refused = sorted(names - expected)
        if (not expected or accepts(expected)) and not (refused and accepts(frozenset(refused[:1]))):
            return features.fields(expected)
    return features.fields(_accepted(names, accepts))


def _expected(estimator: Any, features: Features, table: Table) -> frozenset[str]:
    """Find the features without which every number that the last step sees is one it takes."""
    *before, final = steps_of(estimator)
    takes_nan = bool(final.__sklearn_tags__().input_tags.allow_nan)
    columns = columns_of(before, features, table.sources)
    if not columns:
        raise OpaqueError("it reads nothing")
    barred = {column.place for column in columns if column.missing is None or (column.empty and not takes_nan)}
    return frozenset(one.name for place, one in enumerate(features.listed) if place not in barred)


def _accepted(names: frozenset[str], accepts: Accepts) -> frozenset[str]:
    """Find the features that may be missing: all, or those of each half."""
    if not names or accepts(names):
        return names
    if len(names) == 1:
        return frozenset()
    ranked = sorted(names)
    half = len(ranked) // 2
    return _accepted(frozenset(ranked[:half]), accepts) | _accepted(frozenset(ranked[half:]), accepts)
