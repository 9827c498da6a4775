"""What each field added to a score: by coefficients, and by the Shapley values of trees."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlsm._guard import Raised, attempt
from mlsm.contracts import NoReasonsError, Reasoned
from mlsm.runtimes.sklearn.columns import Column
from mlsm.runtimes.sklearn.library import Library
from mlsm.runtimes.sklearn.linear import Linear
from mlsm.runtimes.sklearn.links import Link
from mlsm.runtimes.sklearn.terms import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["explain_linear", "explain_trees"]

_SINGLE_PRECISION = 1e-3
"""What sums of Shapley values may be off by; more, and shap read the trees otherwise."""


def explain_linear(linear: Linear, link: Link, baseline: Mapping[str, Any], frame: pl.DataFrame) -> Reasoned:
    """Give coefficient x (value - mean) of each field, its categories put together.

    Args:
        linear: the model.
        link: identity or logistic.
        baseline: values of fields to compare with in place of the mean.
        frame: what is scored.
    """
    contributions, texts = [], []
    start, codes = linear.intercepts[link.index], linear.coded(frame)
    for place, term in enumerate(linear.terms):
        compared, text = _compared(term, baseline)
        start += compared[link.index]
        contributions.append(
            term.margin(link.index, frame.get_column(term.name), codes.get(place)) - compared[link.index]
        )
        texts.append(text)
    return Reasoned(
        scale="score" if link.kind == "identity" else "log_odds",
        fields=tuple(term.name for term in linear.terms),
        contributions=_stacked(contributions, frame.height) * link.steepness,
        baseline=float(start) * link.steepness,
        factor=link.scale,
        texts=tuple(texts),
    )


def _compared(term: Term, baseline: Mapping[str, Any]) -> tuple[NDArray[np.float64], str]:
    name = term.name
    stated = term.of(baseline[name]) if name in baseline else None
    if stated is not None:
        return stated, f"compared with {baseline[name]}"
    return term.centre, "compared with none of its values" if term.mean is None else f"compared with {term.mean:.6g}"


def _stacked(columns: Sequence[NDArray[np.float64]], rows: int) -> NDArray[np.float64]:
    return np.column_stack(columns) if columns else np.empty((rows, 0))


def explain_trees(library: Library, columns: Sequence[Column], link: Link, frame: pl.DataFrame) -> Reasoned:
    """Give the Shapley values of trees, those of all columns of a field put together.

    Args:
        library: the estimator.
        columns: what its trees see.
        link: identity or logistic.
        frame: what is scored.

    Raises:
        NoReasonsError: shap is not installed or does not read these trees, or no sum gives the score.
    """
    shap = _shap()
    if shap is None or not link.additive:
        raise NoReasonsError
    places = sorted({column.place for column in columns})
    sources = library.table.sources
    names = tuple(sources[place].field.name for place in places)
    logistic = link.kind == "logistic"
    if not frame.height:
        return Reasoned(fields=names, contributions=np.empty((0, len(names))), factor=link.scale)
    found = attempt(_shapley, shap, library, frame, link)
    if isinstance(found, Raised):
        raise NoReasonsError from found.error
    values, expected, margins = found
    total = expected + values.sum(axis=1)
    if not np.all(np.abs(total - margins) <= _SINGLE_PRECISION * np.maximum(1.0, np.abs(margins))):
        raise NoReasonsError
    own = [values[:, [n for n, column in enumerate(columns) if column.place == place]].sum(axis=1) for place in places]
    contributions = _stacked(own, frame.height)
    return Reasoned(
        scale="log_odds" if logistic else "score",
        fields=names,
        contributions=contributions,
        baseline=margins - contributions.sum(axis=1),  # the expected value, and what shap rounds
        factor=link.scale,
    )


def _shap() -> ModuleType | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what shap itself imports
        try:
            import shap
        except ImportError:
            return None
    library: ModuleType = shap
    return library


def _shapley(shap: Any, library: Library, frame: pl.DataFrame, link: Link) -> tuple[Any, Any, Any]:
    """Give Shapley values rows x columns, the expected value, and the margins that they should add up to."""
    estimator, answer = library.estimator, library.answer
    table: Any = library.table.of_frame(frame)
    final = estimator
    margins = answer.pick(answer.ask(estimator, table)) / link.scale
    if link.kind == "logistic":
        margins = np.ravel(estimator.decision_function(table)) * link.steepness
    while hasattr(final, "steps"):
        if len(final.steps) > 1:
            table = final[:-1].transform(table)
        final = final.steps[-1][1]
    dense = table.toarray() if hasattr(table, "toarray") else np.asarray(table, dtype=np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of releases to come
        explainer = shap.TreeExplainer(final, feature_perturbation="tree_path_dependent")
        values = np.asarray(explainer.shap_values(dense, check_additivity=False))
    expected = np.ravel(explainer.expected_value)
    if values.ndim == 3:  # rows x columns x classes
        index = 0 if answer.index is None else answer.index
        values, expected = values[:, :, index], expected[index : index + 1]
    if link.kind == "logistic" or link.steepness != 1.0:
        values, expected = values * link.steepness, expected * link.steepness
    return values, expected[0], margins
