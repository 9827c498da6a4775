"""What a fitted estimator was fitted on: the names of its columns, and what its encoders saw in them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline

from mlsm._fields import Fields, fields_of_mapping
from mlsm._guard import Raised, attempt

__all__ = ["Feature", "Features", "features_of", "is_missing", "positions_of", "steps_of"]

_TYPES: dict[str, Any] = {"number": float, "text": str, "flag": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column that an estimator was fitted on.

    Args:
        name: the column's.
        kind: what its values are.
        values: the categories that an encoder saw, without the missing one.
        missing: what a missing value was when it was fitted: NaN, or None.
    """

    name: str
    kind: Literal["number", "text", "flag"] = "number"
    values: tuple[Any, ...] = ()
    missing: Any = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """All columns of an estimator that it reads, in its own order.

    Args:
        named: whether it knows their names; else they are `x0`, `x1`, … here.
        every: the names of all columns that it was fitted on, those that it drops included.
    """

    named: bool
    every: tuple[str, ...]
    listed: tuple[Feature, ...]

    @classmethod
    def numbered(cls, count: int) -> Features:
        """Give so many columns without names."""
        listed = tuple(Feature(name=f"x{place}") for place in range(count))
        return cls(named=False, every=tuple(one.name for one in listed), listed=listed)

    def fields(self, nullable: Collection[str]) -> Fields:
        """Declare a field for each, some of them nullable."""
        kinds = {one.name: _TYPES[one.kind] for one in self.listed}
        return fields_of_mapping({name: kind | None if name in nullable else kind for name, kind in kinds.items()})


def features_of(estimator: Any) -> Features | None:
    """Tell what an estimator reads; None where it does not even know how many columns."""
    steps = steps_of(estimator)
    named = [one for one in (estimator, *steps[:1]) if hasattr(one, "feature_names_in_")]
    if not named:
        total = getattr(estimator, "n_features_in_", None)
        if total is None:
            return None
        names = [f"x{place}" for place in range(total)]
    else:
        names = [str(name) for name in named[0].feature_names_in_]
    found = {name: Feature(name=name) for name in names}
    for name, seen in _evidence(estimator, names):
        found[name] = _merged(found[name], seen)
    used = _used(steps[0], names) if named else set(names)
    listed = tuple(one for one in found.values() if one.name in used)
    return Features(named=bool(named), every=tuple(names), listed=listed)


def steps_of(estimator: Any) -> list[Any]:
    """Give the steps of a pipeline, those of pipelines within it in their place; of anything else itself."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    return [inner for _, step in estimator.steps if step not in (None, "passthrough") for inner in steps_of(step)]


def positions_of(columns: Any, names: Sequence[str]) -> list[int]:
    """Find the places of a column transformer's columns: names, places, a slice or a mask."""
    if callable(columns):  # older releases keep the selector beside what it selected
        raise TypeError("the columns are a function")
    if isinstance(columns, slice) and any(isinstance(end, str) for end in (columns.start, columns.stop)):
        start = None if columns.start is None else names.index(columns.start)
        stop = None if columns.stop is None else names.index(columns.stop) + 1  # by name, the last is included
        return list(range(len(names)))[start:stop]
    if isinstance(columns, slice):
        return list(range(len(names)))[columns]
    listed = [columns] if isinstance(columns, (str, int, np.integer)) else list(columns)
    if listed and all(isinstance(one, (bool, np.bool_)) for one in listed):
        return [place for place, chosen in enumerate(listed) if chosen]
    places = [names.index(one) if isinstance(one, str) else int(one) for one in listed]
    return [place % len(names) for place in places]


