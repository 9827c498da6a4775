"""Preprocessing written down: the columns after each transformer whose arithmetic is known here.

Scalers, imputers, encoders and selections only; whatever else a pipeline holds is left to
the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from mlsm.runtimes.sklearn.columns import Column, OpaqueError
from mlsm.runtimes.sklearn.encoders import encoded
from mlsm.runtimes.sklearn.features import is_missing, positions_of

__all__ = ["columns_after"]


def columns_after(steps: Sequence[Any], columns: Sequence[Column], missing: Mapping[int, Any]) -> tuple[Column, ...]:
    """Follow the columns through fitted transformers.

    Args:
        steps: the transformers, in order.
        columns: what the first of them reads.
        missing: what a missing value is, for each feature's place.

    Raises:
        OpaqueError: one of them is not written down here.
    """
    found = tuple(columns)
    for step in steps:
        found = _after(step, found, missing)
    return found


def _after(step: Any, columns: tuple[Column, ...], missing: Mapping[int, Any]) -> tuple[Column, ...]:
    if isinstance(step, str):
        return columns if step == "passthrough" else ()
    known = _KNOWN.get(type(step))
    if known is None:
        raise OpaqueError(f"{type(step).__name__} is none of the steps that become tables")
    return known(step, columns, missing)


def _pipeline(step: Any, columns: tuple[Column, ...], missing: Mapping[int, Any]) -> tuple[Column, ...]:
    return columns_after([inner for _, inner in step.steps if inner is not None], columns, missing)


def _transformer(step: Any, columns: tuple[Column, ...], missing: Mapping[int, Any]) -> tuple[Column, ...]:
    if step.transformer_weights:
        raise OpaqueError("its transformers have weights")
    names = [str(name) for name in getattr(step, "feature_names_in_", range(len(columns)))]
    parts = [
        _after(inner, tuple(columns[place] for place in positions_of(chosen, names)), missing)
        for _, inner, chosen in step.transformers_
    ]
    return tuple(column for part in parts for column in part)


def _union(step: Any, columns: tuple[Column, ...], missing: Mapping[int, Any]) -> tuple[Column, ...]:
    if step.transformer_weights:
        raise OpaqueError("its transformers have weights")
    return tuple(column for _, inner in step.transformer_list for column in _after(inner, columns, missing))


def _selected(step: Any, columns: tuple[Column, ...], _: Mapping[int, Any]) -> tuple[Column, ...]:
    return tuple(column for column, chosen in zip(columns, step.get_support(), strict=True) if chosen)


def _function(step: Any, columns: tuple[Column, ...], _: Mapping[int, Any]) -> tuple[Column, ...]:
    if step.func is not None:
        raise OpaqueError("it calls a function of one's own")
    return columns


def _scaled(columns: tuple[Column, ...], parts: Sequence[tuple[str, Any]]) -> tuple[Column, ...]:
    """Apply arrays of numbers, in the library's order; one that takes a mean away leaves it at zero."""
    for sign, numbers in parts:
        if numbers is None:
            continue
        listed = np.asarray(numbers, dtype=np.float64).tolist()
        centre = 0.0 if sign == "-" else None
        columns = tuple(
            column.apply(sign, number, centre=centre) for column, number in zip(columns, listed, strict=True)
        )
    return columns


def _standard(step: Any, columns: tuple[Column, ...], _: Mapping[int, Any]) -> tuple[Column, ...]:
    mean = step.mean_ if step.with_mean else None
    return _scaled(columns, [("-", mean), ("/", step.scale_ if step.with_std else None)])


def _robust(step: Any, columns: tuple[Column, ...], _: Mapping[int, Any]) -> tuple[Column, ...]:
    centre = step.center_ if step.with_centering else None
    return _scaled(columns, [("-", centre), ("/", step.scale_ if step.with_scaling else None)])


def _between(step: Any, columns: tuple[Column, ...], _: Mapping[int, Any]) -> tuple[Column, ...]:
    if step.clip:
        raise OpaqueError("MinMaxScaler(clip=True) cuts off")
    return _scaled(columns, [("*", step.scale_), ("+", step.min_)])


def _largest(step: Any, columns: tuple[Column, ...], _: Mapping[int, Any]) -> tuple[Column, ...]:
    if getattr(step, "clip", False):
        raise OpaqueError("MaxAbsScaler(clip=True) cuts off")
    return _scaled(columns, [("/", step.scale_)])


def _imputed(step: Any, columns: tuple[Column, ...], _: Mapping[int, Any]) -> tuple[Column, ...]:
    if not is_missing(step.missing_values):
        raise OpaqueError("a SimpleImputer looks for a value of one's own")
    fillings = step.statistics_.tolist()
    empty = [is_missing(filling) for filling in fillings]
    if any(empty) and step.keep_empty_features:
        raise OpaqueError("a SimpleImputer was fitted on an empty column")
    centred = step.strategy in ("mean", "median")
    found = [
        column.fill(filling, centred=centred)
        for column, filling, without in zip(columns, fillings, empty, strict=True)
        if not without
    ]
    if step.indicator_ is not None:
        found += [_indicator(columns[place]) for place in step.indicator_.features_]
    return tuple(found)


def _indicator(column: Column) -> Column:
    if column.table is not None or not (column.empty or column.missing is None):
        raise OpaqueError("an indicator is of what was encoded")
    return Column(place=column.place, table={}, other=0.0, missing=None if column.missing is None else 1.0)


_KNOWN: dict[type, Callable[[Any, tuple[Column, ...], Mapping[int, Any]], tuple[Column, ...]]] = {
    ColumnTransformer: _transformer,
    FeatureUnion: _union,
    FunctionTransformer: _function,
    MaxAbsScaler: _largest,
    MinMaxScaler: _between,
    OneHotEncoder: encoded,
    OrdinalEncoder: encoded,
    Pipeline: _pipeline,
    RobustScaler: _robust,
    SelectFromModel: _selected,
    SelectKBest: _selected,
    SelectPercentile: _selected,
    SimpleImputer: _imputed,
    StandardScaler: _standard,
    TargetEncoder: encoded,
    VarianceThreshold: _selected,
}
"""Exactly these: a class derived from one of them may count otherwise."""