def is_missing(value: Any) -> bool:
    """Tell whether a category or a filling stands for no value."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _used(first: Any, names: list[str]) -> set[str]:
    """Leave out the columns that a column transformer drops: it does not ask for them."""
    if not isinstance(first, ColumnTransformer):
        return set(names)
    kept = [columns for _, step, columns in first.transformers_ if not (isinstance(step, str) and step == "drop")]
    return {names[place] for columns in kept for place in positions_of(columns, names)}


def _evidence(estimator: Any, names: Sequence[str]) -> Iterator[tuple[str, Feature]]:
    """Yield for each column what a step that reads it tells of it."""
    if isinstance(estimator, Pipeline):
        yield from _evidence_of_steps(estimator, names)
    elif isinstance(estimator, (ColumnTransformer, FeatureUnion)):
        for step, part in _parts(estimator, names):
            yield from _evidence(step, part)
    elif isinstance(estimator, SimpleImputer):
        yield from _evidence_of_imputer(estimator, names)
    elif hasattr(estimator, "build_analyzer"):  # what reads text itself
        yield from ((name, Feature(name=name, kind="text")) for name in names)
    elif names and len(getattr(estimator, "categories_", ())) == len(names):
        yield from (_of_categories(name, seen) for name, seen in zip(names, estimator.categories_, strict=True))
    elif isinstance(estimator, BaseEstimator):
        for inner in _within(estimator):
            if getattr(inner, "n_features_in_", None) == len(names):
                yield from _evidence(inner, names)


def _parts(estimator: Any, names: Sequence[str]) -> Iterator[tuple[Any, list[str]]]:
    """Yield the transformers that stand side by side, with the columns of each."""
    if isinstance(estimator, FeatureUnion):
        yield from ((step, list(names)) for _, step in estimator.transformer_list)
        return
    for _, step, columns in estimator.transformers_:
        yield step, [names[place] for place in positions_of(columns, names)]


def _evidence_of_steps(pipeline: Any, names: Sequence[str]) -> Iterator[tuple[str, Feature]]:
    """Follow the columns through the steps as long as they keep their names."""
    for step in steps_of(pipeline):
        yield from _evidence(step, names)
        told = attempt(lambda step=step, names=names: step.get_feature_names_out(np.asarray(names, dtype=object)))
        if isinstance(told, Raised) or not set(told) & set(names):
            return
        names = [str(name) for name in told if name in names]


def _evidence_of_imputer(imputer: Any, names: Sequence[str]) -> Iterator[tuple[str, Feature]]:
    wanted = imputer.missing_values
    missing = math.nan if isinstance(wanted, float) and math.isnan(wanted) else None
    for name, filling in zip(names, imputer.statistics_, strict=False):
        kind: Any = "text" if isinstance(filling, str) else "flag" if isinstance(filling, bool) else "number"
        yield name, Feature(name=name, kind=kind, missing=missing if is_missing(wanted) else math.nan)


def _of_categories(name: str, categories: Any) -> tuple[str, Feature]:
    listed = categories.tolist()
    values = tuple(value for value in listed if not is_missing(value))
    kind: Any = "number"
    if any(isinstance(value, str) for value in values):
        kind = "text"
    elif values and all(isinstance(value, bool) for value in values):
        kind = "flag"
    missing = None if None in listed else math.nan
    return name, Feature(name=name, kind=kind, values=values, missing=missing)


def _within(estimator: Any) -> Iterator[Any]:
    """Yield the fitted estimators that an estimator of estimators asks about its own columns."""
    for name, value in vars(estimator).items():
        if not name.endswith("_") and name not in ("_preprocessor", "estimator"):
            continue
        for one in value if isinstance(value, (list, tuple, np.ndarray)) else [value]:
            if isinstance(one, BaseEstimator):
                yield one
            elif type(one).__name__ == "_CalibratedClassifier":
                yield one.estimator


def _merged(known: Feature, seen: Feature) -> Feature:
    """Put what two steps tell of a column together: a step that sees text knows it best."""
    ranks = ("number", "flag", "text")
    kind = max(known.kind, seen.kind, key=ranks.index)
    values = known.values or seen.values
    return replace(known, kind=kind, values=values, missing=None if None in (known.missing, seen.missing) else math.nan)
